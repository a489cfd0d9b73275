package audit

import (
	"context"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/barq-platform/barqgate/harness/environment"
	"github.com/barq-platform/barqgate/harness/environment/environmenttest"
	"github.com/barq-platform/barqgate/harness/gotest"
	"github.com/barq-platform/barqgate/harness/journal/event"
	"github.com/barq-platform/barqgate/harness/plan"
	"github.com/barq-platform/barqgate/harness/run"
	"github.com/barq-platform/barqgate/harness/verdict"
)

// unsettle makes the suite of the gate tell only on its second attempt.
type unsettle struct{}

func (unsettle) Name() string        { return "unsettle it" }
func (unsettle) Effect() plan.Effect { return plan.ReadOnly }
func (unsettle) Run(_ context.Context, sc *plan.StepContext) error {
	return sc.SetFact("gate", "flaky")
}

// flaky executes a plan whose suite is tried again, and returns the run's folder.
func flaky(t *testing.T, exit run.ExitCode, quarantines ...plan.Quarantine) string {
	t.Helper()
	w := gotest.Workspace{Root: filepath.Join("..", ".."), Suites: "harness/run/testdata", Bin: t.TempDir()}
	built, err := w.Build(t.Context(), []string{"scripted"}, nil)
	require.NoError(t, err)
	root := environmenttest.Root(t, nil)
	env, err := environment.Load(t.Context(), root, environmenttest.Name)
	require.NoError(t, err)
	suites := gotest.Set{}
	for _, name := range []string{"gate", "after"} {
		executable := built["scripted"]
		executable.Suite, executable.Dir = name, root
		suites[name] = executable
	}
	o, err := run.Execute(t.Context(), run.Config{
		Root: root, Run: "r1", Dir: filepath.Join(root, "r1"), Suites: suites, SuiteTimeout: time.Minute,
		Plan: &plan.Plan{
			Name: "test", Env: env, From: "v1", To: "v2",
			Phases: []plan.Phase{{Name: "only", Steps: []plan.Step{unsettle{}}, Gate: plan.Gate{
				Suites: []string{"gate"}, Quarantines: quarantines,
				Retries: []plan.Retry{{Suite: "gate", Attempts: 2, On: []plan.RetryClass{plan.Inconclusive}, Reason: "busy"}},
			}}},
			RollbackGate: plan.Gate{Suites: []string{"after"}},
		},
	})
	require.NoError(t, err)
	require.Equal(t, exit, o.Exit, o.Reason)
	return withReports(t, o.Dir)
}

// TestAuditOfAFlakyRun: what was tried again comes to the same verdict in an audit,
// and a journal that hides it, or excuses it, does not.
func TestAuditOfAFlakyRun(t *testing.T) {
	tomorrow := time.Now().AddDate(0, 0, 1).UTC().Format(time.DateOnly)
	blocked, accepted := flaky(t, run.Held), flaky(t, run.Promoted, plan.Quarantine{Criterion: "gate.thing.holds", Owner: "ann", Until: tomorrow, Reason: "BARQ-1"})
	for _, dir := range []string{blocked, accepted} {
		result, err := Verify(dir)
		require.NoError(t, err)
		require.Empty(t, result.Problems)
		require.True(t, result.Sound())
		require.Equal(t, 2, result.Suites, "both attempts are judged again")
	}
	tests := []struct {
		name, dir string
		change    func(*event.GateDecided)
		says      string
	}{
		{"a retry is hidden", blocked, func(e *event.GateDecided) { e.Verdict, e.Flaky = verdict.Pass, nil }, `calls [] flaky; the attempts say ["gate: gate.thing.holds"]`},
		{"a flaky criterion does not block", blocked, func(e *event.GateDecided) { e.Verdict = verdict.Pass }, "is said to be pass, which does not follow from its suites"},
		{"a quarantine is invented", blocked, func(e *event.GateDecided) {
			e.Verdict, e.Flaky[0].Quarantine = verdict.Pass, &plan.Quarantine{Criterion: "gate.thing.holds", Owner: "bob", Until: tomorrow, Reason: "BARQ-2"}
		}, "accepted by a quarantine that the plan does not have"},
		{"a quarantine is changed", accepted, func(e *event.GateDecided) { e.Flaky[0].Quarantine.Owner = "bob" }, "accepted by a quarantine that the plan does not have"},
		{"a quarantine is forgotten", accepted, func(e *event.GateDecided) { e.Flaky[0].Quarantine = nil }, "is said to be pass, which does not follow from its suites"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			forged := forge(t, test.dir, func(e event.Event) event.Event {
				if gate, ok := e.(event.GateDecided); ok {
					test.change(&gate)
					return gate
				}
				return e
			})
			result, err := Verify(forged)
			require.NoError(t, err)
			require.False(t, result.Sound())
			require.Contains(t, strings.Join(result.Problems, "\n"), test.says)
		})
	}
}
