package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"

	"github.com/spf13/cobra"

	"github.com/barq-platform/barqgate/fixtures/barq/release"
	"github.com/barq-platform/barqgate/fixtures/kube"
	"github.com/barq-platform/barqgate/fixtures/mssql"
	"github.com/barq-platform/barqgate/harness/environment"
	"github.com/barq-platform/barqgate/harness/gotest"
	"github.com/barq-platform/barqgate/harness/plan"
	"github.com/barq-platform/barqgate/harness/run"
	"github.com/barq-platform/barqgate/phases"
)

// app is one execution of the command.
type app struct {
	in         *os.File
	out, err   io.Writer
	interrupts *interrupts

	envName string // --env
	output  string // --output

	exit run.ExitCode // what the command that ran has come to
	ran  bool         // a plan was begun
}

// The values of --output.
const (
	outputText = "text"
	outputJSON = "json"
)

// defaultEnvironment is the lab on this machine.
const defaultEnvironment = "local"

// usageError marks a mistake in what was typed.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

func usage(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// command builds the command tree.
func (a *app) command() *cobra.Command {
	root := &cobra.Command{
		Use:           "barqgate",
		Short:         "Deploy BARQ by its runbook, with a gate behind every phase",
		Long:          "barqgate executes the BARQ rolling-deployment runbook: steps in order, suites as gates\nbetween them, and an automatic rollback when a gate does not open.\n\n" + exitHelp(),
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          cobra.ArbitraryArgs,
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			if a.output != outputText && a.output != outputJSON {
				return usage("--output is %q; expected %s or %s", a.output, outputText, outputJSON)
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usage("unknown command %q; expected one of %s", args[0], strings.Join(commandNames(cmd), ", "))
			}
			return cmd.Help()
		},
	}
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usage("%w; `%s --help` lists the flags", err, cmd.CommandPath())
	})
	root.SetOut(a.out)
	root.SetErr(a.err)
	root.PersistentFlags().StringVar(&a.envName, "env", defaultEnvironment, "environment: a file of testdata/envs without .yaml")
	root.PersistentFlags().StringVar(&a.output, "output", outputText, "what to write to the standard output: text or json")
	root.AddCommand(a.planCommand(), a.deployCommand(), a.rollbackCommand(), a.checkCommand(), a.healthCommand(), a.labCommand(), a.reportCommand(), a.proveCommand(), a.resumeCommand(), a.verifyCommand(), a.gcCommand(), a.attestCommand(), a.runbookCommand(), a.watchCommand(), a.followupCommand())
	for _, cmd := range root.Commands() {
		cmd.Args = asUsage(cmd.Args)
	}
	return root
}

// asUsage makes a wrong number of arguments a usage error.
func asUsage(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if err := check(cmd, args); err != nil {
			return usage("%w; usage: %s", err, cmd.UseLine())
		}
		return nil
	}
}

func commandNames(root *cobra.Command) []string {
	var names []string
	for _, cmd := range root.Commands() {
		if cmd.IsAvailableCommand() {
			names = append(names, cmd.Name())
		}
	}
	return names
}

// exitHelp lists the exit codes for the help text.
func exitHelp() string {
	var text strings.Builder
	text.WriteString("Exit codes:\n")
	for code := run.Promoted; code <= run.RollbackFailed; code++ {
		fmt.Fprintf(&text, "  %d  %s: %s\n", int(code), code, code.Meaning())
	}
	return text.String()
}

// environment loads the chosen environment and starts what it needs.
func (a *app) environment(ctx context.Context) (root string, env *environment.Environment, err error) {
	if root, err = environment.Root(); err != nil {
		return "", nil, usageError{err}
	}
	if env, err = environment.Load(ctx, root, a.envName); err != nil {
		if ctx.Err() != nil || isProcess(err) {
			return "", nil, err
		}
		return "", nil, usageError{err}
	}
	return root, env, nil
}

// isProcess tells a provider that failed from a mistake in the environment's file.
func isProcess(err error) bool {
	var exit *exec.ExitError
	return errors.As(err, &exit)
}

// conclude prints what went wrong, if anything did, and returns the exit status.
func (a *app) conclude(err error) run.ExitCode {
	if err == nil {
		return a.exit
	}
	if a.interrupts.happened() && !a.ran {
		// What was cut short by it says nothing of its own.
		err = errors.New("stopped before anything was changed")
	}
	_, _ = fmt.Fprintln(a.err, "barqgate:", err)
	return a.codeOf(err)
}

// codeOf says what an error that kept a command from doing its work means.
func (a *app) codeOf(err error) run.ExitCode {
	var wrong usageError
	switch {
	case a.exit != run.Promoted:
		return a.exit // a run has ended and knows better
	case errors.As(err, &wrong), isRequest(err):
		return run.Usage
	case errors.Is(err, kube.ErrReserved), a.interrupts.happened() && !a.ran:
		return run.Held // nothing was being changed yet
	default:
		return run.HarnessError
	}
}

// isRequest reports whether the error says that what was asked for does not exist
// or cannot be done here.
func isRequest(err error) bool {
	for _, request := range []error{
		environment.ErrUnknown, release.ErrUnknown, release.ErrCatalogue, gotest.ErrUnknownSuite, mssql.ErrAddress, mssql.ErrContradiction, mssql.ErrNoBackup,
		kube.ErrUnknownRevision, kube.ErrNoPrevious, phases.ErrAlreadyRunning, phases.ErrNotAllowed, phases.ErrUnknownPhase, phases.ErrNoDeployment, plan.ErrPolicy,
	} {
		if errors.Is(err, request) {
			return true
		}
	}
	return false
}
