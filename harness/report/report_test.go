package report

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/barq-platform/barqgate/harness/journal"
	"github.com/barq-platform/barqgate/harness/journal/event"
	"github.com/barq-platform/barqgate/harness/plan"
	"github.com/barq-platform/barqgate/harness/suite"
	"github.com/barq-platform/barqgate/harness/verdict"
	"github.com/jstemmer/go-junit-report/v2/junit"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

// hostile is what a broken platform may make a suite report.
const hostile = "found <script>alert(1)</script> | `x`\x1b[2J\nand more"

func start() []event.Event {
	return []event.Event{
		event.RunStarted{Run: "r1", Who: "ann", Host: "box", PlanDigest: "abc", Plan: plan.Outline{Name: "deploy v2 to lab", Phases: []plan.PhaseOutline{
			{Name: "1 before", Steps: []plan.StepOutline{{Number: 1, Name: "Back up", Effect: "once"}}},
			{Name: "3 application", Steps: []plan.StepOutline{{Number: 2, Name: "Set the image", Effect: "idempotent", Undo: "Return"}}},
			{Name: "4 never", Steps: []plan.StepOutline{{Number: 3, Name: "Celebrate", Effect: "once"}}},
		}}},
		event.PhaseStarted{Phase: "1 before"},
		event.StepStarted{Phase: "1 before", Step: "Back up", Number: 1, Title: "Back up"},
		event.StepFinished{Step: "Back up", Number: 1, Outcome: event.Done, Duration: 2 * time.Second},
		event.SuiteStarted{Phase: "1 before", Suite: "smoke", Instance: "01-smoke", Evidence: "evidence/01-smoke"},
		event.CriterionJudged{Suite: "smoke", Instance: "01-smoke", Record: suite.Record{
			Criterion: "smoke.api.alive", Verdict: verdict.Pass, Samples: 9, Observed: "answers", Measured: map[string]any{suite.MeasuredRequests: 9},
		}},
		event.SuiteFinished{Suite: "smoke", Instance: "01-smoke", Verdict: verdict.Pass, Output: "evidence/01-smoke/output.log"},
		event.GateDecided{Phase: "1 before", Verdict: verdict.Pass},
	}
}

func failed() []event.Event {
	return append(start(),
		event.PhaseStarted{Phase: "3 application"},
		event.StepStarted{Phase: "3 application", Step: "Set the image", Number: 2, Title: "Set the image"},
		event.StepFinished{Step: "Set the image", Number: 2, Outcome: event.Done},
		event.SuiteStarted{Phase: "3 application", Suite: "continuity", Instance: "02-continuity", Evidence: "evidence/02-continuity", Companion: true},
		event.CriterionJudged{Suite: "continuity", Instance: "02-continuity", Record: suite.Record{
			Criterion: "continuity.outage.none", Requirement: "There is no outage.", Verdict: verdict.Fail, Reason: hostile,
			Evidence: []suite.Evidence{{Path: "continuity.outage.none/outages.json"}},
			Measured: map[string]any{suite.MeasuredRequests: 100, suite.MeasuredOutage: 1234.5},
		}},
		event.SuiteFinished{Suite: "continuity", Instance: "02-continuity", Verdict: verdict.Fail, Reason: "continuity.outage.none: " + hostile, Output: "evidence/02-continuity/output.log", Command: "go test ./suites/continuity"},
		event.GateDecided{Phase: "3 application", Verdict: verdict.Fail, Reason: "continuity"},
		event.RollbackStarted{Reason: "the gate", Undo: []string{"Return"}},
		event.StepStarted{Phase: "3 application", Step: "Set the image", Number: 2, Undo: true, Title: "Return"},
		event.StepFinished{Step: "Set the image", Number: 2, Undo: true, Outcome: event.Done},
		event.SuiteStarted{Phase: "rollback", Suite: "rollback", Instance: "03-rollback", Evidence: "evidence/03-rollback"},
		event.SuiteFinished{Suite: "rollback", Instance: "03-rollback", Verdict: verdict.Pass},
		event.GateDecided{Phase: "rollback", Verdict: verdict.Pass},
		event.RunFinished{Exit: 1, Name: "rolled back", Meaning: "taken back", Verdict: verdict.Fail, Reason: "the gate", Done: []string{"Back up"}, Open: []string{"Set the image", "Celebrate"}, Next: []string{"deploy again"}},
	)
}

func load(t *testing.T, events []event.Event) *Report {
	t.Helper()
	dir := t.TempDir()
	writer, err := journal.Create(dir)
	require.NoError(t, err)
	for _, e := range events {
		_, err := event.Append(writer, e)
		require.NoError(t, err)
	}
	require.NoError(t, writer.Close())
	r, err := Load(dir)
	require.NoError(t, err)
	return r
}

func TestScreenSaysWhatAPersonNeeds(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, load(t, failed()).Screen(&out, Style{}))
	for _, want := range []string{
		"pass         phase 1 before", "fail         phase 3 application", "not run      phase 4 never", "pass         phase rollback",
		"companion continuity: 0 of 1 criteria passed", "continuity.outage.none", "requests sent    109", "longest outage   1.235s",
		"evidence/02-continuity/continuity.outage.none/outages.json", "again     go test ./suites/continuity",
		"rolled back (exit 1): taken back", "next      deploy again", "report.html", "2 Return",
	} {
		require.Contains(t, out.String(), want)
	}
	require.NotContains(t, out.String(), "\x1b", "no colours, and none from the platform")
}

func TestColoursOnlyWhenAsked(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, load(t, failed()).Screen(&out, Style{Color: true, Width: 60}))
	require.Contains(t, out.String(), "\x1b[31mfail")
	require.NotContains(t, out.String(), "\x1b[2J", "what the platform said must not move the cursor")
	t.Setenv("NO_COLOR", "1")
	require.False(t, StyleOf(os.Stdout).Color)
}

func TestFilesAreCompleteAndSafe(t *testing.T) {
	files, err := load(t, failed()).Write()
	require.NoError(t, err)
	for _, path := range []string{files.HTML, files.Markdown} {
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Contains(t, string(text), "continuity.outage.none")
		require.Contains(t, string(text), "Celebrate")
		require.NotContains(t, string(text), "<script>")
		require.NotContains(t, string(text), "ZgotmplZ")
	}
	text, err := os.ReadFile(files.JSON)
	require.NoError(t, err)
	var back Report
	require.NoError(t, json.Unmarshal(text, &back))
	require.Equal(t, 1, back.Result.Exit)
	require.Len(t, back.Phases, 4)
}

func junitOf(t *testing.T, events []event.Event) junit.Testsuites {
	t.Helper()
	var out bytes.Buffer
	require.NoError(t, load(t, events).JUnit(&out))
	var all junit.Testsuites
	require.NoError(t, xml.Unmarshal(out.Bytes(), &all))
	return all
}

func TestJUnit(t *testing.T) {
	all := junitOf(t, failed())
	require.Equal(t, 1, all.Failures)
	require.Equal(t, 1, all.Errors, "the run's outcome")

	promoted := append(start(), event.RunFinished{Exit: 0, Name: "promoted", Verdict: verdict.Pass})
	all = junitOf(t, promoted)
	require.Zero(t, all.Failures+all.Errors)
	require.Equal(t, 2, all.Tests)
}

func TestKilledRunIsNeverGreen(t *testing.T) {
	events := failed()
	for length := 1; length < len(events); length++ {
		all := junitOf(t, events[:length])
		require.Positive(t, all.Failures+all.Errors, "after %d records", length)
		require.Contains(t, load(t, events[:length]).Headline(), "not finished")
	}
}

func TestFiguresThatNobodyMeasuredAreSaidToBeMissing(t *testing.T) {
	f := load(t, start()[:4]).Figures()
	require.Equal(t, "not measured", f.RequestsText())
	require.Equal(t, "not measured", f.OutageText())
}

func TestLiveInALog(t *testing.T) {
	defer goleak.VerifyNone(t)
	var out bytes.Buffer
	live := newLive(&out, Style{}, false)
	for i, e := range failed() {
		live.Recorded(journal.Record{Seq: i + 1, Time: time.Unix(0, 0)}, e)
	}
	live.Progress("nobody", "nothing")
	live.Close()
	live.Close()
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	for _, line := range lines {
		require.True(t, strings.HasPrefix(line, "1970-01-01T00:00:00Z "), line)
	}
	require.Contains(t, out.String(), "fail         continuity.outage.none: found <script>")
	require.NotContains(t, out.String(), "\x1b")
}

func TestLiveOnATerminalShowsWhatRunsNow(t *testing.T) {
	defer goleak.VerifyNone(t)
	var out bytes.Buffer
	live := newLive(&out, Style{Width: 80}, true)
	for i, e := range start()[:3] {
		live.Recorded(journal.Record{Seq: i + 1, Time: time.Now()}, e)
	}
	live.Progress("Back up", "12 MB written")
	live.Close()
	require.Contains(t, out.String(), "step 1 Back up, for 0s")
	require.True(t, strings.HasSuffix(out.String(), "\x1b[1A\x1b[J"), "the transient line is gone at the end")
}
