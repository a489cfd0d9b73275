package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os/user"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/barq-platform/barqgate/harness/attestation"
	"github.com/barq-platform/barqgate/harness/environment"
	"github.com/barq-platform/barqgate/phases"
)

func (a *app) attestCommand() *cobra.Command {
	var to, who, note string
	cmd := &cobra.Command{
		Use:   "attest --to=<release> [statement...]",
		Short: "State what no machine can find out, such as that the team was told",
		Long: "attest records that a person states something about one release in one environment.\n" +
			"Without a statement it shows those that the environment asks for and asks for each\n" +
			"that does not hold yet. A statement expires (preflight.attestations.age).",
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if to == "" {
				return usage("no release named; say which with --to=<release>")
			}
			root, env, err := a.environment(cmd.Context())
			if err != nil {
				return err
			}
			if who == "" {
				current, err := user.Current()
				if err != nil {
					return usage("nobody knows who you are (%w); say it with --who=<name>", err)
				}
				who = current.Username
			}
			s := statements{env: env, root: root, release: to, who: who, note: note}
			return a.attest(cmd.Context(), s, args)
		},
	}
	cmd.Flags().StringVar(&to, "to", "", "release tag that the statement is about")
	cmd.Flags().StringVar(&who, "who", "", "who states it; default: the user")
	cmd.Flags().StringVar(&note, "note", "", "what else is to be said, such as where the team was told")
	return cmd
}

// statements is what is common to all that one command records.
type statements struct {
	env                      *environment.Environment
	root, release, who, note string
}

func (s statements) of(id string) attestation.Attestation {
	return attestation.Attestation{
		ID: id, Who: s.who, When: time.Now().UTC().Truncate(time.Second), Release: s.release, Environment: s.env.Name,
		Statement: s.env.Statements()[id], Note: s.note,
	}
}

// attest records the named statements, or asks for those that do not hold.
func (a *app) attest(ctx context.Context, s statements, ids []string) error {
	required := s.env.Statements()
	for _, id := range ids {
		if required[id] == "" {
			return usage("environment %s does not ask for the statement %q; expected one of %s", s.env.Name, id, strings.Join(slices.Sorted(maps.Keys(required)), ", "))
		}
	}
	if len(ids) == 0 {
		open, err := a.openStatements(s)
		if err != nil || len(open) == 0 {
			return err
		}
		if !term.IsTerminal(int(a.in.Fd())) {
			return usage("this is no terminal to be asked on; name what you state: barqgate attest -env=%s --to=%s %s", s.env.Name, s.release, strings.Join(open, " "))
		}
		if ids, err = ask(a.in, a.err, s, open); err != nil {
			return err
		}
	}
	var stated []attestation.Attestation
	for _, id := range ids {
		stated = append(stated, s.of(id))
	}
	if len(stated) == 0 {
		return usage("nothing was stated, so nothing was recorded")
	}
	if err := phases.Attest(ctx, s.env, s.root, stated...); err != nil {
		return err
	}
	for _, one := range stated {
		_, _ = fmt.Fprintf(a.out, "recorded: %s, by %s, for %s in %s: %s\n", one.ID, one.Who, one.Release, one.Environment, one.Statement)
	}
	return nil
}

// openStatements prints what the environment asks for, and returns what does not
// hold yet.
func (a *app) openStatements(s statements) ([]string, error) {
	all, err := attestation.Load(phases.AttestationsFile(s.env, s.root))
	if err != nil {
		return nil, err
	}
	about := attestation.For(all, s.env.Name, s.release)
	conf := s.env.Preflight.Attestations
	var open []string
	for _, id := range slices.Sorted(maps.Keys(conf.Required)) {
		found, err := attestation.Check(about, id, conf.Required[id], conf.Age, time.Now())
		if err != nil {
			open = append(open, id)
			_, _ = fmt.Fprintf(a.out, "[ ] %v\n", err)
			continue
		}
		_, _ = fmt.Fprintf(a.out, "[x] %s: %s (%s, %s)\n", id, found.Statement, found.Who, found.When.Format(time.RFC3339))
	}
	return open, nil
}

// ask has a person answer for each statement. Only "yes" is a yes.
func ask(in io.Reader, out io.Writer, s statements, open []string) ([]string, error) {
	answers := bufio.NewReader(in)
	var stated []string
	for _, id := range open {
		_, _ = fmt.Fprintf(out, "%s states for %s in %s: %s\nIs that so? (yes/no) ", s.who, s.release, s.env.Name, s.env.Preflight.Attestations.Required[id])
		answer, err := answers.ReadString('\n')
		if err != nil && (answer == "" || !errors.Is(err, io.EOF)) {
			return nil, fmt.Errorf("read the answer: %w", err)
		}
		if strings.EqualFold(strings.TrimSpace(answer), "yes") {
			stated = append(stated, id)
		}
	}
	return stated, nil
}
