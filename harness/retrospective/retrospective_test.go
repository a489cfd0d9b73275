package retrospective_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/barq-platform/barqgate/harness/attestation"
	"github.com/barq-platform/barqgate/harness/journal"
	"github.com/barq-platform/barqgate/harness/journal/event"
	"github.com/barq-platform/barqgate/harness/journal/history"
	"github.com/barq-platform/barqgate/harness/plan"
	"github.com/barq-platform/barqgate/harness/retrospective"
	"github.com/barq-platform/barqgate/harness/suite"
	"github.com/barq-platform/barqgate/harness/verdict"
)

var begin = time.Date(2026, 11, 2, 10, 0, 0, 0, time.UTC)

// kindOf tells runs of these tests apart by the first word of their plans.
func kindOf(r history.Run) retrospective.Kind {
	verb, _, _ := strings.Cut(r.Plan, " ")
	return map[string]retrospective.Kind{"deploy": retrospective.Deployment, "roll": retrospective.Rollback, "watch": retrospective.Watch}[verb]
}

// run is one that began so many hours after the beginning and took one hour.
func run(id, planned, to string, hours, exit int) history.Run {
	at := begin.Add(time.Duration(hours) * time.Hour)
	return history.Run{ID: id, Environment: "prod", Plan: planned, To: to, Started: at, Finished: at.Add(time.Hour), Exit: exit, Facts: map[string]string{}}
}

func TestFiguresOfDORA(t *testing.T) {
	staging := run("a", "deploy v2", "v2", -48, 0)
	staging.Environment = "staging"
	ancient := run("b", "deploy v0", "v0", -24*40, 0)
	earlier := run("c", "deploy v1", "v1", -24*7, 0)
	taken := run("d", "deploy v2", "v2", -20, 1) // taken back by its own gate, 15 minutes after that had failed
	taken.Facts["traffic.taken"] = "yes"
	taken.Gates = []history.Judged{{Verdict: verdict.Pass, When: taken.Started}, {Verdict: verdict.Fail, When: taken.Finished.Add(-15 * time.Minute)}}
	stopped := run("e", "deploy v2", "v2", -10, 1) // before users met it
	deployment := run("f", "deploy v2", "v2", 0, 0)
	watched := run("g", "watch v2", "v2", 2, 1) // took it back
	watched.Gates = []history.Judged{{Verdict: verdict.Fail, When: watched.Finished.Add(-5 * time.Minute)}}
	again := run("h", "roll prod back", "v1", 4, 0) // nothing was left to take back
	killed := run("i", "deploy v3", "v3", 6, 0)
	killed.Finished = time.Time{}

	f := retrospective.FiguresOf(deployment, []history.Run{watched, staging, ancient, deployment, taken, earlier, stopped, again, killed}, kindOf)
	require.Equal(t, 49*time.Hour, f.LeadTime, "from its first run in staging to the end of its promotion")
	require.Equal(t, 2, f.Deployments)
	require.Equal(t, 3, f.Changes)
	require.Equal(t, 2, f.Failures)
	require.Equal(t, []time.Duration{15 * time.Minute, 5 * time.Minute}, f.Restored)
	require.Equal(t, "67 % (2 of 3)", f.FailureText())
	require.Equal(t, "2 in 30 days, 0.5 a week", f.FrequencyText())
	require.Equal(t, "15m0s (median of 2)", f.RestoreText())
	require.Equal(t, "49h0m0s", f.LeadText())

	none := retrospective.FiguresOf(stopped, nil, kindOf)
	require.Equal(t, "not promoted", none.LeadText())
	require.Equal(t, "no release was put before users", none.FailureText())
	require.Equal(t, "nothing had to be restored", none.RestoreText())
}

func TestWhatBelongsToADeploymentEndsWithTheNext(t *testing.T) {
	deployment := run("a", "deploy v2", "v2", 0, 0)
	other := run("x", "watch v2", "v2", 3, 0)
	other.Environment = "staging"
	later := retrospective.After(deployment, []history.Run{run("e", "watch v3", "v3", 9, 0), run("d", "deploy v3", "v3", 8, 0), run("c", "follow up v2", "v2", 5, 3), other, run("b", "watch v2", "v2", 2, 0), deployment, run("0", "watch v1", "v1", -2, 0)}, kindOf)
	require.Len(t, later, 2)
	require.Equal(t, "b", later[0].ID)
	require.Equal(t, "c", later[1].ID)
}

// journalOf writes a run's folder, with a clock that moves a minute a record.
func journalOf(t *testing.T, events ...event.Event) string {
	t.Helper()
	dir, at := t.TempDir(), begin
	w, err := journal.Create(dir, journal.Clock(func() time.Time { at = at.Add(time.Minute); return at }))
	require.NoError(t, err)
	for _, e := range events {
		_, err := event.Append(w, e)
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	return dir
}

func TestTheDraftTellsWhatTheJournalsSay(t *testing.T) {
	dir := journalOf(t,
		event.RunStarted{Run: "r1", Who: "ann", Host: "box", Plan: plan.Outline{Name: "deploy v2 to prod", Environment: "prod", To: "v2", Phases: []plan.PhaseOutline{{Name: "1 only", Steps: []plan.StepOutline{{Number: 1, Name: "Back up"}}}}}},
		event.PhaseStarted{Phase: "1 only"},
		event.StepStarted{Phase: "1 only", Step: "Back up", Number: 1},
		event.StepFinished{Step: "Back up", Number: 1, Outcome: event.Done, Duration: 90 * time.Second},
		event.SuiteStarted{Phase: "1 only", Suite: "smoke", Instance: "01-smoke"},
		event.CriterionJudged{Suite: "smoke", Instance: "01-smoke", Record: suite.Record{Criterion: "smoke.x.y", Skipped: true, Verdict: verdict.Inconclusive, Reason: "no browser here"}},
		event.SuiteFinished{Suite: "smoke", Instance: "01-smoke", Verdict: verdict.Pass, Duration: 2 * time.Second},
		event.GateDecided{Phase: "1 only", Verdict: verdict.Pass},
		event.Announced{Service: "Slack", What: "promoted", Error: "503"},
		event.RunFinished{Exit: 0, Name: "promoted", Meaning: "all passed", Verdict: verdict.Pass, Duration: 9 * time.Minute},
	)
	watch := journalOf(t,
		event.RunStarted{Run: "r2", Who: "job", Host: "pod", Plan: plan.Outline{Name: "watch v2 in prod", Environment: "prod", To: "v2", Phases: []plan.PhaseOutline{{Name: "5 watch"}}}},
		event.PhaseStarted{Phase: "5 watch"},
		event.SuiteStarted{Phase: "5 watch", Suite: "watch", Instance: "01-watch"},
		event.CriterionJudged{Suite: "watch", Instance: "01-watch", Record: suite.Record{Criterion: "watch.alerts.none-critical", Verdict: verdict.Fail, Reason: "<b>5 %</b> | failed"}},
		event.SuiteFinished{Suite: "watch", Instance: "01-watch", Verdict: verdict.Fail, Duration: time.Minute},
		event.GateDecided{Phase: "5 watch", Verdict: verdict.Fail, Reason: "watch"},
		event.RunFinished{Exit: 1, Name: "rolled back", Meaning: "taken back", Verdict: verdict.Fail},
	)
	items := retrospective.ItemsOf(map[string]string{"feedback": "Users were asked.", "docs": "The docs are right."},
		[]attestation.Attestation{{ID: "feedback", Who: "ann", When: begin, Statement: "Users were asked.", Note: "in the call"}}, time.Hour, begin.Add(time.Minute))
	r, err := retrospective.Make(dir, []string{watch}, retrospective.Figures{Deployments: 1, Changes: 1}, items)
	require.NoError(t, err)
	require.Equal(t, 1, r.Open())
	var out bytes.Buffer
	require.NoError(t, r.Markdown(&out))
	golden := filepath.Join("testdata", "retrospective.md")
	if os.Getenv("UPDATE_GOLDEN") != "" {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(golden, out.Bytes(), 0o644))
	}
	want, err := os.ReadFile(golden)
	require.NoError(t, err)
	require.Equal(t, string(want), out.String())
}
