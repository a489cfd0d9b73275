// Package history reads the journals of earlier runs: what a run was for, how it
// ended, and what it judged, with the time of each. A check may rest on it, such as
// that a release has passed staging.
//
// It must never use a journal whose chain is broken, and it must never fill in what
// a run has not recorded.
package history

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/barq-platform/barqgate/harness/journal"
	"github.com/barq-platform/barqgate/harness/journal/event"
	"github.com/barq-platform/barqgate/harness/verdict"
)

// Run is one run as its journal tells it.
type Run struct {
	ID, Environment, Plan string
	From, To              string // release tags
	Started               time.Time
	Finished              time.Time // zero: it was killed, or goes on
	Exit                  int       // valid when finished
	Facts                 map[string]string
	Steps                 []Step
	Suites                []Judged // the harness's verdict on each execution of a suite
	Criteria              []Judged
	Gates                 []Judged // by the name of the phase
}

// Step is one step that was begun.
type Step struct {
	Title   string // the step's name, or that of its undoing
	Outcome event.Outcome
	When    time.Time
}

// Judged is a verdict with its time.
type Judged struct {
	Name    string
	Phase   string
	Verdict verdict.Verdict
	Reason  string
	When    time.Time
}

// Ended reports whether the run came to an end of its own.
func (r Run) Ended() bool { return !r.Finished.IsZero() }

// Last returns the latest entry of the name.
func Last(entries []Judged, name string) (Judged, bool) {
	for _, entry := range slices.Backward(entries) {
		if entry.Name == name {
			return entry, true
		}
	}
	return Judged{}, false
}

// List reads the runs below the folder, newest first. Journals that cannot be used
// are errors beside the others, so that a caller can say that there are some; a
// folder that does not exist holds none.
func List(folder string) ([]Run, []error) {
	entries, err := os.ReadDir(folder)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, []error{fmt.Errorf("list the runs: %w", err)}
	}
	var runs []Run
	var problems []error
	for _, entry := range slices.Backward(entries) { // ids sort by time
		dir := filepath.Join(folder, entry.Name())
		if _, err := os.Stat(filepath.Join(dir, journal.FileName)); err != nil {
			continue // no run
		}
		run, err := Load(dir)
		if err != nil {
			problems = append(problems, err)
			continue
		}
		runs = append(runs, run)
	}
	return runs, problems
}

// Load reads the journal of the run's folder.
func Load(dir string) (Run, error) {
	run := Run{Facts: map[string]string{}}
	chain, err := journal.Replay(dir)
	if err != nil {
		return run, err
	}
	phases := map[string]string{} // suite execution to phase
	for _, record := range chain.Records {
		e, err := event.Decode(record)
		if err != nil {
			return run, fmt.Errorf("read the run in %s: %w", dir, err)
		}
		run.add(e, record.Time, phases)
	}
	if run.ID == "" {
		return run, fmt.Errorf("read the run in %s: its journal does not say that it began", dir)
	}
	return run, nil
}

func (r *Run) add(e event.Event, when time.Time, phases map[string]string) {
	switch e := e.(type) {
	case event.RunStarted:
		r.ID, r.Environment, r.Plan, r.From, r.To, r.Started = e.Run, e.Plan.Environment, e.Plan.Name, e.Plan.From, e.Plan.To, when
	case event.RunResumed:
		r.Finished = time.Time{} // it goes on
	case event.FactSet:
		r.Facts[e.Name] = e.Value
	case event.StepStarted:
		r.Steps = append(r.Steps, Step{Title: e.Title, Outcome: event.Unknown, When: when})
	case event.StepFinished:
		if n := len(r.Steps); n > 0 { // steps run one after the other
			r.Steps[n-1].Outcome, r.Steps[n-1].When = e.Outcome, when
		}
	case event.SuiteStarted:
		phases[e.Instance] = e.Phase
	case event.CriterionJudged:
		r.Criteria = append(r.Criteria, Judged{Name: e.Record.Criterion, Phase: phases[e.Instance], Verdict: e.Record.Verdict, Reason: e.Record.Summary(), When: when})
	case event.SuiteFinished:
		r.Suites = append(r.Suites, Judged{Name: e.Suite, Phase: phases[e.Instance], Verdict: e.Verdict, Reason: e.Reason, When: when})
	case event.GateDecided:
		r.Gates = append(r.Gates, Judged{Name: e.Phase, Phase: e.Phase, Verdict: e.Verdict, Reason: e.Reason, When: when})
	case event.RunFinished:
		r.Exit, r.Finished = e.Exit, when
	}
}
