package main

import (
	"github.com/spf13/cobra"

	"github.com/barq-platform/barqgate/phases"
	"github.com/barq-platform/barqgate/phases/runbook"
)

func (a *app) runbookCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "runbook",
		Short: "Print the runbook as this environment executes it, item by item with its state",
		Long: "runbook prints every line of the runbook with the steps and criteria that stand for it,\n" +
			"and what became of it in the newest run of the environment that has come to it.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			root, env, err := a.environment(cmd.Context())
			if err != nil {
				return err
			}
			table, err := runbook.Load(root)
			if err != nil {
				return err
			}
			known, err := runbook.Known(root)
			if err != nil {
				return err
			}
			v := runbook.View{
				Environment: env.Name, Table: table, Steps: phases.StepNames(env), Criteria: known,
				Runs: runbook.Runs(runbook.RunsFolder(root), env.Name),
			}
			if a.output == outputJSON {
				items, err := v.Items()
				if err != nil {
					return err
				}
				return writeJSON(a.out, items)
			}
			_, err = v.Print(a.out)
			return err
		},
	}
}
