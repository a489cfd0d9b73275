package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/barq-platform/barqgate/harness/environment"
	"github.com/barq-platform/barqgate/harness/run"
)

// labActions are the subcommands of barqlab that a person types.
var labActions = [...]string{"up", "down", "status", "logs", "fault"}

func (a *app) labCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "lab up|down|status|logs|fault",
		Short: "Start, stop and look at the lab: BARQ on this machine, without Docker",
		Args:  cobra.ArbitraryArgs,
		// barqlab has flags of its own; all of them are passed on.
		DisableFlagParsing: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 && (args[0] == "--help" || args[0] == "-h") {
				return cmd.Help()
			}
			if len(args) == 0 || !slices.Contains(labActions[:], args[0]) {
				return usage("%s: expected one of %s", cmd.CommandPath(), strings.Join(labActions[:], ", "))
			}
			return a.lab(cmd.Context(), args)
		},
	}
}

// lab builds barqlab, which is quick when nothing has changed, and runs it. `go
// run` would do the same but turn every exit status into 1.
func (a *app) lab(ctx context.Context, args []string) error {
	root, err := environment.Root()
	if err != nil {
		return usageError{err}
	}
	binary := folder(root, "bin", "barqlab")
	build := exec.CommandContext(ctx, "go", "build", "-o", binary, "./cmd/barqlab")
	build.Dir = root
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("build barqlab: %w: %s", err, out)
	}
	cmd := exec.CommandContext(ctx, binary, args...)
	cmd.Dir, cmd.Stdin, cmd.Stdout, cmd.Stderr = root, a.in, a.out, a.err
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 30 * time.Second // for a lab to stop what it has started
	err = cmd.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() > 0 {
		a.exit = run.ExitCode(exit.ExitCode())
		return nil // barqlab has said what is wrong
	}
	if err != nil {
		return fmt.Errorf("run barqlab: %w", err)
	}
	return nil
}
