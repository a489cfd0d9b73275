package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/barq-platform/barqgate/harness/audit"
	"github.com/barq-platform/barqgate/harness/environment"
	"github.com/barq-platform/barqgate/harness/run"
)

func (a *app) verifyCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "verify [run|bundle]",
		Short: "Show that nothing of a run was changed, and that its verdicts follow from its evidence",
		Long: "verify replays the journal of a run, by default of the latest, or of an evidence bundle, compares every\n" +
			"file with the record that vouches for it, judges every suite again from its stored events, and makes\n" +
			"the reports again. It needs no platform. It ends with 0 if all is sound, 1 if something was changed,\n" +
			"3 if the run has not ended.",
		Args: cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error { return a.verify(args) },
	}
}

func (a *app) verify(args []string) error {
	result, err := a.audit(args)
	if err != nil {
		return err
	}
	if a.output == outputJSON {
		err = writeJSON(a.out, result)
	} else {
		err = result.Print(a.out)
	}
	switch {
	case err != nil || result.Sound():
	case result.Finished || result.Records == 0:
		a.exit = run.RolledBack
		err = fmt.Errorf("%d problems: the run is not what was written", len(result.Problems))
	default:
		a.exit = run.Held
	}
	return err
}

func (a *app) audit(args []string) (audit.Result, error) {
	if len(args) > 0 && strings.HasSuffix(args[0], audit.Extension) {
		if _, err := os.Stat(args[0]); err != nil {
			return audit.Result{}, usageError{err}
		}
		return audit.VerifyBundle(args[0])
	}
	root, err := environment.Root()
	if err != nil {
		return audit.Result{}, usageError{err}
	}
	dir, err := runFolder(folder(root, "runs"), args)
	if err != nil {
		return audit.Result{}, err
	}
	return audit.Verify(dir)
}

// bundle packs everything of a run that has ended, and says where it is and what
// its digest is.
func (a *app) bundle(dir string) error {
	path := dir + audit.Extension
	sum, err := audit.Pack(dir, path)
	if err != nil {
		return err
	}
	_, _ = fmt.Fprintf(a.err, "bundle  %s\n        sha256:%s\n", path, sum)
	return nil
}
