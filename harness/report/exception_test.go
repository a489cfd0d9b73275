package report

import (
	"bytes"
	"encoding/json"
	"os"
	"testing"

	"github.com/barq-platform/barqgate/harness/journal/event"
	"github.com/barq-platform/barqgate/harness/plan"
	"github.com/barq-platform/barqgate/harness/suite"
	"github.com/barq-platform/barqgate/harness/verdict"
	"github.com/stretchr/testify/require"
)

// retriedRun is a check in which one suite was tried again and one criterion
// skipped twice. accepted says whether the flaky criterion is quarantined.
func retriedRun(accepted bool) []event.Event {
	debt := plan.Quarantine{Criterion: "performance.p95.within", Owner: "ann", Until: "2026-12-31", Reason: "BARQ-1"}
	unneeded := plan.Quarantine{Criterion: "performance.errors.few", Owner: "bob", Until: "2027-01-31", Reason: "BARQ-2"}
	flaky := event.Flaky{Suite: "performance", Criterion: "performance.p95.within", Attempts: 2}
	gate := event.GateDecided{Phase: "check", Verdict: verdict.Inconclusive, Reason: "flaky"}
	exit := event.RunFinished{Exit: 3, Name: "held", Verdict: verdict.Inconclusive}
	quarantines := []plan.Quarantine{unneeded}
	if accepted {
		flaky.Quarantine, gate = &debt, event.GateDecided{Phase: "check", Verdict: verdict.Pass}
		quarantines = append(quarantines, debt)
		exit = event.RunFinished{Name: "passed", Verdict: verdict.Pass}
	}
	gate.Flaky = []event.Flaky{flaky}
	judged := func(instance string, v verdict.Verdict, reason string) event.CriterionJudged {
		return event.CriterionJudged{Suite: "performance", Instance: instance, Record: suite.Record{Criterion: "performance.p95.within", Verdict: v, Reason: reason, Samples: 9}}
	}
	skip := suite.Record{Criterion: "health.ai.answers", Verdict: verdict.Inconclusive, Skipped: true, Reason: "no provider"}
	return []event.Event{
		event.RunStarted{Run: "r1", Plan: plan.Outline{Name: "check lab", Phases: []plan.PhaseOutline{{Name: "check", Gate: plan.Gate{Quarantines: quarantines}}}}},
		event.PhaseStarted{Phase: "check"},
		event.SuiteStarted{Phase: "check", Suite: "performance", Instance: "01-performance"},
		judged("01-performance", verdict.Inconclusive, "the generator was late"),
		event.SuiteFinished{Suite: "performance", Instance: "01-performance", Verdict: verdict.Inconclusive, Reason: "the generator was late"},
		event.SuiteStarted{Phase: "check", Suite: "performance", Instance: "02-performance", Attempt: 2},
		judged("02-performance", verdict.Pass, ""),
		event.SuiteFinished{Suite: "performance", Instance: "02-performance", Verdict: verdict.Pass},
		event.SuiteStarted{Phase: "check", Suite: "health", Instance: "03-health"},
		event.CriterionJudged{Suite: "health", Instance: "03-health", Record: skip},
		event.SuiteFinished{Suite: "health", Instance: "03-health", Verdict: verdict.Pass},
		event.SuiteStarted{Phase: "check", Suite: "health", Instance: "04-health"},
		event.CriterionJudged{Suite: "health", Instance: "04-health", Record: skip},
		event.SuiteFinished{Suite: "health", Instance: "04-health", Verdict: verdict.Pass},
		gate, exit,
	}
}

func TestExceptionsAreListed(t *testing.T) {
	r := load(t, retriedRun(true))
	require.Equal(t, []Exception{
		{Kind: "retried", Phase: "check", What: "performance", Count: 1, Reason: "the generator was late"},
		{Kind: "quarantined", Phase: "check", What: "performance.p95.within", Count: 1, Reason: "it passed on attempt 2, which its quarantine accepts: BARQ-1", Owner: "ann", Until: "2026-12-31"},
		{Kind: "quarantined", Phase: "check", What: "performance.errors.few", Reason: "not needed this time: BARQ-2", Owner: "bob", Until: "2027-01-31"},
		{Kind: "skipped", Phase: "check", What: "health.ai.answers", Count: 2, Reason: "no provider"},
	}, r.Exceptions)
	require.Empty(t, r.Problems(), "what a further attempt decided is no problem")
	require.Equal(t, 3, r.Figures().Criteria, "an attempt that decided nothing does not count")
}

// All four formats and the screen say the same about them.
func TestEveryFormatShowsTheExceptions(t *testing.T) {
	for _, accepted := range []bool{true, false} {
		r := load(t, retriedRun(accepted))
		files, err := r.Write()
		require.NoError(t, err)
		var screen bytes.Buffer
		require.NoError(t, r.Screen(&screen, Style{}))
		texts := map[string]string{"screen": screen.String()}
		for _, path := range []string{files.HTML, files.Markdown, files.JUnit, files.JSON} {
			data, err := os.ReadFile(path)
			require.NoError(t, err)
			texts[path] = string(data)
		}
		for name, text := range texts {
			for _, want := range []string{"retried", "performance", "the generator was late", "bob", "2027-01-31", "health.ai.answers", "no provider"} {
				require.Contains(t, text, want, name)
			}
			if accepted {
				require.Contains(t, text, "ann", name)
			} else {
				require.Contains(t, text, "flaky", name)
			}
		}
		var back Report
		require.NoError(t, json.Unmarshal([]byte(texts[files.JSON]), &back))
		require.Equal(t, r.Exceptions, back.Exceptions)
	}
}

func TestFlakyWithoutQuarantineIsAProblem(t *testing.T) {
	r := load(t, retriedRun(false))
	problems := r.Problems()
	require.Len(t, problems, 1)
	require.Equal(t, "flaky", problems[0].Verdict)
	require.Equal(t, "performance.p95.within", problems[0].What)
	all := junitOf(t, retriedRun(false))
	require.Equal(t, 2, all.Errors, "the flaky criterion and the run's outcome")
	all = junitOf(t, retriedRun(true))
	require.Zero(t, all.Errors+all.Failures, "a quarantine is shown and does not make the pipeline red")
}
