// Package rollback_test holds the runbook's success criteria of a rollback: the
// system is what it was before, its data is whole, it is as fast as it was, and
// users can get in.
package rollback_test

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/barq-platform/barqgate/fixtures/barq"
	"github.com/barq-platform/barqgate/fixtures/kube"
	"github.com/barq-platform/barqgate/fixtures/mssql"
	"github.com/barq-platform/barqgate/harness/environment"
	"github.com/barq-platform/barqgate/harness/suite"
	"github.com/stretchr/testify/require"
)

func TestMain(m *testing.M) {
	suite.Main(m, suite.Suite{
		Name:    "rollback",
		About:   "After a rollback the system is what it was before: image, capacity, data, speed and access.",
		Effects: []environment.Effect{environment.Write, environment.Provision},
	})
}

func connect(t *testing.T, c *suite.Check) *kube.Cluster {
	t.Helper()
	cluster, err := kube.Connect(t.Context(), suite.Env().Kubernetes)
	c.Require(err == nil, "%v", err)
	return cluster
}

func TestPreviousImageIsRestored(t *testing.T) {
	c := suite.Criterion(t, "rollback.image.restored", "The Deployment and every pod run the image from before the deployment.")
	c.Needs(suite.Env().Kubernetes.Replicas)
	c.WouldCatch("one pod of the rejected release")
	want := c.Fact(barq.FactFromImage)
	cluster := connect(t, c)
	d, err := cluster.Deployment(t.Context())
	c.Require(err == nil, "%v", err)
	c.Require(d.Image == want, "the Deployment's image is %s; before the deployment it was %s", d.Image, want)
	pods, err := cluster.Pods(t.Context())
	c.Require(err == nil, "%v", err)
	for _, p := range pods {
		if p.Terminating {
			continue
		}
		c.Require(p.Image == want, "pod %s runs %s; expected %s", p.Name, p.Image, want)
		c.Observed(1, "pods of the previous image")
	}
}

func TestCapacityIsRestored(t *testing.T) {
	c := suite.Criterion(t, "rollback.capacity.restored", "As many replicas as configured are available.")
	want := suite.Env().Kubernetes.Replicas
	c.Needs(want)
	c.WouldCatch("one replica missing, as after a scale to zero that was not taken back")
	d, err := connect(t, c).Deployment(t.Context())
	c.Require(err == nil, "%v", err)
	c.Require(int(d.Available) == want, "%d replicas are available; expected %d (%s)", d.Available, want, d.Status)
	c.Observed(int(d.Available), "available replicas")
}

func TestDataIsIntact(t *testing.T) {
	c := suite.Criterion(t, "rollback.data.intact", "No critical table has fewer rows than before the deployment.")
	c.Needs(len(suite.Env().Database.Critical))
	c.WouldCatch("one row less in a critical table")
	var baseline map[string]int64
	require.NoError(t, json.Unmarshal([]byte(c.Fact(barq.FactBaselineRows)), &baseline))
	db, err := mssql.Open(t.Context(), suite.Env().Database, suite.Env().Database.Name)
	c.Require(err == nil, "connect to the database: %v", err)
	defer func() { require.NoError(t, db.Close()) }()
	now, err := db.RowCounts(t.Context(), suite.Env().Database.Critical)
	c.Require(err == nil, "count the rows: %v", err)
	for _, table := range suite.Env().Database.Critical {
		before, counted := baseline[table]
		c.Require(counted, "the baseline has no count of %s", table)
		c.Require(now[table] >= before, "%s has %d rows; before the deployment it had %d", table, now[table], before)
		c.Observed(1, "critical tables without loss")
	}
}

func TestSpeedIsRestored(t *testing.T) {
	const requests = 200
	c := suite.Criterion(t, "rollback.performance.restored", "Requests are answered within the threshold again.")
	c.Needs(requests)
	limit := suite.Env().Thresholds.P95
	c.WouldCatch("a p95 above %s", limit)
	session := login(t, c)
	durations := make([]time.Duration, 0, requests)
	for range requests {
		exchange, err := session.Do(t.Context(), barq.TasksRequest(barq.TaskList{}))
		c.Require(err == nil && exchange.Status == 200, "a list of tasks is answered %d (%v)", exchange.Status, err)
		durations = append(durations, exchange.Duration)
		c.Observed(1, "answered requests")
	}
	slices.Sort(durations)
	p95 := durations[requests*95/100]
	c.Measured("p95-ms", float64(p95.Microseconds())/1000)
	c.Require(p95 < limit, "p95 over %d requests is %s; expected less than %s", requests, p95, limit)
}

func TestUsersCanLogIn(t *testing.T) {
	c := suite.Criterion(t, "rollback.access.users-can-log-in", "Users can log in and see their data.")
	c.WouldCatch("a rollback after which logins fail")
	session := login(t, c)
	page, err := session.Tasks(t.Context(), barq.TaskList{})
	c.Require(err == nil, "list the user's tasks: %v", err)
	c.Observed(1+page.Count(), "logins")
}

func login(t *testing.T, c *suite.Check) *barq.Session {
	t.Helper()
	client, err := barq.NewClient(suite.Env())
	require.NoError(t, err)
	t.Cleanup(client.CloseIdleConnections)
	tenants := barq.MustProvision(t, suite.Env(), "rollback")
	session, err := client.Login(t.Context(), tenants.A.User().Credentials())
	c.Require(err == nil, "log in: %v", err)
	return session
}
