package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/barq-platform/barqgate/harness/environment"
	"github.com/barq-platform/barqgate/harness/journal"
	"github.com/barq-platform/barqgate/harness/journal/event"
	"github.com/barq-platform/barqgate/phases"
)

func (a *app) gcCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "gc",
		Short: "Remove what interrupted runs have left on the platform, and nothing else",
		Long: "gc removes the objects that the journals of this checkout's runs list as made and not as removed, and the\n" +
			"test tenants that bear the label of one of these runs. A run that is still at work is left alone.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.collect(cmd.Context()) },
	}
}

func (a *app) collect(ctx context.Context) (err error) {
	root, env, err := a.environment(ctx)
	if err != nil {
		return err
	}
	id, err := newRunID(folder(root, "runs"), time.Now())
	if err != nil {
		return err
	}
	reserved, err := a.reserveFor(ctx, env, id)
	if err != nil {
		return err
	}
	defer reserved.release(&err)
	journals, err := filepath.Glob(filepath.Join(folder(root, "runs"), "*", journal.FileName))
	if err != nil {
		return fmt.Errorf("list the runs: %w", err)
	}
	slices.Sort(journals)
	for _, file := range journals {
		if err := a.collectRun(ctx, env, filepath.Dir(file)); err != nil {
			return err
		}
	}
	return nil
}

// collectRun removes what one run has left, if it is of this environment and its
// process has ended.
func (a *app) collectRun(ctx context.Context, env *environment.Environment, dir string) (err error) {
	held, chain, err := journal.Open(dir) // nobody can go on with the run meanwhile
	name := filepath.Base(dir)
	switch {
	case errors.Is(err, journal.ErrLocked):
		_, _ = fmt.Fprintf(a.err, "run %s is at work and is left alone\n", name)
		return nil
	case errors.Is(err, journal.ErrBroken), errors.Is(err, journal.ErrEmpty):
		_, _ = fmt.Fprintf(a.err, "run %s is left alone: %v\n", name, err)
		return nil
	case err != nil:
		return err
	}
	defer func() { err = errors.Join(err, held.Close()) }()
	var events []event.Event
	for _, record := range chain.Records {
		e, err := event.Decode(record)
		if err != nil {
			_, _ = fmt.Fprintf(a.err, "run %s is left alone: %v\n", name, err)
			return nil //nolint:nilerr // what cannot be read must not be cleaned up after
		}
		events = append(events, e)
	}
	if begun, ok := events[0].(event.RunStarted); !ok || begun.Plan.Environment != env.Name {
		return nil
	}
	removed, err := phases.Collect(ctx, env, name, event.Remaining(events))
	for _, what := range removed {
		_, _ = fmt.Fprintf(a.out, "removed %s of run %s\n", what, name)
	}
	return err
}
