// Package smoke_test is the short answer to "does it work at all": the API is
// alive, a user can log in, and what that user writes can be read back.
package smoke_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/barq-platform/barqgate/fixtures/barq"
	"github.com/barq-platform/barqgate/harness/environment"
	"github.com/barq-platform/barqgate/harness/suite"
	"github.com/stretchr/testify/require"
)

func TestMain(m *testing.M) {
	suite.Main(m, suite.Suite{
		Name:    "smoke",
		About:   "The platform is alive, lets a user in, and keeps what the user writes.",
		Effects: []environment.Effect{environment.Write, environment.Provision},
	})
}

// login makes two tenants and returns a session of the first one's user.
func login(t *testing.T, c *suite.Check) *barq.Session {
	t.Helper()
	client, err := barq.NewClient(suite.Env())
	require.NoError(t, err)
	tenants := barq.MustProvision(t, suite.Env(), "smoke")
	session, err := client.Login(t.Context(), tenants.A.User().Credentials())
	c.Require(err == nil, "a user with the right password cannot log in: %v", err)
	t.Cleanup(client.CloseIdleConnections)
	return session
}

func TestAPIIsAlive(t *testing.T) {
	c := suite.Criterion(t, "smoke.api.alive", "The API answers its liveness route.")
	c.WouldCatch("an API that is down or answers with an error")
	client, err := barq.NewClient(suite.Env())
	require.NoError(t, err)
	health, exchange, err := client.Health(t.Context(), "/health/live")
	c.Require(err == nil, "the liveness route gave no health report: %v", err)
	c.EvidenceJSON("answer.json", exchange)
	c.Require(exchange.Status == http.StatusOK, "the liveness route answered %d (%q); expected 200", exchange.Status, health.Status)
	c.Observed(1, "liveness answers")
}

func TestUserCanLogIn(t *testing.T) {
	c := suite.Criterion(t, "smoke.login.works", "A user with the right password is let in and recognised.")
	c.WouldCatch("logins that fail, or that let in somebody else")
	session := login(t, c)
	c.Observed(1, "logins")
	page, err := session.Tasks(t.Context(), barq.TaskList{})
	c.Require(err == nil, "the new session cannot list its tasks: %v", err)
	c.Require(page.Count() == 0, "a tenant made a moment ago already has %d tasks", page.Count())
	c.Observed(1, "logins and authenticated requests")
}

func TestTaskIsKept(t *testing.T) {
	c := suite.Criterion(t, "smoke.task.kept", "A task that was created can be read, changed and deleted.")
	c.Needs(4)
	c.WouldCatch("a task lost or changed between two requests")
	session := login(t, c)
	marker := barq.NewMarker("smoke").String()
	const description = "made by the smoke suite"
	created, err := session.CreateTask(t.Context(), barq.NewTask{Name: marker, Description: description, TaskType: "Review"})
	c.Require(err == nil, "create a task: %v", err)
	c.Observed(1, "steps of a task's life")
	t.Cleanup(func() { removeTask(t, session, created.ID) })

	read, err := session.Task(t.Context(), created.ID)
	c.Require(err == nil, "read the task just created: %v", err)
	c.Require(read.Name == marker && read.Description == description, "the task reads back as %q, %q; expected %q, %q", read.Name, read.Description, marker, description)
	c.Observed(1, "steps of a task's life")

	c.Require(session.SetTaskStatus(t.Context(), created.ID, "InProgress") == nil, "the status of the task cannot be set")
	read, err = session.Task(t.Context(), created.ID)
	c.Require(err == nil && read.Status == "InProgress", "after setting the status to InProgress it is %q (%v)", read.Status, err)
	c.Observed(1, "steps of a task's life")

	page, err := session.Tasks(t.Context(), barq.TaskList{List: barq.List{SearchTerm: marker}})
	c.Require(err == nil, "search the task: %v", err)
	c.Require(page.Count() == 1, "a search for the task's unique name finds %d; expected 1", page.Count())
	c.Observed(1, "steps of a task's life")
}

// removeTask deletes what a test made where tenants are not removed as a whole.
func removeTask(t *testing.T, session *barq.Session, id string) {
	t.Helper()
	err := session.DeleteTask(context.WithoutCancel(t.Context()), id)
	if barq.StatusOf(err) != http.StatusNotFound {
		require.NoError(t, err, "remove the test's task %s", id)
	}
}
