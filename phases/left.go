package phases

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/barq-platform/barqgate/fixtures/barq"
	"github.com/barq-platform/barqgate/fixtures/kube"
	"github.com/barq-platform/barqgate/fixtures/mssql"
	"github.com/barq-platform/barqgate/harness/environment"
	"github.com/barq-platform/barqgate/harness/plan"
)

// leftByDeploy compares the platform with what an interrupted deployment has left
// of it. Anything else was done by somebody else, and to go on would build on it.
type leftByDeploy struct {
	now      Situation // when the plan was made
	image    string    // that the deployment sets
	database environment.Database
}

func (l leftByDeploy) confirm(ctx context.Context, sc *plan.StepContext, left plan.Progress) error {
	cluster, err := kube.Connect(ctx, sc.Env.Kubernetes)
	if err != nil {
		return err
	}
	running, err := cluster.Deployment(ctx)
	if err != nil {
		return err
	}
	set := left[setImage{image: l.image}.Name()]
	if err := l.deployment(running, set, sc.Fact(barq.FactToRevision)); err != nil {
		return err
	}
	apply := left[applyMigrations{database: l.database.Name}.Name()]
	if sc.Fact(factStopped) == "yes" {
		return nil // in the middle of a restore the database may not even be readable
	}
	return inDatabase(ctx, l.database, l.database.Name, func(db *mssql.DB) error {
		applied, err := db.AppliedMigrations(ctx)
		if err != nil {
			return err
		}
		return l.migrations(sc, applied, apply)
	})
}

// deployment checks image and revision.
func (l leftByDeploy) deployment(running kube.Deployment, set plan.Remains, revision string) error {
	before, after := l.now.Running, fmt.Sprintf("%s as revision %s", l.image, revision)
	isBefore := running.Image == before.Image && running.Revision == before.Revision
	isAfter := running.Image == l.image && fmt.Sprint(running.Revision) == revision
	is := fmt.Sprintf("the Deployment runs %s as revision %d", running.Image, running.Revision)
	switch set {
	case plan.Nothing:
		if !isBefore {
			return fmt.Errorf("%s; this run has left %s as revision %d", is, before.Image, before.Revision)
		}
	case plan.InPlace:
		if !isAfter {
			return fmt.Errorf("%s; this run has left %s", is, after)
		}
	case plan.TakenBack:
		// A rollback gives the old template a new number, which the run does not record.
		if running.Image != before.Image {
			return fmt.Errorf("%s; this run has taken it back to %s", is, before.Image)
		}
	case plan.Partly:
		if running.Image != before.Image && running.Image != l.image {
			return fmt.Errorf("%s; this run was between %s and %s", is, before.Image, l.image)
		}
	}
	return nil
}

// migrations checks the history.
func (l leftByDeploy) migrations(sc *plan.StepContext, applied []string, apply plan.Remains) error {
	before := l.now.Applied
	expected := slices.Clone(before)
	if sc.Fact(barq.FactMigrationsExpected) != "" {
		if err := readJSON(sc, barq.FactMigrationsExpected, &expected); err != nil {
			return err
		}
	}
	ok := false
	switch apply {
	case plan.Nothing:
		// It may have been cut short between two migrations, each of which is whole.
		ok = len(without(applied, expected)) == 0 && len(without(before, applied)) == 0
	case plan.InPlace:
		ok = slices.Equal(applied, expected)
	case plan.TakenBack:
		ok = slices.Equal(applied, before)
	case plan.Partly:
		ok = len(without(applied, slices.Concat(before, expected))) == 0
	}
	if ok {
		return nil
	}
	return fmt.Errorf("the migration history holds %s; this run found %s and needs %s", strings.Join(applied, ", "), strings.Join(before, ", "), strings.Join(expected, ", "))
}

// leftByRollback does the same for a rollback by hand, with or without a restore
// of the database: that one its own steps find as they left it.
type leftByRollback struct {
	now  Situation
	to   kube.Revision
	step string // that brings the revision back
}

func (l leftByRollback) confirm(ctx context.Context, sc *plan.StepContext, left plan.Progress) error {
	cluster, err := kube.Connect(ctx, sc.Env.Kubernetes)
	if err != nil {
		return err
	}
	running, err := cluster.Deployment(ctx)
	if err != nil {
		return err
	}
	return l.deployment(running, left[l.step])
}

func (l leftByRollback) deployment(running kube.Deployment, back plan.Remains) error {
	before := l.now.Running
	isBefore := running.Image == before.Image && running.Revision == before.Revision
	isAfter := running.Image == l.to.Image && running.Revision >= before.Revision
	if back == plan.Nothing && isBefore || back == plan.InPlace && isAfter || back == plan.Partly && (isBefore || isAfter) {
		return nil
	}
	return fmt.Errorf("the Deployment runs %s as revision %d; this run was to bring back %s in the place of %s, revision %d", running.Image, running.Revision, l.to.Image, before.Image, before.Revision)
}
