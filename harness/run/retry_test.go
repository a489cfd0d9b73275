package run

import (
	"testing"
	"time"

	"github.com/barq-platform/barqgate/harness/journal"
	"github.com/barq-platform/barqgate/harness/journal/event"
	"github.com/barq-platform/barqgate/harness/plan"
	"github.com/stretchr/testify/require"
)

// decided replays the journal and returns the first decision of a gate, and how
// often a suite was started.
func decided(t *testing.T, dir string) (event.GateDecided, []event.SuiteStarted) {
	t.Helper()
	chain, err := journal.Replay(dir)
	require.NoError(t, err)
	var gate *event.GateDecided
	var started []event.SuiteStarted
	for _, record := range chain.Records {
		e, err := event.Decode(record)
		require.NoError(t, err)
		switch e := e.(type) {
		case event.GateDecided:
			if gate == nil {
				gate = &e
			}
		case event.SuiteStarted:
			started = append(started, e)
		}
	}
	require.NotNil(t, gate)
	return *gate, started
}

func TestRetries(t *testing.T) {
	tomorrow := time.Now().AddDate(0, 0, 1).UTC().Format(time.DateOnly)
	quarantine := plan.Quarantine{Criterion: "gate.thing.holds", Owner: "ann", Until: tomorrow, Reason: "BARQ-1"}
	inconclusive, transport := plan.Retry{Suite: "gate", Attempts: 2, On: []plan.RetryClass{plan.Inconclusive}, Reason: "busy"}, plan.Retry{Suite: "gate", Attempts: 2, On: []plan.RetryClass{plan.Transport}, Reason: "far away"}
	tests := []struct {
		name, script string
		retry        []plan.Retry
		quarantine   []plan.Quarantine
		exit         ExitCode
		says         string
		executions   int
		flaky        int
	}{
		{"no retry without a policy", "flaky", nil, nil, Held, "too little was seen at first", 1, 0},
		{"a quarantine alone retries nothing", "flaky", nil, []plan.Quarantine{quarantine}, Held, "too little was seen at first", 1, 0},
		{"a pass after a retry is flaky and blocks", "flaky", []plan.Retry{inconclusive}, nil, Held, "gate.thing.holds is flaky: it passed only on attempt 2", 2, 1},
		{"a quarantine accepts it", "flaky", []plan.Retry{inconclusive}, []plan.Quarantine{quarantine}, Promoted, "", 2, 1},
		{"another class is not retried", "flaky", []plan.Retry{transport}, nil, Held, "too little was seen at first", 1, 0},
		{"nobody answered", "unreachable", []plan.Retry{transport}, []plan.Quarantine{quarantine}, Promoted, "", 2, 1},
		{"unreachable is no plain inconclusive", "unreachable", []plan.Retry{inconclusive}, nil, Held, "nobody answered", 1, 0},
		{"what never decides is held", "inconclusive", []plan.Retry{inconclusive}, []plan.Quarantine{quarantine}, Held, "too little was seen", 3, 0},
		{"a failure is final", "fail", []plan.Retry{inconclusive}, []plan.Quarantine{quarantine}, RolledBack, "does not hold", 1, 0},
		{"a breakdown is final", "error", []plan.Retry{inconclusive}, []plan.Quarantine{quarantine}, HarnessError, "ended from outside", 1, 0},
		{"a skip is not retried", "skip", []plan.Retry{inconclusive}, []plan.Quarantine{quarantine}, Held, "does not allow", 1, 0},
		{"a pass is not retried", "pass", []plan.Retry{inconclusive}, []plan.Quarantine{quarantine}, Promoted, "", 1, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c, _ := setup(t, "gate", test.script)
			c.Plan.Phases[0].Gate.Retries, c.Plan.Phases[0].Gate.Quarantines = test.retry, test.quarantine
			o, err := Execute(t.Context(), c)
			require.NoError(t, err)
			require.Equal(t, test.exit, o.Exit, o.Reason)
			require.Contains(t, o.Reason, test.says)
			gate, started := decided(t, c.Dir)
			executions := 0
			for _, s := range started {
				if s.Suite == "gate" {
					executions++
					if executions > 1 {
						require.Equal(t, executions, s.Attempt)
					}
				}
			}
			require.Equal(t, test.executions, executions)
			require.Len(t, gate.Flaky, test.flaky)
		})
	}
}

func TestEndedQuarantineStopsThePlanBeforeAnythingHappens(t *testing.T) {
	c, w := setup(t)
	c.Plan.Phases[0].Gate.Quarantines = []plan.Quarantine{{Criterion: "gate.thing.holds", Owner: "ann", Until: "2020-02-29", Reason: "BARQ-1"}}
	o, err := Execute(t.Context(), c)
	require.ErrorIs(t, err, plan.ErrPolicy)
	require.Equal(t, Usage, o.Exit)
	require.Contains(t, o.Reason, "the quarantine of gate.thing.holds has ended on 2020-02-29: ann has to repair it")
	require.Empty(t, w.log)
}
