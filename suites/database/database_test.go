// Package database_test checks the state of the platform's database: that it
// answers, that nothing in it is damaged, that its schema is the expected one
// and that no row of its critical tables has been lost.
package database_test

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/barq-platform/barqgate/fixtures/barq"
	"github.com/barq-platform/barqgate/fixtures/mssql"
	"github.com/barq-platform/barqgate/harness/suite"
	"github.com/stretchr/testify/require"
)

func TestMain(m *testing.M) {
	suite.Main(m, suite.Suite{Name: "database", About: "The database answers, is undamaged, has the expected schema, and has lost nothing."})
}

// open connects to the platform's database.
func open(t *testing.T, c *suite.Check) *mssql.DB {
	t.Helper()
	db, err := mssql.Open(t.Context(), suite.Env().Database, suite.Env().Database.Name)
	c.Require(err == nil, "connect to the database: %v", err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}

func TestConnectionAnswers(t *testing.T) {
	const attempts = 20
	c := suite.Criterion(t, "database.connection.answers", "New connections to the database are accepted and answer within the threshold.")
	c.Needs(attempts)
	limit := suite.Env().Database.AverageQuery
	c.WouldCatch("an average above %s for a trivial query", limit)
	var total time.Duration
	for range attempts {
		db := open(t, c)
		begin := time.Now()
		var one int
		err := db.SQL().QueryRowContext(t.Context(), "SELECT 1").Scan(&one)
		total += time.Since(begin)
		c.Require(err == nil && one == 1, "a trivial query answers %d (%v); expected 1", one, err)
		c.Observed(1, "connections that answered")
	}
	average := total / attempts
	c.Measured("average-query-ms", float64(average.Microseconds())/1000)
	c.Require(average < limit, "a trivial query takes %s on average; expected less than %s", average, limit)
}

func TestIntegrity(t *testing.T) {
	c := suite.Criterion(t, "database.integrity.checkdb", "DBCC CHECKDB finds no error.")
	c.WouldCatch("one damaged page or broken reference")
	server, err := mssql.OpenServer(t.Context(), suite.Env().Database)
	c.Require(err == nil, "connect to the server: %v", err)
	t.Cleanup(func() { require.NoError(t, server.Close()) })
	err = server.CheckDB(t.Context(), suite.Env().Database.Name)
	c.Require(err == nil, "DBCC CHECKDB: %v", err)
	c.Observed(1, "complete checks of the database")
}

func TestKeysAreTrusted(t *testing.T) {
	c := suite.Criterion(t, "database.keys.trusted", "Every foreign key is enabled and trusted.")
	c.WouldCatch("one constraint that was switched off, or on again without checking the rows")
	db := open(t, c)
	rows, err := db.SQL().QueryContext(t.Context(), "SELECT name, is_disabled, is_not_trusted FROM sys.foreign_keys ORDER BY name")
	c.Require(err == nil, "list the foreign keys: %v", err)
	defer func() { require.NoError(t, rows.Close()) }()
	for rows.Next() {
		var name string
		var disabled, untrusted bool
		require.NoError(t, rows.Scan(&name, &disabled, &untrusted))
		c.Require(!disabled && !untrusted, "foreign key %s is disabled (%t) or not trusted (%t); run ALTER TABLE … WITH CHECK CHECK CONSTRAINT", name, disabled, untrusted)
		c.Observed(1, "trusted foreign keys")
	}
	require.NoError(t, rows.Err())
}

func TestMigrations(t *testing.T) {
	c := suite.Criterion(t, "database.migrations.expected", "Exactly the migrations that the release needs are applied.")
	c.WouldCatch("one migration missing or not expected")
	var expected []string
	require.NoError(t, json.Unmarshal([]byte(c.Fact(barq.FactMigrationsExpected)), &expected))
	applied, err := open(t, c).AppliedMigrations(t.Context())
	c.Require(err == nil, "list the applied migrations: %v", err)
	for _, id := range expected {
		c.Require(slices.Contains(applied, id), "migration %s is not applied", id)
		c.Observed(1, "migrations applied")
	}
	for _, id := range applied {
		c.Require(slices.Contains(expected, id), "migration %s is applied but not part of the release", id)
	}
}

func TestDataIsKept(t *testing.T) {
	c := suite.Criterion(t, "database.data.kept", "The migrations have changed no value of a critical table, over the columns that both schemas have.")
	c.WouldCatch("one row lost, or one value changed, in a table that no user wrote to meanwhile")
	var seen mssql.Comparison
	require.NoError(t, json.Unmarshal([]byte(c.Fact(barq.FactMigrationWindow)), &seen))
	c.EvidenceJSON("migrations.json", seen)
	c.Measured("columns-gone", seen.LostColumns)
	for _, lost := range seen.Lost() {
		c.Failf("%s", lost)
	}
	for _, table := range suite.Env().Database.Critical {
		_, counted := seen.Before.Rows[table]
		c.Require(counted && seen.Covers(table), "the deployment has not compared %s", table)
		if written := seen.Written[table]; written > 0 {
			c.Measured("written-to-"+table, written) // the rehearsal has compared it, on the copy
			continue
		}
		c.Observed(1, "critical tables with the same content")
	}
}

func TestRowsAreKept(t *testing.T) {
	c := suite.Criterion(t, "database.rows.kept", "No critical table has fewer rows than before the deployment.")
	c.Needs(len(suite.Env().Database.Critical))
	c.WouldCatch("one row less in a critical table")
	var baseline map[string]int64
	require.NoError(t, json.Unmarshal([]byte(c.Fact(barq.FactBaselineRows)), &baseline))
	now, err := open(t, c).RowCounts(t.Context(), suite.Env().Database.Critical)
	c.Require(err == nil, "count the rows: %v", err)
	c.EvidenceJSON("rows.json", map[string]any{"baseline": baseline, "now": now})
	for _, table := range suite.Env().Database.Critical {
		before, counted := baseline[table]
		c.Require(counted, "the baseline has no count of %s", table)
		c.Require(now[table] >= before, "%s has %d rows; before the deployment it had %d: %d are lost", table, now[table], before, before-now[table])
		c.Observed(1, "critical tables without loss")
	}
}
