package phases

import (
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/barq-platform/barqgate/fixtures/barq"
	"github.com/barq-platform/barqgate/fixtures/flowable"
	lab "github.com/barq-platform/barqgate/fixtures/lab/flowable"
	"github.com/barq-platform/barqgate/fixtures/mssql"
	"github.com/barq-platform/barqgate/harness/environment"
	"github.com/barq-platform/barqgate/harness/journal/event"
)

// TestOnlyWhatTheRunHasLeftIsRemoved: beside it lie a database that no ledger
// names, and tenants of another run, of a person, and of nobody.
func TestOnlyWhatTheRunHasLeftIsRemoved(t *testing.T) {
	sc, _ := withDatabase(t, "v2.1.0")
	env, conf := sc.Env, sc.Env.Database
	engine := httptest.NewServer(lab.New(lab.Config{User: "rest-admin", Password: "right", Faults: func(string) bool { return false }}).Handler())
	t.Cleanup(engine.Close)
	env.BPM.URL, env.BPM.User, env.BPM.Password = engine.URL+lab.Path, "rest-admin", environment.NewSecret("right")
	env.Tenancy.Provision, env.Allow = true, append(env.Allow, environment.Provision)
	run(t, sc, backUp{database: conf.Name})
	restore := func(name string) {
		require.NoError(t, onServer(t.Context(), conf, func(server *mssql.Server) error {
			return server.Restore(t.Context(), mssql.Restoration{Source: conf.Name, Target: name, Path: sc.Fact(barq.FactBackupPath)})
		}))
	}
	restore(conf.ScratchName)
	restore("somebody_elses")
	provision := func(run string) *barq.Tenants {
		t.Setenv(environment.RunVariable, run)
		tenants, _, err := barq.Provision(t.Context(), env, "auth")
		require.NoError(t, err)
		return tenants
	}
	left := provision("20260101T000000Z-aaaa")
	workflow := deployProcess(t, env, "20260101T000000Z-aaaa")
	deployProcess(t, env, "")
	kept := []*barq.Tenants{provision("20260101T000000Z-aaab"), provision("")}
	before := rowsOf(t, conf)

	removed, err := Collect(t.Context(), env, "20260101T000000Z-aaaa", []event.ObjectCreated{{Object: objectDatabase, ID: conf.ScratchName}})
	require.NoError(t, err)
	require.Equal(t, []string{"database " + conf.ScratchName, "tenant " + left.A.Name, "tenant " + left.B.Name, "workflow " + workflow}, removed)
	require.Equal(t, before["Tenants"]-2, rowsOf(t, conf)["Tenants"])
	require.Equal(t, before["AspNetUsers"]-2, rowsOf(t, conf)["AspNetUsers"])
	require.NoError(t, onServer(t.Context(), conf, func(server *mssql.Server) error {
		there, err := server.Exists(t.Context(), "somebody_elses")
		require.True(t, there)
		return err
	}))
	for _, tenants := range kept {
		again, err := barq.RemoveLabelled(t.Context(), env, tenants.Label) // a label is no run
		require.NoError(t, err)
		require.Empty(t, again)
	}

	removed, err = Collect(t.Context(), env, "20260101T000000Z-aaaa", []event.ObjectCreated{{Object: objectDatabase, ID: conf.ScratchName}})
	require.NoError(t, err)
	require.Empty(t, removed, "there is nothing left")
	_, err = Collect(t.Context(), env, "r", []event.ObjectCreated{{Object: objectDatabase, ID: conf.Name}})
	require.ErrorContains(t, err, "only scratch databases are dropped")
	_, err = Collect(t.Context(), env, "r", []event.ObjectCreated{{Object: "volcano", ID: "x"}})
	require.ErrorContains(t, err, "remove it by hand")
	_, err = barq.RemoveLabelled(t.Context(), env, "")
	require.ErrorContains(t, err, "no run is named")
}

// deployProcess deploys the sample process as a suite of the run, and returns the
// deployment's name.
func deployProcess(t *testing.T, env *environment.Environment, run string) string {
	t.Helper()
	t.Setenv(environment.RunVariable, run)
	process, err := os.ReadFile(filepath.Join("..", "testdata", "bpmn", "barq-task-workflow.bpmn20.xml"))
	require.NoError(t, err)
	ledger := flowable.NewLedger()
	client := flowable.New(env, "tenant-a", ledger)
	defer client.CloseIdleConnections()
	deployed, err := client.Deploy(t.Context(), ledger.Name(), "barq-task-workflow.bpmn20.xml", process)
	require.NoError(t, err)
	return deployed.Name
}

func rowsOf(t *testing.T, conf environment.Database) map[string]int64 {
	t.Helper()
	var rows map[string]int64
	require.NoError(t, inDatabase(t.Context(), conf, conf.Name, func(db *mssql.DB) (err error) {
		rows, err = db.RowCounts(t.Context(), conf.Critical)
		return err
	}))
	return rows
}
