package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/barq-platform/barqgate/fixtures/kube"
	"github.com/barq-platform/barqgate/harness/environment"
	"github.com/barq-platform/barqgate/phases"
)

// production is the environment where a change has to be confirmed by a person.
const production = "production"

func (a *app) planCommand() *cobra.Command {
	var to string
	cmd := &cobra.Command{
		Use:   "plan --to=<release>",
		Short: "Print the numbered plan of a deployment; changes nothing",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			d, err := a.deployment(cmd.Context(), to)
			if err != nil {
				return err
			}
			if a.output == outputJSON {
				return writeJSON(a.out, d.plan.Outline())
			}
			return d.plan.Print(a.out)
		},
	}
	cmd.Flags().StringVar(&to, "to", "", "release tag to deploy")
	return cmd
}

func (a *app) deployCommand() *cobra.Command {
	var to string
	var yes bool
	cmd := &cobra.Command{
		Use:   "deploy --to=<release>",
		Short: "Deploy a release: steps, gates, and a rollback if a gate does not open",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			d, err := a.deployment(cmd.Context(), to)
			if err != nil {
				return err
			}
			if err := d.plan.Print(a.err); err != nil {
				return fmt.Errorf("print the plan: %w", err)
			}
			if d.approval, err = a.confirm(d.plan.Env, to, yes); err != nil {
				return err
			}
			return a.execute(cmd.Context(), d)
		},
	}
	cmd.Flags().StringVar(&to, "to", "", "release tag to deploy")
	cmd.Flags().BoolVar(&yes, "yes", false, "do not ask for confirmation in production")
	return cmd
}

func (a *app) rollbackCommand() *cobra.Command {
	var revision int64
	var yes bool
	var database, backup string
	cmd := &cobra.Command{
		Use:   "rollback [--to-revision=<number>] [--database[=<name>] [--backup=<path>]]",
		Short: "Bring back an earlier revision of the application, and verify it",
		Long:  "rollback brings back the revision named by --to-revision, or else the newest one with another\nimage from before the current one was first deployed. The database stays as it is, unless\n--database is given: then the newest backup, or the one of --backup, takes its place.",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			root, env, err := a.environment(cmd.Context())
			if err != nil {
				return err
			}
			now, err := phases.Survey(cmd.Context(), env)
			if err != nil {
				return err
			}
			if cmd.Flags().Changed("database") {
				return a.restoreDatabase(cmd.Context(), restoreRequest{root: root, env: env, now: now, revision: revision, typed: database, backup: backup, yes: yes})
			}
			if backup != "" {
				return usage("--backup is only for --database")
			}
			if revision == 0 { // by number from here on: what is "previous" changes with every step
				previous, err := kube.Previous(now.History, now.Running)
				if err != nil {
					return err
				}
				revision = previous.Number
			}
			p, err := phases.Rollback(env, root, now, revision)
			if err != nil {
				return err
			}
			if err := p.Print(a.err); err != nil {
				return fmt.Errorf("print the plan: %w", err)
			}
			approval, err := a.confirm(env, p.To, yes)
			if err != nil {
				return err
			}
			origin, err := phases.RollbackOf(now, revision).Encode()
			if err != nil {
				return err
			}
			return a.execute(cmd.Context(), job{root: root, plan: p, retry: retryRollback(env.Name, revision), origin: origin, approval: approval})
		},
	}
	cmd.Flags().StringVar(&database, "database", "", "restore the database too; its name, or nothing to be asked for it on a terminal")
	cmd.Flags().Lookup("database").NoOptDefVal = askForName
	cmd.Flags().StringVar(&backup, "backup", "", "backup to restore, on the SQL Server's file system; default: the newest full one that the server has recorded")
	cmd.Flags().Int64Var(&revision, "to-revision", 0, "revision of the Deployment; 0: the one before the current image")
	cmd.Flags().BoolVar(&yes, "yes", false, "do not ask for confirmation in production")
	return cmd
}

// deployment makes the plan of a deployment from what is running now.
func (a *app) deployment(ctx context.Context, to string) (job, error) {
	if to == "" {
		return job{}, usage("no release named; say which with --to=<release>")
	}
	root, env, err := a.environment(ctx)
	if err != nil {
		return job{}, err
	}
	now, err := phases.Survey(ctx, env)
	if err != nil {
		return job{}, err
	}
	p, err := phases.Deploy(env, root, now, to)
	if err != nil {
		return job{}, err
	}
	origin, err := phases.DeployOf(now, to).Encode()
	return job{root: root, plan: p, retry: retryDeploy(env.Name, to), origin: origin}, err
}

// retryDeploy is what a person types to deploy the same again.
func retryDeploy(env, to string) string {
	return fmt.Sprintf("barqgate deploy -env=%s --to=%s", env, to)
}

// retryRollback is what a person types to roll back to the same again.
func retryRollback(env string, revision int64) string {
	return fmt.Sprintf("barqgate rollback -env=%s --to-revision=%d", env, revision)
}

// confirm asks a person to type the release before production is changed, and
// returns what the journal keeps of it.
func (a *app) confirm(env *environment.Environment, release string, yes bool) (approval string, err error) {
	if env.Name != production {
		return "", nil
	}
	if yes {
		return "by --yes", nil
	}
	if !term.IsTerminal(int(a.in.Fd())) {
		return "", usage("%s is changed only with --yes, or after a person has confirmed it on a terminal", production)
	}
	_, _ = fmt.Fprintf(a.err, "\nThis changes %s. Type the release (%s) to go on: ", production, release)
	typed, err := bufio.NewReader(a.in).ReadString('\n')
	if err != nil {
		return "", fmt.Errorf("read the confirmation: %w", err)
	}
	if strings.TrimSpace(typed) != release {
		return "", usage("not confirmed; nothing was changed")
	}
	return "the release was typed on a terminal", nil
}

func writeJSON(w interface{ Write([]byte) (int, error) }, value any) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(value); err != nil {
		return fmt.Errorf("write the output: %w", err)
	}
	return nil
}

// folder returns a folder below .barqgate, where everything made at run time is.
func folder(root string, parts ...string) string {
	return strings.Join(append([]string{root, ".barqgate"}, parts...), string(os.PathSeparator))
}
