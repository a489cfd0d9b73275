package main

import (
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/barq-platform/barqgate/harness/environment"
	"github.com/barq-platform/barqgate/phases"
)

func (a *app) followupCommand() *cobra.Command {
	var at, to string
	cmd := &cobra.Command{
		Use:   "followup --after=2h|24h",
		Short: "Follow up a deployment, as the runbook does at T+2 hours and T+24 hours",
		Long: "followup compares the release that runs with the baseline from before its deployment, drafts the\n" +
			"retrospective as Markdown from the journals here, and is held (exit 3) until every item of the\n" +
			"environment's checklist was attested (barqgate attest).",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			root, env, err := a.environment(cmd.Context())
			if err != nil {
				return err
			}
			if to == "" {
				now, err := phases.Survey(cmd.Context(), env)
				if err != nil {
					return err
				}
				to = now.Running.Tag()
			}
			runs := folder(root, "runs")
			deployed, unread := phases.LatestDeployment(runs, env, to)
			if unread != nil {
				_, _ = fmt.Fprintf(a.err, "some runs here cannot be read: %v\n", unread)
			}
			p, err := phases.Followup(env, root, runs, deployed, to, at)
			if err != nil {
				return usageError{err}
			}
			err = a.execute(cmd.Context(), job{root: root, plan: p, retry: fmt.Sprintf("barqgate followup -env=%s --after=%s", env.Name, at)})
			a.sayDraft(runs)
			return err
		},
	}
	cmd.Flags().StringVar(&at, "after", environment.After2h, "which of the runbook's lists: 2h or 24h")
	cmd.Flags().StringVar(&to, "to", "", "release tag whose deployment is followed up (default: what runs)")
	return cmd
}

// sayDraft says where the latest run has put the draft.
func (a *app) sayDraft(runs string) {
	drafts, err := filepath.Glob(filepath.Join(runs, "*", "evidence", "step-*", phases.RetrospectiveFile))
	if err == nil && len(drafts) > 0 {
		_, _ = fmt.Fprintf(a.err, "retrospective  %s\n", drafts[len(drafts)-1])
	}
}
