package runbook_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/barq-platform/barqgate/harness/journal/event"
	"github.com/barq-platform/barqgate/harness/journal/history"
	"github.com/barq-platform/barqgate/harness/verdict"
	"github.com/barq-platform/barqgate/phases/runbook"
)

var (
	noon  = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)
	known = []string{"auth.login.accepted", "auth.token.refused"}
)

func judged(id string, v verdict.Verdict, when time.Time) history.Judged {
	return history.Judged{Name: id, Verdict: v, When: when}
}

func TestStateComesFromTheNewestRunThatCameToIt(t *testing.T) {
	item := runbook.Item{ID: "a.b", Text: "x", Steps: []string{"Set the image to *"}, Criteria: []string{"auth.*"}}
	step := func(o event.Outcome) history.Step {
		return history.Step{Title: "Set the image to x:v2", Outcome: o, When: noon}
	}
	both := []history.Judged{judged(known[0], verdict.Pass, noon.Add(time.Hour)), judged(known[1], verdict.Pass, noon)}
	old := history.Run{ID: "old", Steps: []history.Step{step(event.Failed)}, Criteria: both}
	for name, c := range map[string]struct {
		runs []history.Run
		want runbook.State
	}{
		"never":          {nil, runbook.State{Word: runbook.NotRun}},
		"all of it":      {[]history.Run{{ID: "new", Steps: []history.Step{step(event.Done)}, Criteria: both}, old}, runbook.State{Word: runbook.Passed, When: noon.Add(time.Hour), Run: "new"}},
		"a failed step":  {[]history.Run{{ID: "new"}, old}, runbook.State{Word: runbook.Failed, When: noon.Add(time.Hour), Run: "old", Note: "Set the image to x:v2: failed"}},
		"an open step":   {[]history.Run{{ID: "new", Criteria: both}}, runbook.State{Word: runbook.Partly, When: noon.Add(time.Hour), Run: "new", Note: "not run: Set the image to *"}},
		"a criterion":    {[]history.Run{{ID: "new", Steps: []history.Step{step(event.Done)}, Criteria: []history.Judged{judged(known[0], verdict.Inconclusive, noon), both[1]}}}, runbook.State{Word: runbook.Failed, When: noon, Run: "new", Note: "auth.login.accepted: inconclusive"}},
		"judged again":   {[]history.Run{{ID: "new", Steps: []history.Step{step(event.Done)}, Criteria: append([]history.Judged{judged(known[0], verdict.Fail, noon)}, both...)}}, runbook.State{Word: runbook.Passed, When: noon.Add(time.Hour), Run: "new"}},
		"an interrupted": {[]history.Run{{ID: "new", Steps: []history.Step{step(event.Unknown)}}}, runbook.State{Word: runbook.Failed, When: noon, Run: "new", Note: "Set the image to x:v2: unknown"}},
	} {
		t.Run(name, func(t *testing.T) {
			state, err := item.StateOf(c.runs, known)
			require.NoError(t, err)
			require.Equal(t, c.want, state)
		})
	}
	state, err := runbook.Item{Pending: "later"}.StateOf(nil, known)
	require.NoError(t, err)
	require.Equal(t, runbook.State{Word: runbook.Waiting, Note: "later"}, state)
}

func TestViewNamesTheEnvironmentsSteps(t *testing.T) {
	v := runbook.View{
		Environment: "lab", Criteria: known, Steps: []string{"Set the image to x:v2"},
		Table: runbook.Table{{Name: "Phase 3", Items: []runbook.Item{{ID: "a.b", Text: "kubectl set image", Steps: []string{"Set the image to *", "Watch *"}, Criteria: []string{"auth.*"}}}}},
	}
	var out bytes.Buffer
	count, err := v.Print(&out)
	require.NoError(t, err)
	require.Equal(t, 1, count[runbook.NotRun])
	require.Contains(t, out.String(), "step      Set the image to x:v2\n")
	require.Contains(t, out.String(), "step      Watch …\n")
	require.Contains(t, out.String(), "1 items: 0 passed, 0 failed, 0 partly, 1 not run, 0 pending")
}

// TestDocumentationIsCurrent compares docs/runbook.md; UPDATE_GOLDEN=1, or `make
// docs`, rewrites it.
func TestDocumentationIsCurrent(t *testing.T) {
	root, loaded := table(t)
	var out bytes.Buffer
	require.NoError(t, loaded.Markdown(&out))
	file := filepath.Join(root, "docs", "runbook.md")
	if os.Getenv("UPDATE_GOLDEN") != "" {
		require.NoError(t, os.WriteFile(file, out.Bytes(), 0o644))
	}
	have, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, out.String(), string(have), "`make docs` rewrites it")
}
