package announce_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/barq-platform/barqgate/harness/announce"
	"github.com/barq-platform/barqgate/harness/environment"
	"github.com/barq-platform/barqgate/harness/journal/event"
	"github.com/barq-platform/barqgate/harness/verdict"
)

func TestWhatPeopleAreTold(t *testing.T) {
	const plan = "deploy v2 to lab"
	at := time.Unix(1_790_000_000, 0)
	for name, c := range map[string]struct {
		event    event.Event
		moment   announce.Moment
		says     string
		detail   string
		critical bool
		settled  bool
	}{
		"start":               {event.RunStarted{}, announce.Started, "deploy v2 to lab has started", "", false, false},
		"resume":              {event.RunResumed{Who: "ann", Host: "box"}, announce.Advanced, "goes on, by ann on box", "", false, false},
		"gate opens":          {event.GateDecided{Phase: "2 database", Verdict: verdict.Pass}, announce.Advanced, "phase 2 database has passed", "", false, false},
		"gate violated":       {event.GateDecided{Phase: "p", Verdict: verdict.Fail, Reason: "rows are lost", Violated: true}, announce.Trouble, "says fail", "rows are lost", true, false},
		"gate undecided":      {event.GateDecided{Phase: "p", Verdict: verdict.Inconclusive, Reason: "too few"}, announce.Trouble, "says inconclusive", "too few", false, false},
		"step failed":         {event.StepFinished{Step: "Back up", Number: 3, Outcome: event.Failed, Error: "disk\nfull"}, announce.Trouble, "step 3 is failed: Back up", "disk", false, false},
		"undoing failed":      {event.StepFinished{Step: "Set", Number: 3, Undo: true, Outcome: event.Failed}, announce.Trouble, "step 3 is failed", "", true, false},
		"step unknown":        {event.StepFinished{Step: "Set", Number: 3, Outcome: event.Unknown}, announce.Trouble, "unknown", "", true, false},
		"taking back":         {event.RollbackStarted{Undo: []string{"Return"}}, announce.Advanced, "is being taken back", "Return", false, false},
		"promoted":            {event.RunFinished{Exit: 0, Name: "promoted", Meaning: "all passed"}, announce.Finished, "deploy v2 to lab: promoted", "all passed", false, true},
		"rolled back":         {event.RunFinished{Exit: 1, Name: "rolled back", Reason: "a gate"}, announce.Finished, "rolled back", "a gate", false, true},
		"held":                {event.RunFinished{Exit: 3, Name: "held", Next: []string{"look"}}, announce.Finished, "held", "next: look", false, false},
		"the rollback failed": {event.RunFinished{Exit: 6, Name: "rollback failed", Caveats: []string{"half"}}, announce.Finished, "rollback failed", "but: half", false, false},
	} {
		t.Run(name, func(t *testing.T) {
			u, told := announce.Of(plan, at, c.event)
			require.True(t, told)
			require.Equal(t, at, u.At)
			require.Equal(t, c.moment, u.Moment)
			require.Contains(t, u.Title, c.says)
			require.Equal(t, c.critical, u.Critical)
			require.Equal(t, c.settled, u.Settled)
			require.Equal(t, c.moment == announce.Trouble || c.moment == announce.Finished && !c.settled, u.NeedsPeople())
			if c.detail != "" {
				require.Contains(t, u.Details, c.detail)
			}
		})
	}
	for _, e := range []event.Event{event.PhaseStarted{}, event.StepStarted{}, event.StepFinished{Outcome: event.Done}, event.StepFinished{Outcome: event.Kept}, event.FactSet{}, event.SuiteFinished{}, event.Announced{}} {
		_, told := announce.Of(plan, at, e)
		require.False(t, told, "%T", e)
	}
}

func TestCallsAreInOrder(t *testing.T) {
	require.Equal(t, []string{"Lead Engineer: 1", "Database Administrator: 2", "then Engineering Manager: 3", "then CTO: 4"}, announce.Calls(environment.Contacts{
		Team:       []environment.Contact{{Role: "Lead Engineer", Reach: "1"}, {Role: "Database Administrator", Reach: "2"}},
		Escalation: []environment.Contact{{Role: "Engineering Manager", Reach: "3"}, {Role: "CTO", Reach: "4"}},
	}))
}
