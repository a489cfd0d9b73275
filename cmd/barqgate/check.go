package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/barq-platform/barqgate/harness/environment"
	"github.com/barq-platform/barqgate/harness/gotest"
	"github.com/barq-platform/barqgate/harness/prove"
	"github.com/barq-platform/barqgate/harness/run"
	"github.com/barq-platform/barqgate/phases"
)

func (a *app) checkCommand() *cobra.Command {
	var phase string
	var how execution
	cmd := &cobra.Command{
		Use:   "check [suite...]",
		Short: "Run suites as a gate and show the verdict on each criterion",
		Args:  cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if how.timeout < 0 {
				return usage("--timeout is %s; expected a time above 0", how.timeout)
			}
			if phase == "" {
				return a.check(cmd.Context(), args, how)
			}
			if len(args) > 0 {
				return usage("--phase and suites exclude each other")
			}
			suites, err := phases.GateSuites(phase)
			if err != nil {
				return err
			}
			return a.check(cmd.Context(), suites, how)
		},
	}
	cmd.Flags().BoolVar(&how.source, "source", false, "run the suites by go test from their sources instead of compiling them first")
	cmd.Flags().BoolVar(&how.race, "race", false, "run the suites from their sources with the race detector")
	cmd.Flags().DurationVar(&how.timeout, "timeout", 0, "deadline of each suite (default "+gotest.DefaultTimeout.String()+")")
	cmd.Flags().StringVar(&phase, "phase", "", "run the suites of this phase's gate, by number or name")
	return cmd
}

func (a *app) healthCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "health",
		Short: "Run the smoke and health suites: is the platform up and working?",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.check(cmd.Context(), []string{"smoke", "health"}, execution{})
		},
	}
}

// check runs the named suites as one gate, or all of them.
func (a *app) check(ctx context.Context, suites []string, how execution) error {
	suites, err := a.known(suites)
	if err != nil {
		return err
	}
	root, env, err := a.environment(ctx)
	if err != nil {
		return err
	}
	p, err := phases.Check(ctx, env, root, suites)
	if err != nil {
		return err
	}
	return a.execute(ctx, job{root: root, plan: p, how: how, retry: fmt.Sprintf("barqgate check -env=%s %s", env.Name, strings.Join(suites, " "))})
}

// known returns the suites asked for, all if none, and fails on one that does not
// exist before anything is started for it.
func (a *app) known(suites []string) ([]string, error) {
	root, err := environment.Root()
	if err != nil {
		return nil, usageError{err}
	}
	all, err := workspace(root).List()
	if err != nil || len(suites) == 0 {
		return all, err
	}
	for _, name := range suites {
		if !slices.Contains(all, name) {
			return nil, usageError{fmt.Errorf("%w %q: expected one of %s", gotest.ErrUnknownSuite, name, strings.Join(all, ", "))}
		}
	}
	return suites, nil
}

func (a *app) proveCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "prove [suite...]",
		Short: "Show that every criterion can fail: inject each fault, expect its criterion to catch it",
		Args:  cobra.ArbitraryArgs,
		RunE:  func(cmd *cobra.Command, args []string) error { return a.prove(cmd.Context(), args) },
	}
}

func (a *app) prove(ctx context.Context, suites []string) (err error) {
	suites, err = a.known(suites)
	if err != nil {
		return err
	}
	root, env, err := a.environment(ctx)
	if err != nil {
		return err
	}
	if !env.Allows(environment.InjectFault) {
		return fmt.Errorf("prove in %s: %w: `allow` does not list %q", env.Name, phases.ErrNotAllowed, environment.InjectFault)
	}
	name := "prove-" + time.Now().UTC().Format(runIDTime)
	reserved, err := a.reserveFor(ctx, env, name) // a fault would be taken for that of somebody's release
	if err != nil {
		return err
	}
	defer reserved.release(&err)
	built, err := a.build(ctx, root, suites)
	if err != nil {
		return err
	}
	dir := folder(root, "evidence", name)
	summary, err := prove.Run(ctx, prove.Config{
		Env: env, Root: root, Suites: built, Dir: dir, Out: a.out,
		Settle: func(ctx context.Context) error { return errors.Join(reserved.fence(), phases.Recover(ctx, env)) },
		Facts: func(ctx context.Context, suite string) (map[string]string, error) {
			return phases.FactsOfNoChange(ctx, env, root, suite)
		},
		MaySkip: func(suite string) map[string]string { return phases.MaySkip(env, suite) },
	})
	if err != nil {
		return err
	}
	if !summary.OK() {
		a.exit = run.RolledBack
		return fmt.Errorf("%d of %d mutants caught, %d criteria unproven %v; the evidence is in %s", summary.Caught, summary.Mutants, len(summary.Unproven), summary.Unproven, dir)
	}
	return nil
}
