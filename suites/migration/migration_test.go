// Package migration_test checks whether the pending migrations may be applied: the
// history has no gap, their SQL leaves the old version running, and a rehearsal on
// a copy of the database has shown what they do and what they cost.
package migration_test

import (
	"encoding/json"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/barq-platform/barqgate/fixtures/barq"
	"github.com/barq-platform/barqgate/fixtures/mssql"
	"github.com/barq-platform/barqgate/harness/environment"
	"github.com/barq-platform/barqgate/harness/suite"
	"github.com/stretchr/testify/require"
)

func TestMain(m *testing.M) {
	suite.Main(m, suite.Suite{Name: "migration", About: "The pending migrations can be applied while the old version runs, and lose nothing."})
}

// script is all migrations that there is SQL of, in order.
func script(t *testing.T, c *suite.Check) []mssql.Migration {
	t.Helper()
	all, err := mssql.LoadMigrations(filepath.Join(suite.Root(t), suite.Env().Database.Migrations.Script))
	c.Require(err == nil, "%v", err)
	return all
}

func TestHistoryHasNoGap(t *testing.T) {
	c := suite.Criterion(t, "migration.history.complete", "Every migration up to the newest applied one is in the history, and none that nobody knows.")
	c.WouldCatch("one row missing in __EFMigrationsHistory")
	db, err := mssql.Open(t.Context(), suite.Env().Database, suite.Env().Database.Name)
	c.Require(err == nil, "connect to the database: %v", err)
	defer func() { require.NoError(t, db.Close()) }()
	applied, err := db.AppliedMigrations(t.Context())
	c.Require(err == nil, "list the applied migrations: %v", err)
	c.Require(len(applied) > 0, "the history is empty")
	all := script(t, c)
	c.EvidenceJSON("history.json", applied)
	for _, m := range all {
		c.Require(m.ID > applied[len(applied)-1] || slices.Contains(applied, m.ID), "migration %s is not in the history, although %s, which comes after it, is", m.ID, applied[len(applied)-1])
	}
	for _, id := range applied {
		c.Require(slices.ContainsFunc(all, func(m mssql.Migration) bool { return m.ID == id }), "migration %s is in the history, and there is no SQL of it", id)
		c.Observed(1, "migrations in the history")
	}
}

func TestPendingAreRollingSafe(t *testing.T) {
	c := suite.Criterion(t, "migration.safety.old-version-survives", "No pending migration breaks the version that runs while pods are replaced.")
	c.WouldCatch("one statement that takes away, renames, narrows, locks out or deletes what the old version uses")
	var before, expected []string
	require.NoError(t, json.Unmarshal([]byte(c.Fact(barq.FactMigrationsBefore)), &before))
	require.NoError(t, json.Unmarshal([]byte(c.Fact(barq.FactMigrationsExpected)), &expected))
	pending := slices.DeleteFunc(slices.Clone(expected), func(id string) bool { return slices.Contains(before, id) })
	all, err := mssql.SelectMigrations(script(t, c), slices.Concat(before, expected))
	c.Require(err == nil, "%v", err)
	judged, err := mssql.JudgeMigrations(all, pending)
	c.Require(err == nil, "%v", err)
	c.EvidenceJSON("judged.json", judged)
	c.Observed(1, "comparisons of what is needed with what is there")
	for _, m := range judged {
		if !m.RollingSafe() && suite.Env().Database.Migrations.Unsafe == environment.Accept {
			c.Measured("accepted-"+m.ID, m.Reason())
			continue
		}
		c.Require(m.RollingSafe(), "migration %s is not rolling-safe: %s", m.ID, m.Reason())
		c.Observed(1, "migrations judged")
	}
}

// needRehearsal skips where there is none.
func needRehearsal(c *suite.Check) {
	if suite.Env().Database.Migrations.Rehearsal.Mode == environment.NoRehearsal {
		c.Skip("migrations are not rehearsed here (database.migrations.rehearsal.mode: none)")
	}
}

// rehearsal reads what the deployment has seen on the copy.
func rehearsal(t *testing.T, c *suite.Check, fact string) mssql.Rehearsal {
	t.Helper()
	var r mssql.Rehearsal
	require.NoError(t, json.Unmarshal([]byte(fact), &r))
	c.EvidenceJSON("rehearsal.json", r)
	c.Require(len(r.Before.Rows) > 0, "the rehearsal has counted no table")
	return r
}

func TestRehearsalIsWithinLimits(t *testing.T) {
	c := suite.Criterion(t, "migration.rehearsal.within-limits", "On the copy, nobody waited too long for the migrations, and the log did not grow too much.")
	limits := suite.Env().Database.Migrations.Rehearsal
	c.WouldCatch("a reader or writer that waits longer than %s, or a log that grows by more than %d bytes", limits.MaxBlocked, limits.MaxLogGrowth)
	needRehearsal(c)
	r := rehearsal(t, c, c.Fact(barq.FactRehearsal))
	p := r.Probes
	c.Measured("duration-ms", r.Duration.Milliseconds())
	c.Measured("longest-read-ms", p.LongestRead.Milliseconds())
	c.Measured("longest-write-ms", p.LongestWrite.Milliseconds())
	for kind, longest := range map[string]time.Duration{"reader": p.LongestRead, "writer": p.LongestWrite} {
		c.Require(longest <= limits.MaxBlocked, "a %s waited %s for the migrations; expected at most %s", kind, longest, limits.MaxBlocked)
	}
	c.Require(p.FailedRead == "" && p.FailedWrite == "", "a reader or writer failed while migrations were applied: %s%s", p.FailedRead, p.FailedWrite)
	if p.Reads == 0 || p.Writes == 0 {
		c.Inconclusive("%d reads and %d writes were tried while migrations were applied, so nobody knows whom they block", p.Reads, p.Writes)
	}
	if r.LogBytes == nil {
		c.Inconclusive("the growth of the transaction log is unknown")
	}
	c.Measured("log-bytes", *r.LogBytes)
	c.Require(*r.LogBytes <= limits.MaxLogGrowth, "the transaction log grew by %d bytes; expected at most %d", *r.LogBytes, limits.MaxLogGrowth)
	c.Observed(p.Reads+p.Writes, "reads and writes beside the migrations")
}

func TestRehearsalLosesNothing(t *testing.T) {
	c := suite.Criterion(t, "migration.rehearsal.data-kept", "On the copy, every critical table has the same rows after the migrations, over the columns that both schemas have.")
	c.Needs(len(suite.Env().Database.Critical))
	c.WouldCatch("one row lost, or one value changed")
	needRehearsal(c)
	r := rehearsal(t, c, c.Fact(barq.FactRehearsal))
	for _, lost := range r.Lost() {
		c.Failf("%s", lost)
	}
	for _, table := range suite.Env().Database.Critical {
		_, counted := r.Before.Rows[table]
		c.Require(counted, "the rehearsal has not counted %s", table)
		c.Observed(1, "critical tables compared")
	}
	c.Measured("columns-gone", r.LostColumns)
}

func TestOldVersionWorksOnTheNewSchema(t *testing.T) {
	c := suite.Criterion(t, "migration.rehearsal.old-version-works", "The old version passes its suites on the migrated copy.")
	c.WouldCatch("an old version that the new schema breaks in a way that no rule knows")
	wanted := suite.Env().Database.Migrations.Rehearsal.Suites
	if len(wanted) == 0 {
		c.Skip("no suites are run on the copy here (database.migrations.rehearsal.suites)")
	}
	needRehearsal(c)
	r := rehearsal(t, c, c.Fact(barq.FactRehearsal))
	if len(r.Migrations) == 0 {
		c.Observed(1, "rehearsals; nothing was pending")
		return
	}
	for _, name := range wanted {
		found, ran := r.Suites[name]
		c.Require(ran, "suite %s was not run against the old version on the migrated copy", name)
		c.Require(found == "pass", "suite %s against the old version on the migrated copy: %s", name, found)
		c.Observed(1, "suites of the old version")
	}
}
