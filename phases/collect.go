package phases

import (
	"context"
	"errors"
	"fmt"

	"github.com/barq-platform/barqgate/fixtures/barq"
	"github.com/barq-platform/barqgate/fixtures/flowable"
	"github.com/barq-platform/barqgate/fixtures/mssql"
	"github.com/barq-platform/barqgate/harness/environment"
	"github.com/barq-platform/barqgate/harness/journal/event"
)

// Collect removes what a run has left on the platform: the objects of its ledger
// that it has not removed itself, and the tenants and workflows that bear its
// label. It returns what it has removed. Whatever else there is belongs to somebody
// else.
func Collect(ctx context.Context, env *environment.Environment, run string, left []event.ObjectCreated) (removed []string, err error) {
	for _, object := range left {
		what := object.Object + " " + object.ID
		if object.Object != objectDatabase {
			return removed, fmt.Errorf("run %s has left %s; nobody knows here how it is removed, so remove it by hand", run, what)
		}
		there, err := dropDatabase(ctx, env, object.ID)
		if err != nil {
			return removed, fmt.Errorf("remove what run %s has left: %w", run, err)
		}
		if there {
			removed = append(removed, what)
		}
	}
	tenants, err := barq.RemoveLabelled(ctx, env, run)
	for _, name := range tenants {
		removed = append(removed, "tenant "+name)
	}
	workflows, failed := flowable.RemoveLabelled(ctx, env, run)
	for _, name := range workflows {
		removed = append(removed, "workflow "+name)
	}
	return removed, errors.Join(err, failed)
}

// dropDatabase drops a scratch database and reports whether it was there.
func dropDatabase(ctx context.Context, env *environment.Environment, name string) (there bool, err error) {
	err = onServer(ctx, env.Database, func(server *mssql.Server) (err error) {
		if there, err = server.Exists(ctx, name); err != nil || !there {
			return err
		}
		return server.DropDatabase(ctx, name)
	})
	return there, errors.Join(err)
}
