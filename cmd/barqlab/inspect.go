package main

import (
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/barq-platform/barqgate/fixtures/lab"
	"github.com/barq-platform/barqgate/fixtures/lab/fault"
)

func status() *cobra.Command {
	command := &cobra.Command{Use: "status", Short: "show the lab's parts and pods", Args: cobra.NoArgs}
	format := output(command, "text", "json")
	command.RunE = at(func(command *cobra.Command, _ []string, place lab.Place) error {
		if err := checkOutput(*format, "text", "json"); err != nil {
			return err
		}
		status, err := lab.Inspect(command.Context(), place)
		if err != nil {
			return err
		}
		if *format == "json" {
			return printJSON(command.OutOrStdout(), status)
		}
		return printStatus(command.OutOrStdout(), status)
	})
	return command
}

func printStatus(w io.Writer, status lab.Status) error {
	fmt.Fprintf(w, "lab %s: %s, process %d, started %s ago, in %s\n", status.Name, status.State, status.PID, since(status.Started), status.Dir)
	if status.State != lab.Ready {
		for _, line := range status.Progress {
			fmt.Fprintln(w, "  "+line)
		}
		return nil
	}
	fmt.Fprintf(w, "API %s; last used %s ago; ends %s if nobody uses it\n\n", status.APIURL, since(status.LastUsed), status.EndsIdle.Format(time.TimeOnly))
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "PART\tPID\tPORT\tRSS")
	seen, total := map[int]bool{}, int64(0)
	for _, part := range status.Parts {
		fmt.Fprintf(table, "%s\t%d\t%s\t%s\n", part.Name, part.PID, number(part.Port), resident(part.RSS, seen[part.PID]))
		if !seen[part.PID] {
			total += part.RSS
		}
		seen[part.PID] = true
	}
	fmt.Fprintln(table, "\nPOD\tIMAGE\tSTATE\tREADY\tRESTARTS\tPID\tRSS")
	for _, pod := range status.Pods {
		_, tag, _ := strings.Cut(pod.Image, ":")
		fmt.Fprintf(table, "%s\t%s\t%s\t%t\t%d\t%s\t%s\n", pod.Name, tag, pod.State, pod.Ready, pod.Restarts, number(pod.PID), resident(pod.RSS, pod.PID == 0))
		total += pod.RSS
	}
	fmt.Fprintf(table, "\nresident in total: %s\n", resident(total, false))
	if len(status.Faults) > 0 {
		fmt.Fprintln(table, "faults on: "+strings.Join(status.Faults, ", "))
	}
	return table.Flush()
}

func since(t time.Time) time.Duration { return time.Since(t).Round(time.Second) }

func number(n int) string {
	if n == 0 {
		return "-"
	}
	return fmt.Sprint(n)
}

// resident prints bytes as MiB. Parts inside one process count once.
func resident(bytes int64, counted bool) string {
	if counted {
		return "-"
	}
	return fmt.Sprintf("%d MiB", bytes>>20)
}

func logs() *cobra.Command {
	return &cobra.Command{
		Use: "logs [NAME]", Short: "print a log of the lab, or list them", Args: cobra.MaximumNArgs(1),
		RunE: at(func(command *cobra.Command, args []string, place lab.Place) error {
			paths, err := lab.Logs(place)
			if err != nil {
				return err
			}
			names := slices.Sorted(maps.Keys(paths))
			if len(args) == 0 {
				for _, name := range names {
					fmt.Fprintf(command.OutOrStdout(), "%s\t%s\n", name, paths[name])
				}
				return nil
			}
			path, found := paths[args[0]]
			if !found {
				return usage{fmt.Errorf("no log %q: expected one of %s", args[0], strings.Join(names, ", "))}
			}
			file, err := os.Open(path)
			if err != nil {
				return err
			}
			defer file.Close()
			_, err = io.Copy(command.OutOrStdout(), file)
			return err
		}),
	}
}

func faults() *cobra.Command {
	command := &cobra.Command{
		Use: "fault", Short: "list the faults that the lab can show", Args: noSuchCommand,
		RunE: withFaults(func(command *cobra.Command, _ []string, client fault.Client) error {
			states, err := client.List(command.Context())
			if err != nil {
				return err
			}
			table := tabwriter.NewWriter(command.OutOrStdout(), 0, 0, 2, ' ', 0)
			for _, state := range states {
				mark := ""
				if state.On {
					mark = "on"
				}
				fmt.Fprintf(table, "%s\t%s\t%s\n", state.Name, mark, state.About)
			}
			return table.Flush()
		}),
	}
	switching := func(on bool) func(*cobra.Command, []string, fault.Client) error {
		return func(command *cobra.Command, names []string, client fault.Client) error {
			for _, name := range names {
				if err := client.Switch(command.Context(), name, on); err != nil {
					return err
				}
			}
			return nil
		}
	}
	command.AddCommand(
		&cobra.Command{Use: "on NAME...", Short: "turn faults on", Args: cobra.MinimumNArgs(1), RunE: withFaults(switching(true))},
		&cobra.Command{Use: "off NAME...", Short: "turn faults off", Args: cobra.MinimumNArgs(1), RunE: withFaults(switching(false))},
		&cobra.Command{Use: "clear", Short: "turn every fault off", Args: cobra.NoArgs, RunE: withFaults(
			func(command *cobra.Command, _ []string, client fault.Client) error {
				return client.Clear(command.Context())
			})},
	)
	return command
}

// noSuchCommand refuses arguments to a command that has subcommands, by naming them.
func noSuchCommand(command *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	var names []string
	for _, sub := range command.Commands() {
		names = append(names, sub.Name())
	}
	return fmt.Errorf("unknown command %q for %q: expected one of %s", args[0], command.CommandPath(), strings.Join(names, ", "))
}

// withFaults gives the switches of the running lab to a command's action.
func withFaults(run func(*cobra.Command, []string, fault.Client) error) func(*cobra.Command, []string) error {
	return at(func(command *cobra.Command, args []string, place lab.Place) error {
		url, err := lab.FaultsURL(command.Context(), place)
		if err != nil {
			return err
		}
		return run(command, args, fault.Client{URL: url})
	})
}
