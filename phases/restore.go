package phases

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/barq-platform/barqgate/fixtures/barq"
	"github.com/barq-platform/barqgate/fixtures/kube"
	"github.com/barq-platform/barqgate/fixtures/mssql"
	"github.com/barq-platform/barqgate/harness/environment"
	"github.com/barq-platform/barqgate/harness/plan"
)

// Facts of a database rollback.
const (
	factLost     = "writes.lost"    // JSON, mssql.Difference: what the restore takes away
	factRestored = "restore.begun"  // "yes" once the database may be half restored
	factTail     = "backup.current" // path of the backup of what was restored over
)

// Restoration is what the runbook's database rollback is to restore, and what is
// known of it before anything was tried.
type Restoration struct {
	To      kube.Revision `json:"to"` // of the application, to run on the backup
	Backup  mssql.Backup  `json:"backup"`
	Age     time.Duration `json:"age"`     // nanoseconds, of the backup when it was looked up
	Written string        `json:"written"` // how many rows of the critical tables say that they are newer
}

// FindRestoration looks up what to restore: the backup in the file on the SQL
// Server's file system, or for "" the newest full one that the server has recorded;
// and the revision to run on it, for 0 the one before the current image, or the
// current one if there is none.
func FindRestoration(ctx context.Context, env *environment.Environment, now Situation, revision int64, file string) (r Restoration, err error) {
	if err := mayRestore(env); err != nil {
		return r, err
	}
	if r.To, err = restoreTarget(env, now, revision); err != nil {
		return r, err
	}
	err = onServer(ctx, env.Database, func(server *mssql.Server) (err error) {
		if r.Backup, err = server.FindBackup(ctx, env.Database.Name, file); err != nil {
			return err
		}
		clock, err := server.Now(ctx)
		r.Age = clock.Sub(r.Backup.Finished)
		return err
	})
	if err != nil {
		return r, err
	}
	err = inDatabase(ctx, env.Database, env.Database.Name, func(db *mssql.DB) (err error) {
		r.Written, err = db.WrittenSince(ctx, env.Database.Critical, r.Backup.Finished)
		return err
	})
	if err != nil { // a database that cannot be read is a reason to restore it
		r.Written = "unknown (" + err.Error() + ")"
	}
	return r, nil
}

func mayRestore(env *environment.Environment) error {
	if env.Allows(environment.RestoreDatabase) {
		return nil
	}
	return fmt.Errorf("restore database %s: %w: `allow` in testdata/envs/%s.yaml does not list %q", env.Database.Name, ErrNotAllowed, env.Name, environment.RestoreDatabase)
}

// RestoreDatabase plans the runbook's database rollback: the backup takes the
// database's place, and the revision runs on it.
func RestoreDatabase(env *environment.Environment, root string, now Situation, r Restoration) (*plan.Plan, error) {
	if err := mayRestore(env); err != nil {
		return nil, err
	}
	target := kube.Deployment{Image: r.To.Image}
	recordFrontend, backFrontend, frontendNote := rollBackFrontend(env, now, target.Tag())
	success, err := successLists(root)
	if err != nil {
		return nil, err
	}
	d, start := env.Database, startAgain{to: r.To}
	notes := []string{
		fmt.Sprintf("Running now: %s, revision %d (%s).", now.Running.Image, now.Running.Revision, now.Running.Status),
		fmt.Sprintf("The backup %s finished %s ago, at %s by the server's clock.", r.Backup.Path, r.Age.Round(time.Second), r.Backup.Finished.Format(time.DateTime)),
		fmt.Sprintf("Acknowledged writes since the backup that are LOST, by CreatedAt and UpdatedAt of the critical tables: %s. Deletions do not show there; the comparison with the restored copy counts exactly, before the traffic stops.", r.Written),
		"Users cannot reach the platform from the step that stops the traffic until the last one.",
		"What is restored over is backed up before, so that lost writes can be looked up.",
	}
	if frontendNote != "" {
		notes = append(notes, frontendNote)
	}
	return insist(root, &plan.Plan{
		Name: fmt.Sprintf("restore database %s in %s and roll back to revision %d (%s)", d.Name, env.Name, r.To.Number, r.To.Image),
		Env:  env,
		From: now.Running.Tag(),
		To:   target.Tag(),
		Phases: []plan.Phase{{
			Name:  rollback,
			About: "put the backup in the database's place, and bring back what ran on it",
			Steps: slices.Concat([]plan.Step{
				noteBefore{to: r.To},
				proveRestorable{file: r.Backup.Path, scratch: d.ScratchName, to: target.Tag()},
				keepCurrent{database: d.Name},
			}, recordFrontend, []plan.Step{
				stopForRestore{database: d.Name},
				restoreOver{database: d.Name, file: r.Backup.Path},
				start,
				waitReady{attempts: env.Health.Attempts, interval: env.Health.Interval},
			}, backFrontend),
			Gate: forFrontend(env, gateOf(rollback)),
		}},
		RollbackGate: forFrontend(env, gateOf(rollback)),
		Checklists:   success[1:],
		Notes:        notes,
		Confirm:      leftByRollback{now: now, to: r.To, step: start.Name()}.confirm,
	})
}

func restoreTarget(env *environment.Environment, now Situation, revision int64) (kube.Revision, error) {
	if revision != 0 {
		return kube.Find(now.History, revision) // the current one is right where only data was damaged
	}
	to, err := rollbackTarget(env, now, 0)
	if errors.Is(err, kube.ErrNoPrevious) {
		return kube.Find(now.History, now.Running.Revision)
	}
	return to, err
}

// proveRestorable restores the backup beside the database before anything is
// stopped, makes sure that the release runs on it, and counts what is lost.
type proveRestorable struct{ file, scratch, to string }

func (s proveRestorable) Name() string {
	return fmt.Sprintf("Prove in scratch database %s that %s restores, and count the writes that are lost with it", s.scratch, s.file)
}

// Effect is Idempotent: the scratch database is removed before and after.
func (proveRestorable) Effect() plan.Effect { return plan.Idempotent }

func (proveRestorable) Timeout() time.Duration { return databaseTimeout }

func (s proveRestorable) Run(ctx context.Context, sc *plan.StepContext) (err error) {
	conf := sc.Env.Database
	if err := sc.Created(objectDatabase, s.scratch); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, dropScratch(ctx, sc, s.scratch)) }()
	sc.Progress("verifying %s and restoring it into %s", s.file, s.scratch)
	found, err := drill(ctx, conf, s.file, s.scratch)
	if err != nil {
		return fmt.Errorf("nothing was changed: the backup does not restore: %w", err)
	}
	if err := runsOn(sc.Env, sc.Root, s.to, found.Applied); err != nil {
		return fmt.Errorf("nothing was changed: %w", err)
	}
	if expected, err := expectedMigrations(sc.Env, sc.Root, s.to); err == nil && len(without(expected, found.Applied)) > 0 {
		return fmt.Errorf("nothing was changed: %s needs migrations %s, which the backup does not have; name another revision with --to-revision, or a newer backup", s.to, strings.Join(without(expected, found.Applied), ", "))
	}
	lost, err := lostWrites(ctx, sc, s.scratch)
	if err != nil {
		return err
	}
	sc.Progress("acknowledged writes lost since the backup, by comparing every row of now with the restored copy: %s", lost)
	return errors.Join(
		sc.SetFact(barq.FactBackupPath, s.file),
		setJSON(sc, barq.FactBackupDrill, found),
		setJSON(sc, barq.FactBaselineRows, found.Restored.Rows),
		setJSON(sc, barq.FactBaselineChecksums, found.Restored.Checksums),
		setJSON(sc, barq.FactMigrationsBefore, found.Applied),
		setJSON(sc, barq.FactMigrationWindow, mssql.Comparison{Before: found.Restored, After: found.Restored}), // nothing migrates
		setJSON(sc, barq.FactMigrationsExpected, found.Applied),
	)
}

// lostWrites counts what the restore takes away. A database that cannot be
// compared is no reason not to restore it, but its loss is unknown, never 0.
func lostWrites(ctx context.Context, sc *plan.StepContext, copied string) (string, error) {
	var lost mssql.Difference
	err := onServer(ctx, sc.Env.Database, func(server *mssql.Server) (err error) {
		lost, err = server.Differ(ctx, sc.Env.Database.Name, copied)
		return err
	})
	if err != nil {
		lost.Unknown = map[string]string{"every table": err.Error()}
	}
	data, encodeErr := json.MarshalIndent(lost, "", "  ")
	return lost.String(), errors.Join(encodeErr, store(sc, "lost-writes.json", append(data, '\n')), setJSON(sc, factLost, lost))
}

// keepCurrent backs up what is about to be restored over.
type keepCurrent struct{ database string }

func (s keepCurrent) Name() string {
	return "Back up database " + s.database + " as it is now, so that nothing is lost for good"
}

// Effect is Idempotent: a run has one such file.
func (keepCurrent) Effect() plan.Effect { return plan.Idempotent }

func (keepCurrent) Timeout() time.Duration { return databaseTimeout }

// Run must not fail because the database is damaged: that may be why it is
// restored.
func (s keepCurrent) Run(ctx context.Context, sc *plan.StepContext) error {
	path := backupPath(sc.Env.Database.BackupDir, s.database, sc.Run+"_before_restore")
	err := onServer(ctx, sc.Env.Database, func(server *mssql.Server) error {
		_, err := server.Backup(ctx, s.database, path)
		return err
	})
	if err != nil {
		sc.Progress("going on without it: %v", err)
		return sc.SetFact(factTail, "none: "+err.Error())
	}
	sc.Progress("kept in %s", path)
	return sc.SetFact(factTail, path)
}

// stopForRestore scales the platform to 0 and waits until nobody is connected.
type stopForRestore struct{ database string }

func (s stopForRestore) Name() string {
	return "Stop the traffic: scale to 0, and wait until nobody is connected to " + s.database
}

// Effect is Idempotent: stopped stays stopped.
func (stopForRestore) Effect() plan.Effect { return plan.Idempotent }

func (s stopForRestore) Run(ctx context.Context, sc *plan.StepContext) error {
	cluster, err := kube.Connect(ctx, sc.Env.Kubernetes)
	if err != nil {
		return err
	}
	if err := sc.SetFact(factReplicas, strconv.Itoa(sc.Env.Kubernetes.Replicas)); err != nil {
		return err
	}
	return onServer(ctx, sc.Env.Database, func(server *mssql.Server) error { return stopTraffic(ctx, sc, cluster, server) })
}

func (s stopForRestore) UndoName() string {
	return "Start the traffic again, unless the restore has begun"
}

// Undo never starts the platform on a database that may be half restored.
func (s stopForRestore) Undo(ctx context.Context, sc *plan.StepContext) error {
	if sc.Fact(factRestored) != "" {
		return fmt.Errorf("the traffic stays stopped, because database %s cannot be trusted: restore %s, or %s, by hand, then scale %s to %d", s.database, sc.Fact(barq.FactBackupPath), sc.Fact(factTail), sc.Env.Kubernetes.Deployment, sc.Env.Kubernetes.Replicas)
	}
	cluster, err := kube.Connect(ctx, sc.Env.Kubernetes)
	if err != nil {
		return err
	}
	return cluster.Scale(ctx, int32(sc.Env.Kubernetes.Replicas))
}

// restoreOver puts the backup in the database's place, and demands of it exactly
// what the drill has found.
type restoreOver struct{ database, file string }

func (s restoreOver) Name() string {
	return fmt.Sprintf("Restore database %s from %s, check it, and compare it with the drill", s.database, s.file)
}

// Effect is Idempotent: the same backup gives the same database.
func (restoreOver) Effect() plan.Effect { return plan.Idempotent }

func (restoreOver) Timeout() time.Duration { return databaseTimeout }

func (s restoreOver) Run(ctx context.Context, sc *plan.StepContext) error {
	if err := sc.SetFact(factRestored, "yes"); err != nil { // before the effect: from here on nobody knows
		return err
	}
	err := onServer(ctx, sc.Env.Database, func(server *mssql.Server) error { return restoreAndCompare(ctx, sc, server, s.file) })
	if err != nil {
		return err
	}
	var rows map[string]int64
	if err := readJSON(sc, barq.FactBaselineRows, &rows); err != nil {
		return err
	}
	tables := make([]string, 0, len(rows))
	for table, n := range rows {
		tables = append(tables, fmt.Sprintf("%s %d", table, n))
	}
	slices.Sort(tables)
	sc.Progress("restored and equal to the drill: %s", strings.Join(tables, ", "))
	return nil
}

// startAgain sets the revision and gives it its replicas.
type startAgain struct{ to kube.Revision }

func (s startAgain) Name() string {
	return fmt.Sprintf("Set revision %d (%s), and scale back", s.to.Number, s.to.Image)
}

// Effect is Idempotent: the revision is found again by the number it had.
func (startAgain) Effect() plan.Effect { return plan.Idempotent }

func (s startAgain) Run(ctx context.Context, sc *plan.StepContext) error {
	cluster, err := kube.Connect(ctx, sc.Env.Kubernetes)
	if err != nil {
		return err
	}
	running, err := cluster.Deployment(ctx)
	if err != nil {
		return err
	}
	if running.Image != s.to.Image {
		if err := bringBack(ctx, sc, s.to.Number, s.to.Image); err != nil {
			return err
		}
	}
	sc.Progress("scaling %s to %d", sc.Env.Kubernetes.Deployment, sc.Env.Kubernetes.Replicas)
	if err := cluster.Scale(ctx, int32(sc.Env.Kubernetes.Replicas)); err != nil {
		return err
	}
	return afterRollout.settle(ctx, sc.Env, sc.Progress)
}
