// Package announce says what people are told about a run, in sentences made from
// its events, and what became of telling them.
//
// It must never know by which services they are told, and it must never say more
// than the run's journal does.
package announce

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/barq-platform/barqgate/harness/environment"
	"github.com/barq-platform/barqgate/harness/journal/event"
)

// Moment is what kind of thing is told.
type Moment string

// The moments of a run that people are told about.
const (
	// Started opens the run.
	Started Moment = "started"
	// Advanced means that it goes on: a gate has let it, or it repairs what failed.
	Advanced Moment = "advanced"
	// Trouble means that something does not hold. People on call are woken.
	Trouble Moment = "trouble"
	// Finished closes the run, well or not.
	Finished Moment = "finished"
)

// Run is what an update is about. It is the same in all updates of a run.
type Run struct {
	ID          string
	Environment string
	Plan        string // such as "deploy v2.1.0 to staging"
	From, To    string // releases
	Who         string
	Started     time.Time
	Contacts    environment.Contacts
}

// Key names the run to systems that join what belongs together.
func (r Run) Key() string { return "barqgate/" + r.Environment + "/" + r.ID }

// Update is one thing that is told.
type Update struct {
	Moment  Moment
	At      time.Time
	Title   string   // one sentence
	Details []string // what a person wants to know next, a line each
	// Settled, in a Finished update, means that nobody has to act: promoted, or
	// taken back and working. It closes an incident.
	Settled bool
	// Critical, in a Trouble update, asks for somebody to be woken now.
	Critical bool
}

// NeedsPeople reports whether somebody has to look: who that is belongs beside it.
func (u Update) NeedsPeople() bool {
	return u.Moment == Trouble || u.Moment == Finished && !u.Settled
}

// Delivery is what became of one update at one service.
type Delivery struct {
	Service   string
	Reference string // what a later update goes on from
	Attempts  int
	Err       error // nil: it was delivered
}

// Teller tells people by every service of an environment.
type Teller interface {
	// Tell sends the update by every service, tries again what may succeed later,
	// and says what became of each. The references, by service, are those of
	// earlier deliveries about the same run; they make an update change a message
	// instead of sending another.
	Tell(ctx context.Context, run Run, update Update, references map[string]string) []Delivery
}

// The exit codes of a run that leave nobody anything to do at once.
const (
	promoted   = 0
	rolledBack = 1
)

// Of returns what people are told about an event of the run; false for one that
// they are not told of. The time is that of its record.
func Of(plan string, at time.Time, e event.Event) (Update, bool) {
	u := Update{Moment: Advanced, At: at}
	switch e := e.(type) {
	case event.RunStarted:
		u.Moment, u.Title = Started, plan+" has started"
		for _, phase := range e.Plan.Phases {
			u.Details = append(u.Details, "phase "+phase.Name+": "+phase.About)
		}
	case event.RunResumed:
		u.Title = fmt.Sprintf("%s goes on, by %s on %s", plan, e.Who, e.Host)
	case event.GateDecided:
		return ofGate(u, plan, e), true
	case event.StepFinished:
		if e.Outcome == event.Done || e.Outcome == event.Kept {
			return Update{}, false
		}
		u.Moment, u.Critical = Trouble, e.Undo || e.Outcome == event.Unknown
		u.Title = fmt.Sprintf("%s: step %d is %s: %s", plan, e.Number, e.Outcome, e.Step)
		u.Details = lines(e.Error)
	case event.RollbackStarted:
		u.Title = plan + " is being taken back"
		u.Details = e.Undo
	case event.RunFinished:
		u.Moment, u.Settled = Finished, e.Exit == promoted || e.Exit == rolledBack
		u.Title = fmt.Sprintf("%s: %s", plan, e.Name)
		u.Details = append([]string{e.Meaning}, lines(e.Reason)...)
		for _, caveat := range e.Caveats {
			u.Details = append(u.Details, "but: "+caveat)
		}
		for _, next := range e.Next {
			u.Details = append(u.Details, "next: "+next)
		}
	default:
		return Update{}, false
	}
	return u, true
}

func ofGate(u Update, plan string, e event.GateDecided) Update {
	if e.Verdict.Passed() {
		u.Title = fmt.Sprintf("%s: the gate of phase %s has passed", plan, e.Phase)
		return u
	}
	u.Moment, u.Critical = Trouble, e.Violated
	u.Title = fmt.Sprintf("%s: the gate of phase %s says %s", plan, e.Phase, e.Verdict)
	u.Details = lines(e.Reason)
	return u
}

func lines(text string) []string {
	if text = strings.TrimSpace(text); text == "" {
		return nil
	}
	return strings.Split(text, "\n")
}

// Calls lists whom to call when something fails, in the order of the environment:
// the team first, then the escalation.
func Calls(contacts environment.Contacts) []string {
	var calls []string
	for i, list := range [][]environment.Contact{contacts.Team, contacts.Escalation} {
		for _, c := range list {
			line := c.Role + ": " + c.Reach
			if i > 0 {
				line = "then " + line
			}
			calls = append(calls, line)
		}
	}
	return calls
}
