package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/barq-platform/barqgate/harness/plan"
	"github.com/barq-platform/barqgate/harness/suite"
)

// Checklist is a checklist of the plan as the run has left it.
type Checklist struct {
	Name  string `json:"name"`
	Items []Tick `json:"items"`
}

// Tick is one item of a checklist.
type Tick struct {
	Text string `json:"text"`
	// State is one of the constants below.
	State    string   `json:"state"`
	Criteria []string `json:"criteria"`         // all that the item rests on
	Failed   []string `json:"failed,omitempty"` // judged, and did not pass
	Open     []string `json:"open,omitempty"`   // not judged where it counts, or skipped
}

// The states of an item.
const (
	Shown    = "shown"     // every criterion has passed
	Violated = "violated"  // some criterion did not pass
	NotShown = "not shown" // some criterion was not judged, and none failed
)

// Box is the item's box on a checklist: ticked only if it was shown.
func (t Tick) Box() string {
	if t.State == Shown {
		return "[x]"
	}
	return "[ ]"
}

// Why says in one line what the state rests on.
func (t Tick) Why() string {
	switch t.State {
	case Shown:
		return fmt.Sprintf("%d criteria passed", len(t.Criteria))
	case Violated:
		return "did not pass: " + strings.Join(t.Failed, ", ")
	default:
		return fmt.Sprintf("not judged: %d of %d criteria, such as %s", len(t.Open), len(t.Criteria), first(t.Open))
	}
}

func first(ids []string) string {
	if len(ids) == 0 {
		return "any at all"
	}
	return ids[0]
}

// tick fills in the plan's checklists. One of which no phase was begun is left out:
// nobody asks for the success of a rollback that did not happen.
func (r *Report) tick() {
	r.Checklists = []Checklist{}
	for _, list := range r.Start.Plan.Checklists {
		latest, began := r.judgedIn(list.Phases)
		if !began {
			continue
		}
		ticked := Checklist{Name: list.Name}
		for _, item := range list.Items {
			ticked.Items = append(ticked.Items, tickOf(item, latest))
		}
		r.Checklists = append(r.Checklists, ticked)
	}
}

// judgedIn returns the last record of each criterion in the phases, and whether one
// of them was begun.
func (r *Report) judgedIn(phases []string) (latest map[string]suite.Record, began bool) {
	latest = map[string]suite.Record{}
	for _, phase := range r.Phases {
		if !slices.Contains(phases, phase.Name) {
			continue
		}
		began = began || phase.Started
		for _, s := range phase.Suites {
			for _, record := range s.Criteria {
				latest[record.Criterion] = record
			}
		}
	}
	return latest, began
}

func tickOf(item plan.ChecklistItem, latest map[string]suite.Record) Tick {
	t := Tick{Text: item.Text, State: NotShown, Criteria: item.Criteria}
	for _, id := range item.Criteria {
		record, judged := latest[id]
		switch {
		case !judged || record.Skipped:
			t.Open = append(t.Open, id)
		case !record.Verdict.Passed():
			t.Failed = append(t.Failed, id)
		}
	}
	switch {
	case len(t.Failed) > 0:
		t.State = Violated
	case len(t.Open) == 0 && len(t.Criteria) > 0:
		t.State = Shown
	}
	return t
}
