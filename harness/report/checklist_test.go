package report

import (
	"bytes"
	"testing"

	"github.com/barq-platform/barqgate/harness/journal/event"
	"github.com/barq-platform/barqgate/harness/plan"
	"github.com/barq-platform/barqgate/harness/suite"
	"github.com/barq-platform/barqgate/harness/verdict"
	"github.com/stretchr/testify/require"
)

// judgedReport is a report of two phases and a rollback, in which criteria were
// judged so.
func judgedReport(phases map[string][]suite.Record) *Report {
	r := &Report{Start: event.RunStarted{Plan: plan.Outline{Name: "deploy v2", Checklists: []plan.Checklist{
		{Name: "Deployment Success", Phases: []string{"3 application", "4 verification"}, Items: []plan.ChecklistItem{
			{Text: "All health checks passing", Criteria: []string{"health.live.answered", "health.ready.answered"}},
			{Text: "No data loss", Criteria: []string{"writes.kept.all"}},
			{Text: "Nothing is asked", Criteria: nil},
		}},
		{Name: "Rollback Success", Phases: []string{"rollback"}, Items: []plan.ChecklistItem{{Text: "Restored", Criteria: []string{"health.live.answered"}}}},
	}}}}
	for _, name := range []string{"1 pre-deployment", "3 application", "4 verification", "rollback"} {
		records, began := phases[name]
		r.Phases = append(r.Phases, Phase{Name: name, Started: began, Suites: []Suite{{Criteria: records}}})
	}
	r.tick()
	return r
}

func record(id string, v verdict.Verdict) suite.Record {
	return suite.Record{Criterion: id, Verdict: v}
}

func states(list Checklist) []string {
	var all []string
	for _, item := range list.Items {
		all = append(all, item.State)
	}
	return all
}

func TestATickNeedsEveryCriterion(t *testing.T) {
	live, ready, writes := record("health.live.answered", verdict.Pass), record("health.ready.answered", verdict.Pass), record("writes.kept.all", verdict.Pass)
	failed, skipped := record("health.ready.answered", verdict.Fail), suite.Record{Criterion: "writes.kept.all", Verdict: verdict.Inconclusive, Skipped: true}
	for name, c := range map[string]struct {
		phases map[string][]suite.Record
		want   []string
	}{
		"all passed":              {map[string][]suite.Record{"3 application": {live, ready, writes}}, []string{Shown, Shown, NotShown}},
		"one is missing":          {map[string][]suite.Record{"3 application": {live, writes}}, []string{NotShown, Shown, NotShown}},
		"one failed":              {map[string][]suite.Record{"3 application": {live, failed, writes}}, []string{Violated, Shown, NotShown}},
		"the last one counts":     {map[string][]suite.Record{"3 application": {live, failed, writes}, "4 verification": {ready}}, []string{Shown, Shown, NotShown}},
		"the last one fails":      {map[string][]suite.Record{"3 application": {live, ready, writes}, "4 verification": {failed}}, []string{Violated, Shown, NotShown}},
		"skipped":                 {map[string][]suite.Record{"3 application": {live, ready, skipped}}, []string{Shown, NotShown, NotShown}},
		"judged of what was then": {map[string][]suite.Record{"1 pre-deployment": {live, ready, writes}, "3 application": nil}, []string{NotShown, NotShown, NotShown}},
	} {
		t.Run(name, func(t *testing.T) {
			r := judgedReport(c.phases)
			require.Len(t, r.Checklists, 1, "no rollback, no checklist of one")
			require.Equal(t, c.want, states(r.Checklists[0]))
		})
	}
}

func TestARollbackHasItsOwnList(t *testing.T) {
	r := judgedReport(map[string][]suite.Record{
		"3 application": {record("health.live.answered", verdict.Fail)}, "rollback": {record("health.live.answered", verdict.Pass)},
	})
	require.Len(t, r.Checklists, 2)
	require.Equal(t, Violated, r.Checklists[0].Items[0].State, "what was judged after the rollback does not make the deployment good")
	require.Equal(t, Shown, r.Checklists[1].Items[0].State)
	var screen, markdown, html, junit, json bytes.Buffer
	require.NoError(t, r.Screen(&screen, Style{}))
	require.NoError(t, r.Markdown(&markdown))
	require.NoError(t, r.HTML(&html))
	require.NoError(t, r.JUnit(&junit))
	require.NoError(t, r.JSON(&json))
	for name, text := range map[string]string{"screen": screen.String(), "Markdown": markdown.String(), "HTML": html.String(), "JUnit": junit.String(), "JSON": json.String()} {
		require.Contains(t, text, "Rollback Success", name)
		require.Contains(t, text, "All health checks passing", name)
	}
	require.Contains(t, screen.String(), "[x] Restored")
	require.Contains(t, screen.String(), "[ ] All health checks passing")
	require.Contains(t, markdown.String(), "- [ ] All health checks passing")
	require.Contains(t, markdown.String(), "- [x] Restored")
}

func TestNothingBegunTicksNothing(t *testing.T) {
	require.Empty(t, judgedReport(nil).Checklists)
}
