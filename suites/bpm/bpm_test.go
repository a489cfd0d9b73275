// Package bpm_test executes the platform's sample workflow in its process engine,
// for two tenants that must not see each other. The platform has no route for
// workflows, so the engine is asked directly.
package bpm_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/barq-platform/barqgate/fixtures/flowable"
	"github.com/barq-platform/barqgate/harness/environment"
	"github.com/barq-platform/barqgate/harness/suite"
)

func TestMain(m *testing.M) {
	suite.Main(m, suite.Suite{
		Name: "bpm", About: "The process engine executes workflows, each tenant's apart, and leaves nothing behind.",
		Effects: []environment.Effect{environment.Write},
	})
}

// scene is two tenants of the engine's, made up for this run, and a ledger of all
// that it has to remove.
type scene struct {
	ledger  *flowable.Ledger
	a, b    *flowable.Client
	process []byte
	user    string // who claims
	other   string // who must not
}

func newScene(t *testing.T) *scene {
	t.Helper()
	env := suite.Env()
	process, err := os.ReadFile(filepath.Join(suite.Root(t), env.BPM.Process))
	require.NoError(t, err)
	s := &scene{ledger: flowable.NewLedger(), process: process}
	s.a, s.b = flowable.New(env, uuid.NewString(), s.ledger), flowable.New(env, uuid.NewString(), s.ledger)
	s.user, s.other = s.ledger.Name()+"-user", s.ledger.Name()+"-other"
	t.Cleanup(s.a.CloseIdleConnections)
	t.Cleanup(s.b.CloseIdleConnections)
	return s
}

// clean removes what the suite made. It works when the test is over, too.
func (s *scene) clean(t *testing.T) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 4*suite.Env().BPM.Timeout)
	defer cancel()
	return s.ledger.Clean(ctx)
}

func TestEngine(t *testing.T) {
	s := newScene(t)
	t.Run("answers", func(t *testing.T) { testAnswers(t, s) })
	t.Run("credentials", func(t *testing.T) { testCredentials(t, s) })
	t.Run("deploys", func(t *testing.T) { testDeploys(t, s) })
	t.Run("completes", func(t *testing.T) { testCompletes(t, s) })
	t.Run("decision", func(t *testing.T) { testDecision(t, s) })
	t.Run("claim", func(t *testing.T) { testClaim(t, s) })
	t.Run("history", func(t *testing.T) { testHistory(t, s) })
	t.Run("tenants", func(t *testing.T) { testTenants(t, s) })
	t.Run("errors", func(t *testing.T) { testErrors(t, s) })
	t.Run("clean-up", func(t *testing.T) { testCleanUp(t, s) })
}

func testAnswers(t *testing.T, s *scene) {
	c := suite.Criterion(t, "bpm.engine.answers", "The process engine answers and says which one it is.")
	c.WouldCatch("an engine that is down, or something else in its place")
	engine, err := s.a.Engine(t.Context())
	c.Require(err == nil, "%v", err)
	c.EvidenceJSON("engine.json", engine)
	c.Require(engine.Name != "" && engine.Version != "", "the process engine calls itself %q, version %q; expected both", engine.Name, engine.Version)
	c.Observed(1, "answers of engine "+engine.Version)
}

func testCredentials(t *testing.T, s *scene) {
	c := suite.Criterion(t, "bpm.access.credentials-required", "The process engine refuses callers without the right credentials.")
	c.Needs(2)
	c.WouldCatch("an engine that is open to everybody who reaches it")
	for name, caller := range map[string]*flowable.Client{
		"no credentials":   s.a.WithCredentials("", environment.Secret{}),
		"a wrong password": s.a.WithCredentials(suite.Env().BPM.User, environment.NewSecret("wrong-on-purpose")),
	} {
		_, err := caller.Deployments(t.Context(), "")
		if errors.Is(err, flowable.ErrExternal) {
			c.Inconclusive("with %s: %v", name, err)
		}
		c.Require(errors.Is(err, flowable.ErrUnauthorized), "with %s the process engine does not answer 401: %v", name, err)
		c.Observed(1, "refusals")
	}
}

func testDeploys(t *testing.T, s *scene) {
	c := suite.Criterion(t, "bpm.definition.deployed", "The sample process can be deployed for a tenant, and is then its newest version.")
	c.WouldCatch("a process that is acknowledged and not there")
	t.Cleanup(func() {
		if t.Failed() {
			require.NoError(t, s.clean(t)) // the last test, which cleans, may not be reached in this state
		}
	})
	conf := suite.Env().BPM
	deployed, err := s.a.Deploy(t.Context(), s.ledger.Name(), filepath.Base(conf.Process), s.process)
	c.Require(err == nil, "deploy the sample process: %v", err)
	definitions, err := s.a.Definitions(t.Context(), conf.Key)
	c.Require(err == nil, "%v", err)
	c.EvidenceJSON("definitions.json", definitions)
	for _, d := range definitions {
		if d.DeploymentID == deployed.ID {
			c.Require(d.Version == 1, "the first version for a new tenant has the number %d", d.Version)
			c.Observed(1, "deployed processes")
		}
	}
	c.Require(len(definitions) > 0, "the deployment %s holds no process %s", deployed.ID, conf.Key)
}

func testHistory(t *testing.T, s *scene) {
	c := suite.Criterion(t, "bpm.history.complete", "The history of a finished workflow shows when it began and ended, who did it, and every step.")
	c.WouldCatch("a finished workflow, or one step of it, that the history lacks")
	conf := suite.Env().BPM
	id := s.startOne(t, c)
	s.decide(t, c, id, true)
	history, err := s.a.History(t.Context(), conf.Key, id)
	c.Require(err == nil, "%v", err)
	activities, err := s.a.Activities(t.Context(), id)
	c.Require(err == nil, "%v", err)
	c.EvidenceJSON("history.json", map[string]any{"instance": history, "activities": activities})
	c.Require(len(history) == 1, "the history has %d entries for the workflow %s; expected one", len(history), id)
	entry := history[0]
	c.Require(entry.Key == conf.Key && entry.Started != "" && entry.Ended != nil && entry.StartedBy != "", "the history of %s lacks its process, begin, end or starter: %+v", id, entry)
	for _, a := range activities {
		if a.Node == conf.Review.Task {
			c.Require(a.Assignee != nil && *a.Assignee == s.user && a.Ended != nil, "the history does not show that %s ended %s", s.user, a.Node)
			c.Observed(1, "finished workflows with their steps")
		}
	}
	c.Require(len(activities) > 1, "the history shows %d steps of the workflow %s; expected every one", len(activities), id)
}

func testErrors(t *testing.T, s *scene) {
	c := suite.Criterion(t, "bpm.errors.mapped", "The process engine says what is wrong with a request by its status, with a reason.")
	c.WouldCatch("a mistake of the caller's that looks like a failure of the engine, or like a success")
	conf := suite.Env().BPM
	id := s.startOne(t, c)
	open := s.reviewOf(t, c, id)
	path := "runtime/tasks/" + open.ID
	missing := uuid.NewString()
	_, unknown := s.a.Start(t.Context(), "no-such-process", "")
	cases := []struct {
		what string
		err  error
		want error
	}{
		{"claiming a task that does not exist", s.a.Claim(t.Context(), missing, s.user), flowable.ErrNotFound},
		{"completing a task that does not exist", s.a.Complete(t.Context(), missing), flowable.ErrNotFound},
		{"removing a deployment that does not exist", s.a.Undeploy(t.Context(), missing), flowable.ErrNotFound},
		{"starting a process that does not exist", unknown, flowable.ErrInvalid},
		{"an action that does not exist", s.a.PostRaw(t.Context(), path, "application/json", `{"action":"explode"}`), flowable.ErrInvalid},
		{"half a JSON object", s.a.PostRaw(t.Context(), path, "application/json", `{"action":`), flowable.ErrInvalid},
	}
	c.Needs(len(cases))
	for _, each := range cases {
		var said *flowable.Error
		c.Require(errors.As(each.err, &said), "%s is not answered by a refusal: %v", each.what, each.err)
		c.Require(errors.Is(each.err, each.want), "%s: %v; expected that %v", each.what, each.err, each.want)
		c.Require(said.Message != "" || said.Exception != "", "%s is refused without a reason", each.what)
		c.Observed(1, "refusals with their reason")
	}
	tasks, err := s.a.Tasks(t.Context(), flowable.TaskQuery{Instance: id, Group: conf.Review.Group})
	c.Require(err == nil && len(tasks) == 1, "after the refused requests the workflow has %d open reviews (%v); expected the one it had", len(tasks), err)
}

func testCleanUp(t *testing.T, s *scene) {
	c := suite.Criterion(t, "bpm.cleanup.complete", "Everything that this run made in the process engine can be removed, and is.")
	c.Needs(2)
	c.WouldCatch("a deployment, a running workflow or a history that stays behind")
	err := s.clean(t)
	c.Require(err == nil, "%v", err)
	for _, tenant := range []*flowable.Client{s.a, s.b} {
		definitions, err := tenant.Definitions(t.Context(), suite.Env().BPM.Key)
		c.Require(err == nil, "%v", err)
		running, err := tenant.Instances(t.Context(), suite.Env().BPM.Key)
		c.Require(err == nil, "%v", err)
		history, err := tenant.History(t.Context(), suite.Env().BPM.Key, "")
		c.Require(err == nil, "%v", err)
		mine := 0
		for _, d := range definitions {
			if d.TenantID == tenant.Tenant() {
				mine++
			}
		}
		for _, i := range running {
			if i.TenantID == tenant.Tenant() {
				mine++
			}
		}
		c.Require(mine == 0, "%d processes and running workflows of tenant %s are left", mine, tenant.Tenant())
		for _, h := range history {
			c.Require(h.TenantID != tenant.Tenant(), "the history of workflow %s of tenant %s is left", h.ID, tenant.Tenant())
		}
		c.Observed(1, "tenants of which nothing is left")
	}
}
