package phases

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/barq-platform/barqgate/fixtures/barq/release"
	"github.com/barq-platform/barqgate/fixtures/kube"
	"github.com/barq-platform/barqgate/fixtures/mssql"
	"github.com/barq-platform/barqgate/harness/environment"
)

// Situation is what was found in an environment when a plan was made.
type Situation struct {
	Running kube.Deployment
	History []kube.Revision
	Applied []string // ids of applied migrations, in order
	// Unread says why Applied could not be read. A deployment needs to know it; a
	// rollback must not depend on a database that may be what is broken.
	Unread   error `json:"-"`
	Frontend FrontendSituation
}

// Survey reads the situation from the cluster and the database. It changes nothing.
func Survey(ctx context.Context, env *environment.Environment) (Situation, error) {
	var now Situation
	cluster, err := kube.Reach(ctx, env.Kubernetes)
	if err != nil {
		return now, err
	}
	if now.Running, err = cluster.Deployment(ctx); err != nil {
		return now, err
	}
	if now.History, err = cluster.History(ctx); err != nil {
		return now, err
	}
	now.Unread = inDatabase(ctx, env.Database, env.Database.Name, func(db *mssql.DB) error {
		now.Applied, err = db.AppliedMigrations(ctx)
		return err
	})
	now.Frontend = surveyFrontend(ctx, env)
	return now, nil
}

// schema says what a release needs of the database, compared with what is there.
type schema struct {
	Expected []string          // ids that the release's history holds, in order
	Pending  []mssql.Migration // of those, not yet applied
	Ahead    []mssql.Migration // applied, and unknown to the release
}

// unsafe lists the pending migrations that the running version cannot live with.
func (s schema) unsafe() []string {
	ids := []string{}
	for _, m := range s.Pending {
		if !m.RollingSafe() {
			ids = append(ids, m.ID)
		}
	}
	return ids
}

// schemaFor compares what the release needs with the applied migrations, and
// judges those that are pending. A database that is ahead of the release is
// refused unless an older version can run on every migration in question.
func schemaFor(env *environment.Environment, root, tag string, applied []string) (schema, error) {
	all, err := mssql.LoadMigrations(filepath.Join(root, env.Database.Migrations.Script))
	if err != nil {
		return schema{}, err
	}
	expected, err := expectedMigrations(env, root, tag)
	if err != nil {
		return schema{}, err
	}
	if all, err = mssql.SelectMigrations(all, slices.Concat(expected, applied)); errors.Is(err, mssql.ErrNoMigration) {
		return schema{}, fmt.Errorf("%s or the database has a migration that nobody knows: %w", tag, err)
	} else if err != nil {
		return schema{}, err
	}
	// Of a migration that its author calls safe and that is not, nothing counts.
	pending, err := mssql.JudgeMigrations(all, without(expected, applied))
	if err != nil {
		return schema{}, err
	}
	ahead, err := mssql.JudgeMigrations(all, without(applied, expected))
	if err != nil {
		return schema{}, err
	}
	for _, m := range ahead {
		if !m.RollingSafe() {
			return schema{}, fmt.Errorf("%s cannot run on this database: migration %s is applied and not safe for older versions (%s); restore a backup from before it, or deploy a newer release", tag, m.ID, m.Reason())
		}
	}
	return schema{Expected: expected, Pending: pending, Ahead: ahead}, nil
}

// expectedMigrations lists the migrations of a release: those that the catalogue
// names, or all there are where an environment has no catalogue.
func expectedMigrations(env *environment.Environment, root, tag string) ([]string, error) {
	if env.Releases == "" {
		all, err := mssql.LoadMigrations(filepath.Join(root, env.Database.Migrations.Script))
		ids := make([]string, len(all))
		for i, m := range all {
			ids[i] = m.ID
		}
		return ids, err
	}
	catalogue, err := release.Load(filepath.Join(root, env.Releases))
	if err != nil {
		return nil, err
	}
	r, err := catalogue.Find(tag)
	if err != nil {
		return nil, err
	}
	return r.Migrations, nil
}

// without returns the ids of the first list that the second lacks.
func without(ids, known []string) []string {
	return slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return slices.Contains(known, id) })
}

// inDatabase opens a database for the time of one call.
func inDatabase(ctx context.Context, conf environment.Database, name string, use func(*mssql.DB) error) (err error) {
	db, err := mssql.Open(ctx, conf, name)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	return use(db)
}

// onServer opens the server for the time of one call.
func onServer(ctx context.Context, conf environment.Database, use func(*mssql.Server) error) (err error) {
	server, err := mssql.OpenServer(ctx, conf)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.Close()) }()
	return use(server)
}
