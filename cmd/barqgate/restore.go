package main

import (
	"bufio"
	"context"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/term"

	"github.com/barq-platform/barqgate/harness/environment"
	"github.com/barq-platform/barqgate/phases"
)

// askForName is the value of --database without one: no database can be called so.
const askForName = "\x00ask"

// restoreRequest is what was asked for with `rollback --database`.
type restoreRequest struct {
	root     string
	env      *environment.Environment
	now      phases.Situation
	revision int64
	typed    string // the database's name, or askForName
	backup   string
	yes      bool
}

// restoreDatabase rolls the database back, once somebody has named it.
func (a *app) restoreDatabase(ctx context.Context, r restoreRequest) error {
	name := r.env.Database.Name
	if r.typed != askForName && r.typed != name {
		return usage("--database names %q; the database of %s is called %q; nothing was changed", r.typed, r.env.Name, name)
	}
	if r.typed == askForName && !term.IsTerminal(int(a.in.Fd())) {
		return usage("restoring a database loses what was written since its backup; without a terminal it has to be named: --database=%s", name)
	}
	found, err := phases.FindRestoration(ctx, r.env, r.now, r.revision, r.backup)
	if err != nil {
		return err
	}
	p, err := phases.RestoreDatabase(r.env, r.root, r.now, found)
	if err != nil {
		return err
	}
	if err := p.Print(a.err); err != nil {
		return fmt.Errorf("print the plan: %w", err)
	}
	approval := "the database was named with --database"
	if r.typed == askForName {
		if err := a.confirmDatabase(r.env.Name, name); err != nil {
			return err
		}
		approval = "the database's name was typed on a terminal"
	} else {
		also, err := a.confirm(r.env, p.To, r.yes)
		if err != nil {
			return err
		}
		if also != "" {
			approval += ", " + also
		}
	}
	origin, err := phases.RestoreOf(r.now, found).Encode()
	if err != nil {
		return err
	}
	return a.execute(ctx, job{root: r.root, plan: p, retry: retryRestore(r.env, found), origin: origin, approval: approval})
}

// retryRestore is what a person types to restore the same again.
func retryRestore(env *environment.Environment, r phases.Restoration) string {
	return fmt.Sprintf("%s --database=%s --backup=%s", retryRollback(env.Name, r.To.Number), env.Database.Name, strconv.Quote(r.Backup.Path))
}

// confirmDatabase asks a person to type the database's name; anything else
// refuses.
func (a *app) confirmDatabase(env, name string) error {
	_, _ = fmt.Fprintf(a.err, "\nThis stops the platform of %s and replaces its database; the notes above say what is lost.\nType the database's name to go on: ", env)
	typed, err := bufio.NewReader(a.in).ReadString('\n')
	if err != nil {
		return fmt.Errorf("read the confirmation: %w", err)
	}
	if strings.TrimSpace(typed) != name {
		return usage("not confirmed: %q is not the database's name; nothing was changed", strings.TrimSpace(typed))
	}
	return nil
}
