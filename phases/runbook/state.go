package runbook

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/barq-platform/barqgate/harness/journal/event"
	"github.com/barq-platform/barqgate/harness/journal/history"
)

// State is how an item was executed last.
type State struct {
	Word string    `json:"state"`          // one of the constants below
	When time.Time `json:"when,omitzero"`  // of the last thing that happened; zero: nothing did
	Run  string    `json:"run,omitempty"`  // id of that run
	Note string    `json:"note,omitempty"` // what is missing or wrong; may be empty
}

// The states of an item.
const (
	Passed  = "passed"  // every step was done and every criterion passed
	Failed  = "failed"  // a step or a criterion did not
	Partly  = "partly"  // some of it has passed, and the rest was not run
	NotRun  = "not run" // no run of the environment has come to it
	Waiting = "pending" // nothing stands for it yet
)

// shownRuns is how far back the state looks.
const shownRuns = 50

// Runs reads the newest runs of an environment from the folder, newest first.
func Runs(folder, environment string) []history.Run {
	all, _ := history.List(folder) // a broken journal says nothing about an item
	runs := slices.DeleteFunc(all, func(r history.Run) bool { return r.Environment != environment })
	return runs[:min(len(runs), shownRuns)]
}

// RunsFolder is where the runs of a checkout are.
func RunsFolder(root string) string { return filepath.Join(root, ".barqgate", "runs") }

// StateOf tells the item's state from the newest run that has come to any of it.
func (i Item) StateOf(runs []history.Run, known []string) (State, error) {
	if i.Pending != "" {
		return State{Word: Waiting, Note: i.Pending}, nil
	}
	criteria, err := i.Expand(known)
	if err != nil {
		return State{}, err
	}
	for _, run := range runs {
		s := seen{run: run.ID}
		for _, pattern := range i.Steps {
			s.step(run, pattern)
		}
		for _, id := range criteria {
			s.criterion(run, id)
		}
		if !s.when.IsZero() {
			return s.state(), nil
		}
	}
	return State{Word: NotRun}, nil
}

// seen is what one run shows of an item.
type seen struct {
	run    string
	when   time.Time
	failed []string
	absent []string
}

func (s *seen) at(when time.Time) {
	if when.After(s.when) {
		s.when = when
	}
}

// step looks at the last step of the run whose name matches.
func (s *seen) step(run history.Run, pattern string) {
	for _, step := range slices.Backward(run.Steps) {
		if !Matches(pattern, step.Title) {
			continue
		}
		s.at(step.When)
		if step.Outcome != event.Done && step.Outcome != event.Kept {
			s.failed = append(s.failed, fmt.Sprintf("%s: %s", step.Title, step.Outcome))
		}
		return
	}
	s.absent = append(s.absent, pattern)
}

func (s *seen) criterion(run history.Run, id string) {
	judged, ok := history.Last(run.Criteria, id)
	switch {
	case !ok:
		s.absent = append(s.absent, id)
		return
	case !judged.Verdict.Passed():
		s.failed = append(s.failed, fmt.Sprintf("%s: %s", id, judged.Verdict))
	}
	s.at(judged.When)
}

// state never calls passed what was not run whole. A step whose undoing stands for
// the item, such as a rollback, is absent from a run without one: only its own kind
// of run can pass it.
func (s *seen) state() State {
	state := State{Word: Passed, When: s.when, Run: s.run}
	switch {
	case len(s.failed) > 0:
		state.Word, state.Note = Failed, strings.Join(s.failed, "; ")
	case len(s.absent) > 0:
		state.Word, state.Note = Partly, "not run: "+strings.Join(s.absent, "; ")
	}
	return state
}
