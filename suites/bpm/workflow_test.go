package bpm_test

import (
	"errors"
	"testing"

	"github.com/barq-platform/barqgate/fixtures/flowable"
	"github.com/barq-platform/barqgate/harness/environment"
	"github.com/barq-platform/barqgate/harness/suite"
)

// startOne begins a workflow of tenant A. Without the process there is nothing to
// judge; its own criterion says so.
func (s *scene) startOne(t *testing.T, c *suite.Check) string {
	t.Helper()
	instance, err := s.a.Start(t.Context(), suite.Env().BPM.Key, s.ledger.Name(), flowable.Boolean(suite.Env().BPM.Decision, false))
	c.Require(err == nil, "start the sample process: %v", err)
	return instance.ID
}

// reviewOf returns the open review of a workflow.
func (s *scene) reviewOf(t *testing.T, c *suite.Check, id string) flowable.Task {
	t.Helper()
	return s.only(t, c, id, suite.Env().BPM.Review)
}

// only returns the one open task of a workflow, which has to be that of the stage.
func (s *scene) only(t *testing.T, c *suite.Check, id string, stage environment.Stage) flowable.Task {
	t.Helper()
	offered, err := s.a.Tasks(t.Context(), flowable.TaskQuery{Instance: id, Group: stage.Group})
	c.Require(err == nil, "%v", err)
	c.Require(len(offered) == 1 && offered[0].Definition == stage.Task, "the workflow %s offers %d tasks to the group %s; expected %s alone", id, len(offered), stage.Group, stage.Task)
	return offered[0]
}

// take claims a task and completes it.
func (s *scene) take(t *testing.T, c *suite.Check, task flowable.Task, variables ...flowable.Variable) {
	t.Helper()
	err := s.a.Claim(t.Context(), task.ID, s.user)
	c.Require(err == nil, "claim %s: %v", task.Definition, err)
	err = s.a.Complete(t.Context(), task.ID, variables...)
	c.Require(err == nil, "complete %s: %v", task.Definition, err)
}

// decide ends the review of a workflow.
func (s *scene) decide(t *testing.T, c *suite.Check, id string, approved bool) {
	t.Helper()
	s.take(t, c, s.reviewOf(t, c, id), flowable.Boolean(suite.Env().BPM.Decision, approved))
}

func testCompletes(t *testing.T, s *scene) {
	c := suite.Criterion(t, "bpm.workflow.completes", "A workflow that is started, claimed and approved comes to its end.")
	c.WouldCatch("a workflow that stays where it is")
	conf := suite.Env().BPM
	id := s.startOne(t, c)
	s.decide(t, c, id, true)
	ended, err := s.a.Ended(t.Context(), conf.Key, id)
	c.Require(err == nil, "%v", err)
	if !ended {
		activities, err := s.a.Activities(t.Context(), id)
		c.Require(err == nil, "%v", err)
		c.EvidenceJSON("stuck.json", activities)
		c.Require(false, "the workflow %s is approved, and has not ended after %s: it is stuck at %s", id, conf.Timeout, waiting(activities))
	}
	running, err := s.a.Instances(t.Context(), conf.Key)
	c.Require(err == nil, "%v", err)
	for _, instance := range running {
		c.Require(instance.ID != id, "the workflow %s has ended and is listed as running", id)
	}
	c.Observed(1, "workflows from start to end")
}

// waiting names the step that a workflow has reached and not ended.
func waiting(activities []flowable.Activity) string {
	for _, a := range activities {
		if a.Ended == nil {
			return a.Kind + " " + a.Node
		}
	}
	return "no step that the history shows"
}

// testDecision needs no end: the loop is behind the gateway.
func testDecision(t *testing.T, s *scene) {
	c := suite.Criterion(t, "bpm.workflow.follows-decision", "A workflow that is refused goes to rework, and from there to another review.")
	c.WouldCatch("a decision that does not count")
	id := s.startOne(t, c)
	s.decide(t, c, id, false)
	s.take(t, c, s.only(t, c, id, suite.Env().BPM.Rework))
	s.reviewOf(t, c, id)
	c.Observed(1, "refusals that led to rework and back")
}

func testClaim(t *testing.T, s *scene) {
	c := suite.Criterion(t, "bpm.task.claimed-once", "A task that somebody has claimed cannot be claimed by another, and is offered to nobody else.")
	c.WouldCatch("two people with the same task")
	id := s.startOne(t, c)
	task := s.reviewOf(t, c, id)
	err := s.a.Claim(t.Context(), task.ID, s.user)
	c.Require(err == nil, "claim %s: %v", task.Definition, err)
	err = s.a.Claim(t.Context(), task.ID, s.other)
	c.Require(errors.Is(err, flowable.ErrConflict), "a second user claims the task of the first; expected a conflict, found: %v", err)
	offered, err := s.a.Tasks(t.Context(), flowable.TaskQuery{Instance: id, Group: suite.Env().BPM.Review.Group})
	c.Require(err == nil && len(offered) == 0, "a claimed task is still offered to %d others (%v)", len(offered), err)
	mine, err := s.a.Tasks(t.Context(), flowable.TaskQuery{Instance: id, Assignee: s.user})
	c.Require(err == nil && len(mine) == 1, "whoever has claimed a task finds %d (%v); expected it", len(mine), err)
	c.Observed(1, "claims that hold")
}

func testTenants(t *testing.T, s *scene) {
	c := suite.Criterion(t, "bpm.tenant.isolated", "No query of a tenant finds another's processes, workflows, tasks or history, and it cannot start them.")
	c.Needs(5)
	c.WouldCatch("one list that shows another tenant's work")
	key := suite.Env().BPM.Key
	id := s.startOne(t, c)
	own, err := s.a.Tasks(t.Context(), flowable.TaskQuery{Instance: id})
	c.Require(err == nil && len(own) == 1, "the owner sees %d tasks of its workflow (%v); without one, not seeing it proves nothing", len(own), err)
	definitions, err := s.b.Definitions(t.Context(), key)
	c.Require(err == nil, "%v", err)
	c.Require(len(definitions) == 0, "another tenant sees %d versions of the process", len(definitions))
	instances, err := s.b.Instances(t.Context(), key)
	c.Require(err == nil, "%v", err)
	c.Require(len(instances) == 0, "another tenant sees %d running workflows", len(instances))
	tasks, err := s.b.Tasks(t.Context(), flowable.TaskQuery{Instance: id})
	c.Require(err == nil, "%v", err)
	c.Require(len(tasks) == 0, "another tenant sees %d tasks of the workflow", len(tasks))
	history, err := s.b.History(t.Context(), key, id)
	c.Require(err == nil, "%v", err)
	c.Require(len(history) == 0, "another tenant sees the history of the workflow")
	started, err := s.b.Start(t.Context(), key, s.ledger.Name())
	c.Require(err != nil, "another tenant starts the process, as workflow %s", started.ID)
	c.Observed(5, "looks that another tenant has in vain")
}
