// Package journeys_test walks the paths that users walk: a request becomes a
// task, work is done on it, and it is completed, within a project and from a
// template.
package journeys_test

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
		Name:    "journeys",
		About:   "Users can take a request from its beginning to its completion.",
		Effects: []environment.Effect{environment.Write, environment.Provision},
	})
}

// begin logs a user of a fresh tenant in.
func begin(t *testing.T) (*barq.Session, *barq.Tenants) {
	t.Helper()
	client, err := barq.NewClient(suite.Env())
	require.NoError(t, err)
	t.Cleanup(client.CloseIdleConnections)
	tenants := barq.MustProvision(t, suite.Env(), "journeys")
	session, err := client.Login(t.Context(), tenants.A.User().Credentials())
	require.NoError(t, err)
	return session, tenants
}

// discard deletes a project or task where tenants are not removed as a whole.
func discard(t *testing.T, tenants *barq.Tenants, session *barq.Session, path string) {
	t.Helper()
	if tenants.Provisioned {
		return
	}
	t.Cleanup(func() {
		e, err := session.Do(context.WithoutCancel(t.Context()), barq.Request{Method: http.MethodDelete, Path: path})
		require.NoError(t, err)
		require.Contains(t, []int{http.StatusOK, http.StatusNotFound}, e.Status, "remove %s", path)
	})
}

func TestRequestIsCompleted(t *testing.T) {
	c := suite.Criterion(t, "journeys.task.completed", "A request becomes a task, is assigned, worked on and completed.")
	c.Needs(5)
	c.WouldCatch("one step of a task's life that is lost")
	session, tenants := begin(t)
	done := func(ok bool, format string, args ...any) {
		c.Require(ok, format, args...)
		c.Observed(1, "steps from request to completion")
	}
	task, err := session.CreateTask(t.Context(), barq.NewTask{Name: barq.NewMarker("journey").String(), TaskType: "Review", Priority: "High"})
	done(err == nil, "create the request: %v", err)
	discard(t, tenants, session, "/api/Tasks/"+task.ID)

	c.Require(session.AssignTask(t.Context(), task.ID, session.User.ID) == nil, "the task cannot be assigned to its author")
	assigned, err := session.Task(t.Context(), task.ID)
	done(err == nil && assigned.AssignedToID == session.User.ID, "after assigning, the task belongs to %q (%v); expected %q", assigned.AssignedToID, err, session.User.ID)

	change := barq.TaskChange{Name: task.Name, Status: "InProgress", Priority: "High", AssignedToID: session.User.ID, ActualHours: 3, ProgressPercentage: 50}
	changed, err := session.UpdateTask(t.Context(), task.ID, change)
	done(err == nil && changed.ActualHours == 3, "after working on it, the task shows %d hours (%v); expected 3", changed.ActualHours, err)

	c.Require(session.SetTaskStatus(t.Context(), task.ID, "Completed") == nil, "the task cannot be completed")
	completed, err := session.Task(t.Context(), task.ID)
	done(err == nil && completed.Status == "Completed", "after completing, the task's status is %q (%v); expected Completed", completed.Status, err)
	done(!completed.CompletedDate.IsZero(), "a completed task has no completion date")
}

func TestProjectShowsItsTasks(t *testing.T) {
	c := suite.Criterion(t, "journeys.project.shows-its-tasks", "A project shows the tasks that were added to it.")
	c.Needs(3)
	c.WouldCatch("one task that its project does not show")
	session, tenants := begin(t)
	project, err := session.CreateProject(t.Context(), barq.NewProject{Name: barq.NewMarker("project").String()})
	c.Require(err == nil, "create a project: %v", err)
	discard(t, tenants, session, "/api/Projects/"+project.ID)
	added := map[string]bool{}
	for range 3 {
		task, err := session.CreateTask(t.Context(), barq.NewTask{Name: barq.NewMarker("part").String(), TaskType: "Review", ProjectID: project.ID})
		c.Require(err == nil, "add a task to the project: %v", err)
		discard(t, tenants, session, "/api/Tasks/"+task.ID)
		added[task.ID] = true
	}
	read, err := session.Project(t.Context(), project.ID)
	c.Require(err == nil, "read the project: %v", err)
	for _, task := range read.Tasks {
		if added[task.ID] {
			c.Observed(1, "tasks shown by their project")
			delete(added, task.ID)
		}
	}
	c.Require(len(added) == 0, "the project does not show %d of its 3 tasks", len(added))
}

func TestTemplateIsCopiedWithItsTasks(t *testing.T) {
	c := suite.Criterion(t, "journeys.template.copied", "A project made from a template has the template's tasks as drafts.")
	c.Needs(2)
	c.WouldCatch("a template whose tasks are not copied")
	session, tenants := begin(t)
	template, err := session.CreateProject(t.Context(), barq.NewProject{Name: barq.NewMarker("template").String(), IsTemplate: true})
	c.Require(err == nil, "create a template: %v", err)
	discard(t, tenants, session, "/api/Projects/"+template.ID)
	for range 2 {
		task, err := session.CreateTask(t.Context(), barq.NewTask{Name: barq.NewMarker("step").String(), TaskType: "Review", Status: "Completed", ProjectID: template.ID})
		c.Require(err == nil, "add a task to the template: %v", err)
		discard(t, tenants, session, "/api/Tasks/"+task.ID)
	}
	made, err := session.CreateProjectFromTemplate(t.Context(), template.ID, barq.NewMarker("copy").String())
	c.Require(err == nil, "make a project from the template: %v", err)
	discard(t, tenants, session, "/api/Projects/"+made.ID)
	copied, err := session.Project(t.Context(), made.ID)
	c.Require(err == nil, "read the project made from the template: %v", err)
	c.Require(len(copied.Tasks) == 2, "the project made from a template of 2 tasks has %d", len(copied.Tasks))
	for _, task := range copied.Tasks {
		discard(t, tenants, session, "/api/Tasks/"+task.ID)
		c.Require(task.Status == "Draft", "a copied task has the status %q; expected Draft", task.Status)
		c.Observed(1, "tasks copied")
	}
}
