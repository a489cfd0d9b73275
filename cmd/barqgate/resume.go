package main

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/barq-platform/barqgate/harness/environment"
	"github.com/barq-platform/barqgate/harness/journal"
	"github.com/barq-platform/barqgate/harness/journal/event"
	"github.com/barq-platform/barqgate/phases"
)

func (a *app) resumeCommand() *cobra.Command {
	var done, notDone []string
	var yes bool
	cmd := &cobra.Command{
		Use:   "resume [run]",
		Short: "Go on with a run whose process has died, or that was held or interrupted",
		Long: "resume goes on with the run named, or with the latest one, from where its journal ends. Steps that\n" +
			"are done are not done again, and gates judge again before the next change. If nobody can tell\n" +
			"from the platform whether a step took effect, look yourself and say so with --step-done or\n" +
			"--step-not-done; your word is recorded.",
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			attested := map[string]bool{}
			for _, name := range notDone {
				attested[name] = false
			}
			for _, name := range done {
				if _, both := attested[name]; both {
					return usage("step %q cannot be both done and not done", name)
				}
				attested[name] = true
			}
			return a.resume(cmd.Context(), args, attested, yes)
		},
	}
	cmd.Flags().StringArrayVar(&done, "step-done", nil, "name of a step that took effect, as you have seen yourself")
	cmd.Flags().StringArrayVar(&notDone, "step-not-done", nil, "name of a step that took no effect, and may be done again")
	cmd.Flags().BoolVar(&yes, "yes", false, "do not ask for confirmation in production")
	return cmd
}

func (a *app) resume(ctx context.Context, args []string, attested map[string]bool, yes bool) error {
	root, err := environment.Root()
	if err != nil {
		return usageError{err}
	}
	dir, err := runFolder(folder(root, "runs"), args)
	if err != nil {
		return err
	}
	begun, err := beginning(dir)
	if err != nil {
		return err
	}
	a.envName = begun.Plan.Environment
	_, env, err := a.environment(ctx)
	if err != nil {
		return err
	}
	p, origin, err := phases.Again(env, root, begun.Origin)
	if err != nil {
		return usageError{err}
	}
	retry := retryRollback(env.Name, origin.Rollback)
	switch {
	case origin.Deploy != "":
		retry = retryDeploy(env.Name, origin.Deploy)
	case origin.Restore != nil:
		retry = retryRestore(env, *origin.Restore)
	}
	if err := p.Print(a.err); err != nil {
		return fmt.Errorf("print the plan: %w", err)
	}
	approval, err := a.confirm(env, p.To, yes)
	if err != nil {
		return err
	}
	return a.execute(ctx, job{root: root, plan: p, retry: retry, approval: approval, run: filepath.Base(dir), attested: attested})
}

// beginning reads the first record of the run's journal.
func beginning(dir string) (event.RunStarted, error) {
	chain, err := journal.Replay(dir)
	if err != nil {
		return event.RunStarted{}, err
	}
	if len(chain.Records) == 0 {
		return event.RunStarted{}, usage("the journal in %s holds no record; nothing was done, so start anew", dir)
	}
	e, err := event.Decode(chain.Records[0])
	if err != nil {
		return event.RunStarted{}, err
	}
	begun, ok := e.(event.RunStarted)
	if !ok {
		return event.RunStarted{}, usage("the journal in %s does not begin with the start of a run", dir)
	}
	return begun, nil
}

// resumeCommandOf is what a person types to go on with a run.
func resumeCommandOf(id string) string { return "barqgate resume " + id }
