package report

import (
	"fmt"

	"github.com/barq-platform/barqgate/harness/announce"
	"github.com/barq-platform/barqgate/harness/journal/event"
	"github.com/barq-platform/barqgate/harness/verdict"
)

// Told is what became of telling people about the run by one service.
type Told struct {
	Service   string   `json:"service"`
	Delivered int      `json:"delivered"`
	Failed    []string `json:"failed,omitempty"` // what did not arrive, with why
	Latest    string   `json:"latest"`           // the sentence that arrived last
}

// State says in one word whether everything arrived.
func (t Told) State() string {
	if len(t.Failed) > 0 {
		return "not told"
	}
	return "told"
}

// Text is the account for people.
func (t Told) Text() string {
	switch {
	case len(t.Failed) == 0:
		return fmt.Sprintf("%d updates; the last: %s", t.Delivered, t.Latest)
	default:
		return fmt.Sprintf("%d of %d updates did not arrive; the last: %s", len(t.Failed), t.Delivered+len(t.Failed), t.Failed[len(t.Failed)-1])
	}
}

func (r *Report) announced(e event.Announced) {
	at := -1
	for i := range r.Told {
		if r.Told[i].Service == e.Service {
			at = i
		}
	}
	if at < 0 {
		r.Told = append(r.Told, Told{Service: e.Service})
		at = len(r.Told) - 1
	}
	t := &r.Told[at]
	if e.Error != "" {
		t.Failed = append(t.Failed, e.What+": "+e.Error)
		return
	}
	t.Delivered, t.Latest = t.Delivered+1, e.What
}

// calls lists whom to call: wherever something did not pass, was not decided, or
// was not told.
func (r *Report) calls() []string {
	if r.Result != nil && r.Result.Exit == 0 && r.Result.Verdict == verdict.Pass && !r.untold() {
		return nil
	}
	return announce.Calls(r.Start.Contacts)
}

func (r *Report) untold() bool {
	for _, t := range r.Told {
		if len(t.Failed) > 0 {
			return true
		}
	}
	return false
}
