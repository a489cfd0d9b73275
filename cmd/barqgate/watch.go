package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/barq-platform/barqgate/harness/gotest"
	"github.com/barq-platform/barqgate/phases"
)

func (a *app) watchCommand() *cobra.Command {
	var lasts time.Duration
	var yes bool
	cmd := &cobra.Command{
		Use:   "watch",
		Short: "Watch the release that runs, as the runbook does at T+30 minutes, and take it back if it must be",
		Long: "watch looks at error rate, response time, database and business figures for as long as the environment\n" +
			"says (watch.window), raises alerts by the runbook's thresholds, and judges logs and resources at the end.\n" +
			"A violated criterion takes the release back where rollback.application is automatic; a warning is left to\n" +
			"a person.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			root, env, err := a.environment(cmd.Context())
			if err != nil {
				return err
			}
			if lasts == 0 {
				lasts = env.Watch.Window
			}
			if lasts < env.Watch.Window {
				return usage("--for is %s; expected at least watch.window of environment %s, %s", lasts, env.Name, env.Watch.Window)
			}
			now, err := phases.Survey(cmd.Context(), env)
			if err != nil {
				return err
			}
			deployed, unread := phases.LatestDeployment(folder(root, "runs"), env, now.Running.Tag())
			if unread != nil {
				_, _ = fmt.Fprintf(a.err, "some runs here cannot be read: %v\n", unread)
			}
			p, err := phases.Watch(env, root, now, deployed, lasts)
			if err != nil {
				return err
			}
			if err := p.Print(a.err); err != nil {
				return fmt.Errorf("print the plan: %w", err)
			}
			approval := ""
			if changes(p) {
				if approval, err = a.confirm(env, p.To, yes); err != nil {
					return err
				}
			}
			return a.execute(cmd.Context(), job{
				root: root, plan: p, retry: "barqgate watch -env=" + env.Name, approval: approval,
				told: true, // an alert wakes people whoever may take the release back
				how:  execution{timeout: lasts + gotest.DefaultTimeout},
			})
		},
	}
	cmd.Flags().DurationVar(&lasts, "for", 0, "how long to watch (default: watch.window of the environment)")
	cmd.Flags().BoolVar(&yes, "yes", false, "do not ask for confirmation in production")
	return cmd
}
