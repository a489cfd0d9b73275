// Package dbperformance_test checks how the database does under work: what
// statements take within a window, who waits for whom, and how many are connected.
package dbperformance_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/barq-platform/barqgate/fixtures/barq"
	"github.com/barq-platform/barqgate/fixtures/mssql"
	"github.com/barq-platform/barqgate/harness/environment"
	"github.com/barq-platform/barqgate/harness/suite"
	"github.com/stretchr/testify/require"
)

func TestMain(m *testing.M) {
	suite.Main(m, suite.Suite{
		Name:    "dbperformance",
		About:   "Under work the database answers within the threshold, and nobody waits for others for long.",
		Effects: []environment.Effect{environment.Write, environment.Provision},
	})
}

func open(t *testing.T, c *suite.Check) *mssql.DB {
	t.Helper()
	db, err := mssql.Open(t.Context(), suite.Env().Database, suite.Env().Database.Name)
	c.Require(err == nil, "connect to the database: %v", err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}

// workers is how many users work at once; with two, one can wait for the other.
const workers = 4

// underWork has users of a synthetic tenant create and list tasks for as long as
// the window lasts, besides whatever the platform does anyway. look is called
// again and again meanwhile.
func underWork(t *testing.T, c *suite.Check, look func()) {
	t.Helper()
	client, err := barq.NewClient(suite.Env())
	require.NoError(t, err)
	t.Cleanup(client.CloseIdleConnections)
	tenants := barq.MustProvision(t, suite.Env(), "dbperformance")
	session, err := client.Login(t.Context(), tenants.A.User().Credentials())
	c.Require(err == nil, "log in: %v", err)
	ctx, cancel := context.WithTimeout(t.Context(), suite.Env().Database.Performance.Window)
	defer cancel()
	var working sync.WaitGroup
	for range workers {
		working.Go(func() {
			for ctx.Err() == nil {
				// An answer is no matter of this suite: what reaches the database is.
				task, err := session.CreateTask(ctx, barq.NewTask{Name: barq.NewMarker("dbperformance").String(), TaskType: "Review"})
				if err == nil && !tenants.Provisioned {
					_ = session.DeleteTask(context.WithoutCancel(ctx), task.ID)
				}
				for range 4 {
					_, _ = session.Tasks(ctx, barq.TaskList{})
				}
			}
		})
	}
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for ctx.Err() == nil {
		look()
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
	working.Wait()
}

func TestQueriesAreFast(t *testing.T) {
	c := suite.Criterion(t, "dbperformance.queries.average-within-threshold", "Within a window under work, a statement takes less than the threshold on average.")
	conf := suite.Env().Database
	c.Needs(conf.Performance.MinimumSamples)
	c.WouldCatch("an average of %s or more over the statements of the window", conf.AverageQuery)
	db := open(t, c)
	before, err := db.QueryStats(t.Context())
	c.Require(err == nil, "%v", err)
	underWork(t, c, func() {})
	after, err := db.QueryStats(t.Context())
	c.Require(err == nil, "%v", err)
	w, err := after.Since(before)
	if err != nil {
		c.Inconclusive("%v", err)
	}
	c.EvidenceJSON("window.json", w)
	c.Measured("average-ms", float64(w.Average().Microseconds())/1000)
	c.Measured("evicted-plans", w.Evicted)
	c.Measured("restarted-plans", w.Restarted)
	if len(w.Slowest) > 0 {
		c.Measured("slowest-statement", w.Slowest[0].Text)
		c.Measured("slowest-average-ms", float64(w.Slowest[0].Average.Microseconds())/1000)
	}
	c.Require(w.Average() < conf.AverageQuery, "%d statements took %s on average; expected less than %s; the slowest: %v", w.Executions, w.Average(), conf.AverageQuery, w.Slowest[:min(3, len(w.Slowest))])
	if lost := int64(w.Evicted + w.Restarted); lost*10 > w.Executions {
		c.Inconclusive("%d plans left the cache or began anew within the window of %d executions, so too much of it is unknown", lost, w.Executions)
	}
	c.Observed(int(w.Executions), "executions")
}

func TestNobodyIsBlocked(t *testing.T) {
	c := suite.Criterion(t, "dbperformance.sessions.not-blocked", "Under work, no session waits for another one for long.")
	const looks = 5
	c.Needs(looks)
	limit := suite.Env().Database.Performance.MaxBlocked
	c.WouldCatch("a session that waits for another one for %s", limit)
	db := open(t, c)
	var longest mssql.Blocked
	underWork(t, c, func() {
		blocked, err := db.Blocked(t.Context())
		c.Require(err == nil, "%v", err)
		for _, b := range blocked {
			if b.Waited > longest.Waited {
				longest = b
			}
		}
		c.Observed(1, "looks at the sessions")
	})
	c.EvidenceJSON("longest.json", longest)
	c.Measured("longest-blocked-ms", longest.Waited.Milliseconds())
	c.Require(longest.Waited <= limit, "session %d waited %s for session %d (%s); expected at most %s", longest.Session, longest.Waited, longest.By, longest.WaitType, limit)
}

func TestConnectionsAreWithinLimit(t *testing.T) {
	c := suite.Criterion(t, "dbperformance.connections.within-limit", "Not more sessions are connected to the database than it is meant for.")
	limit := suite.Env().Database.Performance.MaxConnections
	c.WouldCatch("more than %d sessions", limit)
	n, err := open(t, c).Connections(t.Context())
	c.Require(err == nil, "%v", err)
	c.Measured("connections", n)
	c.Require(n > 0, "the server shows no session, not even this one; the login needs VIEW SERVER STATE")
	c.Require(n <= limit, "%d sessions are connected; expected at most %d", n, limit)
	c.Observed(n, "sessions")
}
