package phases

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/barq-platform/barqgate/fixtures/barq"
	"github.com/barq-platform/barqgate/fixtures/kube"
	"github.com/barq-platform/barqgate/fixtures/mssql"
	"github.com/barq-platform/barqgate/harness/environment"
	"github.com/barq-platform/barqgate/harness/plan"
)

// listPending records which migrations the database has and which it needs.
type listPending struct{}

func (listPending) Name() string { return "List pending migrations" }

func (listPending) Effect() plan.Effect { return plan.ReadOnly }

func (listPending) Run(ctx context.Context, sc *plan.StepContext) error {
	applied, needs, err := compareSchema(ctx, sc)
	if err != nil {
		return err
	}
	for _, m := range needs.Pending {
		sc.Progress("pending: %s %s; rolling-safe: %t (%s)", m.ID, m.About, m.RollingSafe(), m.Reason())
	}
	if len(needs.Pending) == 0 {
		sc.Progress("no migration is pending")
	}
	return errors.Join(recordSchema(sc, applied, needs), inDatabase(ctx, sc.Env.Database, sc.Env.Database.Name, func(db *mssql.DB) error {
		snapshot, err := db.Snapshot(ctx, sc.Env.Database.Critical, sc.Env.Database.Bookkeeping)
		if err != nil {
			return err
		}
		// Until a migration is applied, what is there is what there was.
		unchanged := mssql.Comparison{Before: snapshot.Contents, After: snapshot.Contents}
		return errors.Join(setJSON(sc, factSnapshot, snapshot), setJSON(sc, barq.FactMigrationWindow, unchanged))
	}))
}

// recordSchema records which migrations are applied, which the release needs, and
// which of the pending ones the old version cannot run on.
func recordSchema(sc *plan.StepContext, applied []string, needs schema) error {
	expected := slices.Clone(needs.Expected)
	for _, m := range needs.Ahead {
		expected = append(expected, m.ID)
	}
	slices.Sort(expected)
	return errors.Join(
		setJSON(sc, barq.FactMigrationsBefore, applied),
		setJSON(sc, barq.FactMigrationsExpected, expected),
		setJSON(sc, factUnsafe, needs.unsafe()),
	)
}

// compareSchema reads the history and compares it with what the release needs.
func compareSchema(ctx context.Context, sc *plan.StepContext) (applied []string, needs schema, err error) {
	err = inDatabase(ctx, sc.Env.Database, sc.Env.Database.Name, func(db *mssql.DB) (err error) {
		applied, err = db.AppliedMigrations(ctx)
		return err
	})
	if err != nil {
		return nil, schema{}, err
	}
	needs, err = schemaFor(sc.Env, sc.Root, sc.To, applied)
	return applied, needs, err
}

// applyMigrations brings the schema to what the release needs. It is taken back
// by restoring the backup, which is right only as long as the new version has not
// written anything.
type applyMigrations struct {
	database string
	policy   environment.RollbackPolicy
}

func (s applyMigrations) Name() string { return "Apply pending migrations to database " + s.database }

// Effect is Once: a migration may change rows in a way that adds up.
func (applyMigrations) Effect() plan.Effect { return plan.Once }

func (applyMigrations) Timeout() time.Duration { return databaseTimeout }

func (s applyMigrations) Observe(ctx context.Context, sc *plan.StepContext) (bool, error) {
	_, needs, err := compareSchema(ctx, sc)
	return err == nil && len(needs.Pending) == 0, err
}

func (s applyMigrations) Run(ctx context.Context, sc *plan.StepContext) error {
	_, needs, err := compareSchema(ctx, sc)
	if err != nil {
		return err
	}
	return inDatabase(ctx, sc.Env.Database, s.database, func(db *mssql.DB) error {
		return db.Migrate(ctx, sc.Env.Database.Migrations, sc.Root, needs.Pending, sc.Progress)
	})
}

func (s applyMigrations) UndoName() string {
	if s.policy != environment.Automatic {
		return "Say how to restore database " + s.database + ", which is left to a person here"
	}
	return "Restore database " + s.database + " from the backup, if a migration was applied and the new version has not run on it"
}

func (s applyMigrations) Undo(ctx context.Context, sc *plan.StepContext) error {
	var before []string
	if err := readJSON(sc, barq.FactMigrationsBefore, &before); err != nil {
		return err
	}
	if sc.Fact(factStopped) == "yes" {
		// An earlier process has begun to restore. Whatever the database shows now,
		// the traffic is stopped, and only a whole restore may start it again.
		return s.restore(ctx, sc, before)
	}
	applied, _, err := compareSchema(ctx, sc)
	if err != nil {
		return err
	}
	added := without(applied, before)
	switch {
	case len(added) == 0:
		sc.Progress("the history is as it was before; there is nothing to take back")
		return nil
	case sc.Fact(factTaken) != "":
		return s.keep(sc, added)
	}
	if reason := restoreRefused(sc.Env); reason != "" {
		return fmt.Errorf("migrations %s stay applied: %s; to take them back, scale %s to 0, restore %s from %s and scale it back", strings.Join(added, ", "), reason, sc.Env.Kubernetes.Deployment, s.database, sc.Fact(barq.FactBackupPath))
	}
	return s.restore(ctx, sc, before)
}

func (applyMigrations) restore(ctx context.Context, sc *plan.StepContext, before []string) error {
	if err := restoreDatabase(ctx, sc); err != nil {
		return err
	}
	// From here on, the schema of before is what a gate has to expect.
	return setJSON(sc, barq.FactMigrationsExpected, before)
}

// keep leaves migrations in place that the new version has written on: restoring
// would lose acknowledged writes. It is an error if the old version cannot run on
// them, because then nobody but a person can choose between two losses.
func (s applyMigrations) keep(sc *plan.StepContext, added []string) error {
	var unsafe []string
	if err := readJSON(sc, factUnsafe, &unsafe); err != nil {
		return err
	}
	if len(unsafe) > 0 {
		return fmt.Errorf("migrations %s stay applied: the new version has taken traffic, so a restore would lose what users wrote, and the old version cannot run on them: roll forward, or restore %s by hand and accept the loss", strings.Join(unsafe, ", "), sc.Fact(barq.FactBackupPath))
	}
	return fmt.Errorf("%w: migrations %s stay applied: the new version has taken traffic, and the old version can run on them", plan.ErrKept, strings.Join(added, ", "))
}

// restoreDatabase is the runbook's database rollback: stop the traffic, restore,
// check, compare with the baseline, start the traffic. If it fails once the
// restore has begun, the traffic stays stopped: nobody knows what it would meet.
func restoreDatabase(ctx context.Context, sc *plan.StepContext) error {
	replicas, err := number(sc, factReplicas)
	if err != nil {
		return err
	}
	file, err := fact(sc, barq.FactBackupPath)
	if err != nil {
		return err
	}
	cluster, err := kube.Connect(ctx, sc.Env.Kubernetes)
	if err != nil {
		return err
	}
	return onServer(ctx, sc.Env.Database, func(server *mssql.Server) error {
		if err := server.VerifyBackup(ctx, file); err != nil {
			return fmt.Errorf("nothing was changed: %w", err)
		}
		if err := sc.SetFact(factStopped, "yes"); err != nil {
			return err
		}
		sc.Progress("stopping the traffic: scaling %s to 0", sc.Env.Kubernetes.Deployment)
		if err := stopTraffic(ctx, sc, cluster, server); err != nil {
			return errors.Join(fmt.Errorf("the database was not touched: %w", err), cluster.Scale(ctx, int32(replicas)))
		}
		sc.Progress("restoring %s", file)
		if err := restoreAndCompare(ctx, sc, server, file); err != nil {
			return fmt.Errorf("the traffic stays stopped, because database %s cannot be trusted; restore %s by hand, then scale %s to %d: %w", sc.Env.Database.Name, file, sc.Env.Kubernetes.Deployment, replicas, err)
		}
		sc.Progress("starting the traffic: scaling %s to %d", sc.Env.Kubernetes.Deployment, replicas)
		if err := cluster.Scale(ctx, int32(replicas)); err != nil {
			return err
		}
		return sc.SetFact(factStopped, "no")
	})
}

func stopTraffic(ctx context.Context, sc *plan.StepContext, cluster *kube.Cluster, server *mssql.Server) error {
	if err := cluster.Scale(ctx, 0); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, sc.Env.Database.CommandTimeout)
	defer cancel()
	return server.WaitNoConnections(ctx, sc.Env.Database.Name)
}

// restoreAndCompare puts the backup in the database's place and demands exactly
// what the restore drill has found in it.
func restoreAndCompare(ctx context.Context, sc *plan.StepContext, server *mssql.Server, file string) error {
	conf := sc.Env.Database
	var rows map[string]int64
	var sums map[string]mssql.Checksum
	if err := errors.Join(readJSON(sc, barq.FactBaselineRows, &rows), readJSON(sc, barq.FactBaselineChecksums, &sums)); err != nil {
		return err
	}
	if err := server.Restore(ctx, mssql.Restoration{Source: conf.Name, Target: conf.Name, Path: file, Replace: true}); err != nil {
		return err
	}
	if err := server.CheckDB(ctx, conf.Name); err != nil {
		return err
	}
	return inDatabase(ctx, conf, conf.Name, func(db *mssql.DB) error {
		restored, err := db.Contents(ctx, conf.Critical)
		if err != nil {
			return err
		}
		baseline := mssql.Contents{Rows: rows, Checksums: sums}
		if _, err = (mssql.Window{Before: baseline, After: baseline}).Explains(restored); err != nil {
			return err
		}
		// What a migration has changed is undone: suites/database judges this.
		return setJSON(sc, barq.FactMigrationWindow, mssql.Comparison{Before: baseline, After: restored})
	})
}

// listApplied confirms that the history is what the release needs.
type listApplied struct{}

func (listApplied) Name() string {
	return "List applied migrations and compare them with what the release needs"
}

func (listApplied) Effect() plan.Effect { return plan.ReadOnly }

func (listApplied) Run(ctx context.Context, sc *plan.StepContext) error {
	var expected []string
	var before mssql.Snapshot
	if err := errors.Join(readJSON(sc, barq.FactMigrationsExpected, &expected), readJSON(sc, factSnapshot, &before)); err != nil {
		return err
	}
	return inDatabase(ctx, sc.Env.Database, sc.Env.Database.Name, func(db *mssql.DB) error {
		applied, err := db.AppliedMigrations(ctx)
		if err != nil {
			return err
		}
		if !slices.Equal(applied, expected) {
			return fmt.Errorf("the history holds %v; expected %v", applied, expected)
		}
		sc.Progress("%d migrations are applied, as expected", len(applied))
		seen, err := db.Compare(ctx, before)
		if err != nil {
			return err
		}
		if seen.Lost() == nil {
			sc.Progress("the critical tables hold what they held, over the columns that both schemas have")
		}
		return setJSON(sc, barq.FactMigrationWindow, seen) // suites/database judges
	})
}

// checkIntegrity runs DBCC CHECKDB.
type checkIntegrity struct{ database string }

func (s checkIntegrity) Name() string { return "Check the integrity of database " + s.database }

func (checkIntegrity) Effect() plan.Effect { return plan.ReadOnly }

func (checkIntegrity) Timeout() time.Duration { return databaseTimeout }

func (s checkIntegrity) Run(ctx context.Context, sc *plan.StepContext) error {
	return onServer(ctx, sc.Env.Database, func(server *mssql.Server) error {
		return server.CheckDB(ctx, s.database)
	})
}

// countRows keeps the row counts after the migration. The gate judges them.
type countRows struct{ tables []string }

func (s countRows) Name() string { return "Count the rows of " + strings.Join(s.tables, ", ") }

func (countRows) Effect() plan.Effect { return plan.ReadOnly }

func (s countRows) Run(ctx context.Context, sc *plan.StepContext) error {
	return inDatabase(ctx, sc.Env.Database, sc.Env.Database.Name, func(db *mssql.DB) error {
		rows, err := db.RowCounts(ctx, s.tables)
		if err != nil {
			return err
		}
		data, err := json.MarshalIndent(rows, "", "  ")
		if err != nil {
			return fmt.Errorf("keep the row counts: %w", err)
		}
		return store(sc, "rows.json", append(data, '\n'))
	})
}
