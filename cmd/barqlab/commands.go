package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"os"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/barq-platform/barqgate/fixtures/lab"
	"github.com/barq-platform/barqgate/fixtures/lab/fault"
	"github.com/barq-platform/barqgate/harness/environment"
)

// Environment variables of the commands.
const (
	nameVariable = "BARQ_LAB"      // which lab they deal with
	idleVariable = "BARQ_LAB_IDLE" // how long a lab goes on that nobody uses
)

// newCommand returns barqlab with its subcommands.
func newCommand() *cobra.Command {
	command := &cobra.Command{
		Use:   "barqlab",
		Short: "BARQ on this machine, without Docker",
		Long: "BARQ on this machine, without Docker: a real Kubernetes control plane, a node whose\n" +
			"pods are local processes, an ingress, an embedded engine that speaks SQL Server's\n" +
			"protocol, and a stand-in of the API. " + nameVariable + " names the lab; labs with different\n" +
			"names run side by side.",
		SilenceUsage:  true,
		SilenceErrors: true, // main prints them
	}
	command.PersistentFlags().Bool("docker", false, "deal with the lab whose pods run in a kind cluster and whose SQL Server is a container")
	command.AddCommand(up(), serve(), down(), status(), logs(), faults())
	return command
}

// place returns where the lab is that the commands deal with.
func place(docker bool) (lab.Place, error) {
	root, err := environment.Root()
	if err != nil {
		return lab.Place{}, err
	}
	name := cmp.Or(os.Getenv(nameVariable), lab.DefaultName)
	if docker {
		return lab.AtDocker(root, name)
	}
	return lab.At(root, name)
}

// failure is an error of what a command did, as opposed to one of how it was
// typed.
type failure struct{ error }

func (f failure) Unwrap() error { return f.error }

// usage is an error of how a command was typed that only its action can see.
type usage struct{ error }

// at gives the place to a command's action.
func at(run func(*cobra.Command, []string, lab.Place) error) func(*cobra.Command, []string) error {
	return func(command *cobra.Command, args []string) error {
		docker, err := command.Flags().GetBool("docker")
		if err != nil {
			return err
		}
		where, err := place(docker)
		if err != nil {
			return err
		}
		err = run(command, args, where)
		var typed usage
		if err == nil || errors.As(err, &typed) || errors.Is(err, fault.ErrUnknown) {
			return err
		}
		return failure{err}
	}
}

// output adds the flag --output to a command.
func output(command *cobra.Command, formats ...string) *string {
	return command.Flags().String("output", formats[0], fmt.Sprintf("how to print: one of %v", formats))
}

func checkOutput(format string, formats ...string) error {
	if !slices.Contains(formats, format) {
		return usage{fmt.Errorf("--output=%s: expected one of %v", format, formats)}
	}
	return nil
}

func up() *cobra.Command {
	command := &cobra.Command{Use: "up", Short: "start the lab, or attach to it, and print where it is", Args: cobra.NoArgs}
	format := output(command, "text", "env")
	command.RunE = at(func(command *cobra.Command, _ []string, place lab.Place) error {
		if err := checkOutput(*format, "text", "env"); err != nil {
			return err
		}
		variables, err := lab.Up(command.Context(), place, func(line string) {
			fmt.Fprintln(command.ErrOrStderr(), line)
		})
		if err != nil {
			return err
		}
		if *format == "env" {
			return printJSON(command.OutOrStdout(), variables)
		}
		return printVariables(command.OutOrStdout(), variables)
	})
	return command
}

// printVariables leaves out what has a password in it.
func printVariables(w io.Writer, variables lab.Variables) error {
	for _, name := range slices.Sorted(maps.Keys(variables)) {
		value := variables[name]
		if name == lab.VariableDSN || name == lab.VariableJWTKey || name == lab.VariableAlertingKey {
			value = "(secret; --output=env prints it)"
		}
		if _, err := fmt.Fprintf(w, "%-20s %s\n", name, value); err != nil {
			return err
		}
	}
	return nil
}

func serve() *cobra.Command {
	command := &cobra.Command{
		Use: "serve", Short: "be the lab, until interrupted or idle", Args: cobra.NoArgs,
		Long: "Be the lab: its log goes to standard error, and it ends with this process. `up` starts\n" +
			"this in the background after building the programs that it needs.",
	}
	idle := command.Flags().Duration("idle", 0, "end when nobody has used the lab for so long (default: $"+idleVariable+", else 15m)")
	command.RunE = at(func(command *cobra.Command, _ []string, place lab.Place) error {
		if !command.Flags().Changed("idle") {
			var err error
			if *idle, err = defaultIdle(); err != nil {
				return err
			}
		}
		logger := slog.New(slog.NewTextHandler(command.ErrOrStderr(), nil))
		return lab.Serve(command.Context(), place, lab.Options{Idle: *idle, Logger: logger})
	})
	return command
}

// defaultIdle reads the variable by which the idle time reaches a lab that `up`
// starts.
func defaultIdle() (time.Duration, error) {
	text := os.Getenv(idleVariable)
	if text == "" {
		return lab.DefaultIdle, nil
	}
	idle, err := time.ParseDuration(text)
	if err != nil || idle <= 0 {
		return 0, usage{fmt.Errorf("%s=%q: expected a duration above zero, such as 15m", idleVariable, text)}
	}
	return idle, nil
}

func down() *cobra.Command {
	return &cobra.Command{
		Use: "down", Short: "stop the lab and remove what it made, but its logs", Args: cobra.NoArgs,
		RunE: at(func(command *cobra.Command, _ []string, place lab.Place) error {
			wasRunning, err := lab.Down(command.Context(), place)
			if err != nil {
				return err
			}
			message := "the lab " + place.Name() + " is stopped"
			if !wasRunning {
				message = "the lab " + place.Name() + " was not running"
			}
			_, err = fmt.Fprintln(command.ErrOrStderr(), message)
			return err
		}),
	}
}

func printJSON(w io.Writer, value any) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false) // addresses have an &
	encoder.SetIndent("", "  ")
	return encoder.Encode(value)
}
