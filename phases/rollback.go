package phases

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/barq-platform/barqgate/fixtures/barq"
	"github.com/barq-platform/barqgate/fixtures/barq/release"
	"github.com/barq-platform/barqgate/fixtures/kube"
	"github.com/barq-platform/barqgate/fixtures/mssql"
	"github.com/barq-platform/barqgate/harness/environment"
	"github.com/barq-platform/barqgate/harness/plan"
)

// Rollback plans the return of the application to an earlier revision: the one
// named, or for 0 the one before the current image (see kube.Previous). The
// database stays as it is.
func Rollback(env *environment.Environment, root string, now Situation, revision int64) (*plan.Plan, error) {
	to, err := rollbackTarget(env, now, revision)
	if err != nil {
		return nil, err
	}
	target := kube.Deployment{Image: to.Image}
	notes := []string{
		fmt.Sprintf("Running now: %s, revision %d (%s).", now.Running.Image, now.Running.Revision, now.Running.Status),
		"The database is not restored: migrations stay applied.",
	}
	if now.Unread != nil {
		notes = append(notes, fmt.Sprintf("Nobody has checked that %s can run on the applied migrations: %v.", to.Image, now.Unread))
	} else if err := runsOn(env, root, target.Tag(), now.Applied); err != nil {
		return nil, err
	}
	phase, note := rollbackPhase(env, now, to)
	if note != "" {
		notes = append(notes, note)
	}
	success, err := successLists(root)
	if err != nil {
		return nil, err
	}
	return insist(root, &plan.Plan{
		Name:         fmt.Sprintf("roll %s back to revision %d (%s)", env.Name, to.Number, to.Image),
		Env:          env,
		From:         now.Running.Tag(),
		To:           target.Tag(),
		Phases:       []plan.Phase{phase},
		RollbackGate: forFrontend(env, gateOf(rollback)),
		Checklists:   success[1:],
		Notes:        notes,
		Confirm:      leftByRollback{now: now, to: to, step: rollBack{to: to}.Name()}.confirm,
	})
}

// rollbackPhase brings a revision back, and the frontend of its release. The note
// says what of the frontend stays as it is, and why.
func rollbackPhase(env *environment.Environment, now Situation, to kube.Revision) (phase plan.Phase, note string) {
	recordFrontend, backFrontend, note := rollBackFrontend(env, now, kube.Deployment{Image: to.Image}.Tag())
	k, d := env.Kubernetes, env.Database
	return plan.Phase{
		Name:  rollback,
		About: "bring back what ran before, and see that it works on the data of now",
		Steps: slices.Concat([]plan.Step{
			noteBefore{to: to},
			countBaseline{tables: d.Critical},
		}, recordFrontend, []plan.Step{
			rollBack{to: to},
			watchRollout{deployment: k.Deployment, timeout: k.RolloutTimeout},
			waitReady{attempts: env.Health.Attempts, interval: env.Health.Interval},
		}, backFrontend),
		Gate: forFrontend(env, gateOf(rollback)),
	}, note
}

func rollbackTarget(env *environment.Environment, now Situation, revision int64) (kube.Revision, error) {
	if !env.Allows(environment.Deploy) {
		return kube.Revision{}, fmt.Errorf("roll back %s: %w: `allow` in testdata/envs/%s.yaml does not list %q", env.Name, ErrNotAllowed, env.Name, environment.Deploy)
	}
	if revision == 0 {
		return kube.Previous(now.History, now.Running)
	}
	to, err := kube.Find(now.History, revision)
	if err == nil && to.Number == now.Running.Revision {
		err = fmt.Errorf("%w: revision %d (%s) is set already; `barqgate check` verifies it", ErrAlreadyRunning, revision, to.Image)
	}
	return to, err
}

// runsOn refuses a release that the database has left behind. A tag that the
// catalogue does not know is no reason to refuse: in an emergency, what ran
// before is better known than any list.
func runsOn(env *environment.Environment, root, tag string, applied []string) error {
	if env.Releases == "" {
		return nil // without a catalogue nobody knows what the older release had
	}
	_, err := schemaFor(env, root, tag, applied)
	if errors.Is(err, release.ErrUnknown) {
		return nil
	}
	return err
}

// noteBefore records what is taken back and what is restored. To the suites a
// rollback is the end of the deployment that it takes back: "from" is what ran
// before that, and has to run again.
type noteBefore struct{ to kube.Revision }

func (noteBefore) Name() string { return "Record what is running" }

func (noteBefore) Effect() plan.Effect { return plan.ReadOnly }

func (s noteBefore) Run(ctx context.Context, sc *plan.StepContext) error {
	cluster, err := kube.Connect(ctx, sc.Env.Kubernetes)
	if err != nil {
		return err
	}
	running, err := cluster.Deployment(ctx)
	if err != nil {
		return err
	}
	sc.Progress("%s, revision %d: %s", running.Image, running.Revision, running.Status)
	return errors.Join(
		sc.SetFact(barq.FactFromImage, s.to.Image),
		sc.SetFact(barq.FactFromRevision, strconv.FormatInt(s.to.Number, 10)),
		sc.SetFact(barq.FactToImage, running.Image),
		sc.SetFact(barq.FactToRevision, strconv.FormatInt(running.Revision, 10)),
	)
}

// countBaseline records what the database holds, so that the gate can see that the
// rollback has changed nothing of it. A database that does not answer must not
// hold up a rollback: without these facts the gate cannot pass, and says why.
type countBaseline struct{ tables []string }

func (countBaseline) Name() string {
	return "Record what the critical tables and the migration history hold"
}

func (countBaseline) Effect() plan.Effect { return plan.ReadOnly }

func (s countBaseline) Run(ctx context.Context, sc *plan.StepContext) error {
	var contents mssql.Contents
	var applied []string
	err := inDatabase(ctx, sc.Env.Database, sc.Env.Database.Name, func(db *mssql.DB) (err error) {
		if contents, err = db.Contents(ctx, s.tables); err != nil {
			return err
		}
		applied, err = db.AppliedMigrations(ctx)
		return err
	})
	if err != nil {
		sc.Progress("going on without a baseline, so the gate will not pass: %v", err)
		return nil //nolint:nilerr // bringing the old version back comes first
	}
	return errors.Join(
		setJSON(sc, barq.FactBaselineRows, contents.Rows),
		setJSON(sc, barq.FactBaselineChecksums, contents.Checksums),
		setJSON(sc, barq.FactMigrationsBefore, applied),
		setJSON(sc, barq.FactMigrationWindow, mssql.Comparison{Before: contents, After: contents}), // nothing migrates
		setJSON(sc, barq.FactMigrationsExpected, applied),
	)
}

// rollBack brings the revision's pod template back. Taking a rollback back by
// itself would be a deployment without its checks, so it has no undo.
type rollBack struct{ to kube.Revision }

func (s rollBack) Name() string {
	return fmt.Sprintf("Roll back to revision %d (%s)", s.to.Number, s.to.Image)
}

// Effect is Idempotent: the revision is found again by the number it had.
func (rollBack) Effect() plan.Effect { return plan.Idempotent }

func (s rollBack) Observe(ctx context.Context, sc *plan.StepContext) (bool, error) {
	cluster, err := kube.Connect(ctx, sc.Env.Kubernetes)
	if err != nil {
		return false, err
	}
	running, err := cluster.Deployment(ctx)
	return err == nil && running.Image == s.to.Image, err
}

func (s rollBack) Run(ctx context.Context, sc *plan.StepContext) error {
	return bringBack(ctx, sc, s.to.Number, s.to.Image)
}
