package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/barq-platform/barqgate/harness/environment"
	"github.com/barq-platform/barqgate/harness/journal"
)

func (a *app) reportCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "report [run]",
		Short: "Make the report of a run again from its journal; by default of the latest",
		Args:  cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			root, err := environment.Root()
			if err != nil {
				return usageError{err}
			}
			dir, err := runFolder(folder(root, "runs"), args)
			if err != nil {
				return err
			}
			return a.show(dir)
		},
	}
}

// shownRuns is how many runs an error names.
const shownRuns = 10

// runFolder finds the folder of the run named, or of the latest one.
func runFolder(runs string, args []string) (string, error) {
	journals, err := filepath.Glob(filepath.Join(runs, "*", journal.FileName))
	if err != nil || len(journals) == 0 {
		return "", usage("there is no run yet; `barqgate deploy` and `barqgate check` make one")
	}
	var names []string
	for _, file := range journals {
		names = append(names, filepath.Base(filepath.Dir(file)))
	}
	slices.Sort(names)
	name := names[len(names)-1]
	if len(args) > 0 {
		name = strings.TrimSuffix(args[0], string(os.PathSeparator))
	}
	if !slices.Contains(names, name) {
		return "", usage("unknown run %q; the latest are %s", name, strings.Join(names[max(0, len(names)-shownRuns):], ", "))
	}
	return filepath.Join(runs, name), nil
}
