package history_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/barq-platform/barqgate/harness/journal"
	"github.com/barq-platform/barqgate/harness/journal/event"
	"github.com/barq-platform/barqgate/harness/journal/history"
	"github.com/barq-platform/barqgate/harness/plan"
	"github.com/barq-platform/barqgate/harness/suite"
	"github.com/barq-platform/barqgate/harness/verdict"
)

func write(t *testing.T, folder, id string, events ...event.Event) string {
	t.Helper()
	dir := filepath.Join(folder, id)
	require.NoError(t, os.MkdirAll(dir, 0o755))
	w, err := journal.Create(dir)
	require.NoError(t, err)
	for _, e := range events {
		_, err := event.Append(w, e)
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	return dir
}

func begin(id string) event.Event {
	return event.RunStarted{Run: id, Plan: plan.Outline{Name: "deploy v2 to staging", Environment: "staging", From: "v1", To: "v2"}}
}

func TestARunIsReadBack(t *testing.T) {
	folder := t.TempDir()
	write(t, folder, "1", begin("1"),
		event.StepStarted{Title: "Set the image"}, event.FactSet{Name: "release.digest", Value: "sha256:1"}, event.StepFinished{Outcome: event.Done},
		event.StepStarted{Title: "Watch"},
		event.SuiteStarted{Phase: "4", Suite: "auth", Instance: "01-auth"},
		event.CriterionJudged{Suite: "auth", Instance: "01-auth", Record: suite.Record{Criterion: "auth.a.b", Verdict: verdict.Fail, Reason: "no"}},
		event.SuiteFinished{Suite: "auth", Instance: "01-auth", Verdict: verdict.Fail},
		event.GateDecided{Phase: "4", Verdict: verdict.Fail}, event.RunFinished{Exit: 1})
	write(t, folder, "2", begin("2"))
	runs, problems := history.List(folder)
	require.Empty(t, problems)
	require.Len(t, runs, 2)
	require.Equal(t, "2", runs[0].ID, "newest first")
	require.False(t, runs[0].Ended())
	r := runs[1]
	require.True(t, r.Ended())
	require.Equal(t, 1, r.Exit)
	require.Equal(t, "sha256:1", r.Facts["release.digest"])
	require.Equal(t, event.Done, r.Steps[0].Outcome)
	require.Equal(t, event.Unknown, r.Steps[1].Outcome, "nobody knows what became of it")
	judged, ok := history.Last(r.Criteria, "auth.a.b")
	require.True(t, ok)
	require.Equal(t, "4", judged.Phase)
	require.Equal(t, verdict.Fail, judged.Verdict)
	_, ok = history.Last(r.Criteria, "auth.a.c")
	require.False(t, ok)
}

func TestAChangedJournalIsNotUsed(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(write(t, folder, "1", begin("1"), event.RunFinished{Exit: 1}), journal.FileName)
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, append(text, text...), 0o600))
	runs, problems := history.List(folder)
	require.Empty(t, runs)
	require.ErrorIs(t, problems[0], journal.ErrBroken)
	none, problems := history.List(filepath.Join(folder, "nowhere"))
	require.Empty(t, none)
	require.Empty(t, problems)
	write(t, folder, "0", event.RunFinished{})
	_, err = history.Load(filepath.Join(folder, "0"))
	require.ErrorContains(t, err, "does not say that it began")
}
