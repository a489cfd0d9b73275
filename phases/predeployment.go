package phases

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/barq-platform/barqgate/fixtures/barq"
	"github.com/barq-platform/barqgate/fixtures/barq/workload"
	"github.com/barq-platform/barqgate/fixtures/kube"
	"github.com/barq-platform/barqgate/fixtures/mssql"
	"github.com/barq-platform/barqgate/harness/environment"
	"github.com/barq-platform/barqgate/harness/plan"
)

// databaseTimeout bounds a step whose time grows with the database.
const databaseTimeout = time.Hour

// RollbackTimeout bounds the undoing of all steps together: a restore with its
// checks, and two changes of the running pods.
const RollbackTimeout = databaseTimeout + 30*time.Minute

// cleanupTimeout bounds the removal of what a step has made for itself.
const cleanupTimeout = time.Minute

// readRunning records what runs before the deployment, and fails if that is no
// longer what the plan was made for.
type readRunning struct {
	deployment string
	expected   kube.Deployment
}

func (s readRunning) Name() string {
	return fmt.Sprintf("Confirm that Deployment %s runs %s as revision %d", s.deployment, s.expected.Image, s.expected.Revision)
}

func (readRunning) Effect() plan.Effect { return plan.ReadOnly }

func (s readRunning) Run(ctx context.Context, sc *plan.StepContext) error {
	cluster, err := kube.Connect(ctx, sc.Env.Kubernetes)
	if err != nil {
		return err
	}
	running, err := cluster.Deployment(ctx)
	if err != nil {
		return err
	}
	switch {
	case running.Image != s.expected.Image || running.Revision != s.expected.Revision:
		return fmt.Errorf("the Deployment %s runs %s as revision %d now; the plan was made for %s as revision %d: somebody else deploys; plan again", s.deployment, running.Image, running.Revision, s.expected.Image, s.expected.Revision)
	case !running.Complete:
		return fmt.Errorf("the Deployment %s is not fully rolled out: %s", s.deployment, running.Status)
	case running.Replicas < 1:
		return fmt.Errorf("the Deployment %s is scaled to %d; there is nothing to replace", s.deployment, running.Replicas)
	case running.History < 1:
		return fmt.Errorf("the Deployment %s keeps no old revision (spec.revisionHistoryLimit: 0), so it could not be rolled back; set it to at least 1", s.deployment)
	}
	return errors.Join(
		sc.SetFact(barq.FactFromImage, running.Image),
		sc.SetFact(barq.FactFromRevision, strconv.FormatInt(running.Revision, 10)),
		sc.SetFact(barq.FactToImage, sc.Env.Image(sc.To)),
		sc.SetFact(factReplicas, strconv.Itoa(int(running.Replicas))),
		sc.SetFact(barq.FactDeployStarted, time.Now().UTC().Format(time.RFC3339Nano)),
	)
}

// backUp makes a full backup, and notes what the critical tables hold before and
// after it.
type backUp struct{ database string }

func (s backUp) Name() string { return "Back up database " + s.database }

// Effect is Idempotent: a run has one backup file, which is overwritten.
func (backUp) Effect() plan.Effect { return plan.Idempotent }

func (backUp) Timeout() time.Duration { return databaseTimeout }

func (s backUp) Run(ctx context.Context, sc *plan.StepContext) error {
	conf := sc.Env.Database
	var w mssql.Window
	var backup mssql.Backup
	err := inDatabase(ctx, conf, s.database, func(db *mssql.DB) error {
		return onServer(ctx, conf, func(server *mssql.Server) (err error) {
			if w.Before, err = db.Contents(ctx, conf.Critical); err != nil {
				return err
			}
			if backup, err = server.Backup(ctx, s.database, backupPath(conf.BackupDir, s.database, sc.Run)); err != nil {
				return err
			}
			w.After, err = db.Contents(ctx, conf.Critical)
			return err
		})
	})
	if err != nil {
		return err
	}
	sc.Progress("%s: %.1f MiB, finished %s by the server's clock, LSN %s", backup.Path, float64(backup.Bytes)/(1<<20), backup.Finished.Format(time.DateTime), backup.LastLSN)
	data, err := json.MarshalIndent(backup, "", "  ")
	return errors.Join(
		err, store(sc, "backup.json", append(data, '\n')),
		sc.SetFact(barq.FactBackupLSN, backup.LastLSN),
		sc.SetFact(barq.FactBackupPath, backup.Path),
		sc.SetFact(barq.FactBackupBytes, strconv.FormatInt(backup.Bytes, 10)),
		setJSON(sc, factBackupWindow, w),
	)
}

// backupPath names a run's backup on the SQL Server's file system, whose paths
// may be of Windows whatever this program runs on.
func backupPath(dir, database, run string) string {
	name := database + "_" + run + ".bak"
	if strings.Contains(dir, `\`) {
		return strings.TrimRight(dir, `\`) + `\` + name
	}
	return path.Join(dir, name)
}

// proveBackup restores the backup beside the database and compares: a backup that
// was never restored is a hope. The copy stays for the rehearsal of migrations,
// which removes it: restoring takes as long as the database is large.
type proveBackup struct{ scratch string }

func (s proveBackup) Name() string {
	return "Prove that the backup restores, in scratch database " + s.scratch
}

// Effect is Idempotent: a scratch database of before is removed.
func (proveBackup) Effect() plan.Effect { return plan.Idempotent }

func (proveBackup) Timeout() time.Duration { return databaseTimeout }

func (s proveBackup) Run(ctx context.Context, sc *plan.StepContext) error {
	var w mssql.Window
	if err := readJSON(sc, factBackupWindow, &w); err != nil {
		return err
	}
	file, err := fact(sc, barq.FactBackupPath)
	if err != nil {
		return err
	}
	if err := sc.Created(objectDatabase, s.scratch); err != nil {
		return err
	}
	sc.Progress("verifying %s and restoring it into %s", file, s.scratch)
	drill, err := drill(ctx, sc.Env.Database, file, s.scratch)
	if err != nil {
		return errors.Join(fmt.Errorf("prove that the backup restores: %w", err), dropScratch(ctx, sc, s.scratch))
	}
	drill.Window = w
	moved, err := w.Explains(drill.Restored)
	if err != nil {
		return errors.Join(fmt.Errorf("the restored backup does not hold what the database held: %w", err), dropScratch(ctx, sc, s.scratch))
	}
	if len(moved) > 0 {
		sc.Progress("written to during the backup, so compared by row count only: %s", strings.Join(moved, ", "))
	}
	return errors.Join(
		setJSON(sc, barq.FactBackupDrill, drill),
		setJSON(sc, barq.FactBaselineRows, drill.Restored.Rows),
		setJSON(sc, barq.FactBaselineChecksums, drill.Restored.Checksums),
	)
}

// drill restores a backup into the scratch database, which stays.
func drill(ctx context.Context, conf environment.Database, file, scratch string) (found mssql.Drill, err error) {
	err = onServer(ctx, conf, func(server *mssql.Server) error {
		found, err = server.Drill(ctx, conf, file, scratch)
		return err
	})
	return found, err
}

// dropScratch removes the scratch database, also when ctx has ended, and takes it
// off the run's ledger.
func dropScratch(ctx context.Context, sc *plan.StepContext, scratch string) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanupTimeout)
	defer cancel()
	err := onServer(ctx, sc.Env.Database, func(server *mssql.Server) error { return server.DropDatabase(ctx, scratch) })
	if err != nil {
		return err
	}
	return sc.Removed(objectDatabase, scratch)
}

// recordBaseline measures the old version under load, so that the new one can be
// compared with it. It does not judge: a slow old version is no reason not to
// replace it.
type recordBaseline struct {
	rate     int
	duration time.Duration
}

func (s recordBaseline) Name() string {
	return fmt.Sprintf("Record the load baseline at %d requests a second for %s", s.rate, s.duration)
}

// Effect is Idempotent: the measurement removes what it makes.
func (recordBaseline) Effect() plan.Effect { return plan.Idempotent }

func (recordBaseline) Run(ctx context.Context, sc *plan.StepContext) error {
	result, err := measureFit(ctx, sc.Env, sc.Progress)
	if err != nil {
		return err
	}
	limits := sc.Env.Load
	if result.Summary.Requests < limits.MinimumSamples {
		return fmt.Errorf("the baseline has %d requests; expected at least %d (load.minimumSamples)", result.Summary.Requests, limits.MinimumSamples)
	}
	sc.Progress("p95 %.1f ms over %d requests, %d failed", result.Summary.P95, result.Summary.Requests, result.Summary.Failed)
	var failed error
	for name, value := range result.BaselineFacts() {
		failed = errors.Join(failed, sc.SetFact(name, value))
	}
	data, err := json.MarshalIndent(map[string]any{"all": result.Summary, "routes": result.Routes, "generator": result.Generator}, "", "  ")
	return errors.Join(failed, err, store(sc, "baseline.json", append(data, '\n')))
}

// baselineAttempts is how often a baseline is measured whose generator was unfit:
// a machine that was busy with something else says nothing about the release.
const baselineAttempts = 3

// measureFit measures until the generator did its work.
func measureFit(ctx context.Context, env *environment.Environment, progress func(format string, args ...any)) (*workload.Result, error) {
	for attempt := 1; ; attempt++ {
		result, err := workload.Measure(ctx, env, "baseline")
		if err != nil {
			return nil, err
		}
		unfit := result.Generator.Unfit(env.Load.MaxSendLag, env.Load.MinAchievedShare)
		if unfit == nil {
			return result, nil
		}
		if attempt == baselineAttempts {
			return nil, fmt.Errorf("%d baselines say nothing about the platform, the last one because %w; run barqgate on a machine that is less busy", attempt, unfit)
		}
		progress("attempt %d of %d does not count: %v", attempt, baselineAttempts, unfit)
	}
}

// store writes a file of the step's evidence that only its owner can read.
func store(sc *plan.StepContext, name string, data []byte) error {
	if err := os.MkdirAll(sc.Evidence, 0o755); err != nil {
		return fmt.Errorf("store %s: %w", name, err)
	}
	if err := os.WriteFile(filepath.Join(sc.Evidence, name), data, 0o600); err != nil {
		return fmt.Errorf("store %s: %w", name, err)
	}
	return nil
}

// objectDatabase is how a run's ledger of created objects calls a database.
const objectDatabase = "database"
