package phases

import (
	"io"
	"log/slog"
	"net/url"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/barq-platform/barqgate/fixtures/barq"
	"github.com/barq-platform/barqgate/fixtures/lab/seed"
	"github.com/barq-platform/barqgate/fixtures/lab/sqlserver"
	"github.com/barq-platform/barqgate/fixtures/mssql"
	"github.com/barq-platform/barqgate/harness/environment"
	"github.com/barq-platform/barqgate/harness/environment/environmenttest"
	"github.com/barq-platform/barqgate/harness/plan"
)

// withDatabase gives a step's context the lab's database, as v2.0.0 has it, on a
// server of its own. The returned value names the fault that is on.
func withDatabase(t *testing.T, to string) (sc *plan.StepContext, fault *atomic.Value) {
	t.Helper()
	const password = "S3cret!of-the-test"
	fault = new(atomic.Value)
	fault.Store("")
	server, err := sqlserver.Start(t.Context(), sqlserver.Options{
		Dir: t.TempDir(), SAPassword: password, Logger: slog.New(slog.NewTextHandler(io.Discard, nil)),
		Faults: func(name string) bool { return name == fault.Load() },
	})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Close()) })
	dsn := url.URL{Scheme: "sqlserver", User: url.UserPassword("sa", password), Host: server.Addr(), RawQuery: "encrypt=true&trustservercertificate=true"}
	sc, _ = stepContext(t, map[string]string{})
	sc.To = to
	sc.Env.Database.DSN = environment.NewSecret(dsn.String())
	sc.Env.Database.BackupDir = t.TempDir()
	require.NoError(t, seed.Prepare(t.Context(), seed.Options{
		DSN: dsn.String(), Database: sc.Env.Database.Name, Login: "barq_api", Password: password,
		MigrationsDir: filepath.Join(environmenttest.Repository(t), sc.Env.Database.Migrations.Script), Migrations: lab200().Applied,
	}))
	return sc, fault
}

func run(t *testing.T, sc *plan.StepContext, steps ...plan.Step) {
	t.Helper()
	for _, step := range steps {
		require.NoError(t, step.Run(t.Context(), sc), step.Name())
	}
}

func TestTheDatabaseIsBackedUpProvedMigratedAndTakenBack(t *testing.T) {
	sc, _ := withDatabase(t, "v2.1.0-badmigration")
	conf := sc.Env.Database
	run(t, sc, backUp{database: conf.Name}, proveBackup{scratch: conf.ScratchName})
	var before map[string]int64
	require.NoError(t, readJSON(sc, barq.FactBaselineRows, &before))
	require.Len(t, before, len(conf.Critical))
	require.Positive(t, before["Tasks"])

	rehearsal := environment.Rehearsal{Mode: environment.OnCopy}
	run(t, sc, rehearseMigrations{scratch: conf.ScratchName, conf: rehearsal})
	var seen mssql.Rehearsal
	require.NoError(t, readJSON(sc, barq.FactRehearsal, &seen))
	require.Len(t, seen.Migrations, 2)
	require.Positive(t, seen.Probes.Reads)
	require.Positive(t, seen.Probes.Writes)
	require.NotNil(t, seen.LogBytes)
	require.Len(t, seen.Lost(), 2)
	for _, lost := range seen.Lost() {
		require.Contains(t, lost, "Tasks has ")
	}

	apply := applyMigrations{database: conf.Name}
	run(t, sc, listPending{})
	done, err := apply.Observe(t.Context(), sc)
	require.NoError(t, err)
	require.False(t, done)
	run(t, sc, apply, listApplied{}, checkIntegrity{database: conf.Name}, countRows{tables: conf.Critical})
	done, err = apply.Observe(t.Context(), sc)
	require.NoError(t, err)
	require.True(t, done)
	var unsafe []string
	require.NoError(t, readJSON(sc, factUnsafe, &unsafe))
	require.Equal(t, []string{"20251101090100_V210_PurgeDraftTasks"}, unsafe)
	var after map[string]int64
	require.NoError(t, inDatabase(t.Context(), conf, conf.Name, func(db *mssql.DB) error {
		after, err = db.RowCounts(t.Context(), conf.Critical)
		return err
	}))
	require.Less(t, after["Tasks"], before["Tasks"], "the migration is known to lose rows")

	require.NoError(t, onServer(t.Context(), conf, func(server *mssql.Server) error {
		require.NoError(t, server.WaitNoConnections(t.Context(), conf.Name))
		exists, err := server.Exists(t.Context(), conf.ScratchName)
		require.NoError(t, err)
		require.False(t, exists, "the scratch database is left behind")
		return restoreAndCompare(t.Context(), sc, server, sc.Fact(barq.FactBackupPath))
	}))
	require.ErrorContains(t, listApplied{}.Run(t.Context(), sc), "the history holds")
	require.NoError(t, apply.Undo(t.Context(), sc), "there is nothing left to take back")
}

func TestABackupThatDoesNotComeBackStopsTheDeployment(t *testing.T) {
	for fault, words := range map[string]string{
		"sql.backup-corrupt":  "verify the backup",
		"sql.backup-truncate": "verify the backup",
		"sql.restore-empty":   "does not hold what the database held",
	} {
		t.Run(fault, func(t *testing.T) {
			sc, on := withDatabase(t, "v2.1.0")
			conf := sc.Env.Database
			on.Store(fault)
			run(t, sc, backUp{database: conf.Name})
			require.ErrorContains(t, proveBackup{scratch: conf.ScratchName}.Run(t.Context(), sc), words)
			require.Empty(t, sc.Fact(barq.FactBaselineRows))
			require.NoError(t, onServer(t.Context(), conf, func(server *mssql.Server) error {
				exists, err := server.Exists(t.Context(), conf.ScratchName)
				require.False(t, exists, "the scratch database is left behind")
				return err
			}))
		})
	}
}

// TestAnUnsafeMigrationStopsBeforeTheFirstEffect: the judgement is made from the
// SQL, before there is even a backup.
func TestAnUnsafeMigrationStopsBeforeTheFirstEffect(t *testing.T) {
	sc, _ := withDatabase(t, "v2.1.0-badmigration")
	err := judgeMigrations{policy: environment.Refuse}.Run(t.Context(), sc)
	require.ErrorIs(t, err, ErrUnsafe)
	require.ErrorContains(t, err, "nothing was changed")
	require.ErrorContains(t, err, "rows of Tasks are deleted")
	require.NoError(t, judgeMigrations{policy: environment.Accept}.Run(t.Context(), sc))
	sc.To = "v2.1.0"
	require.NoError(t, judgeMigrations{policy: environment.Refuse}.Run(t.Context(), sc))
}
