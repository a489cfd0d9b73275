// Package event gives the journal's records their meaning: one Go type for each
// kind of thing that a run does or finds out. Every report is made from these
// values alone, so an event holds all that a person may need to read later.
//
// It must never hold a secret, and a kind that it does not know is an error.
package event

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"time"

	"github.com/barq-platform/barqgate/harness/journal"
	"github.com/barq-platform/barqgate/harness/plan"
	"github.com/barq-platform/barqgate/harness/suite"
	"github.com/barq-platform/barqgate/harness/verdict"
)

// Event is one of the types of this package.
type Event interface {
	// Kind names the type in the journal.
	Kind() string
}

// RunStarted is the first record of every journal.
type RunStarted struct {
	Run               string            `json:"run"`
	Who               string            `json:"who"`  // user name
	Host              string            `json:"host"` // where barqgate ran
	Plan              plan.Outline      `json:"plan"`
	PlanDigest        string            `json:"planDigest"`
	EnvironmentDigest string            `json:"environmentDigest"`
	Binaries          map[string]string `json:"binaries"` // suite to SHA-256 of its test binary
}

// PhaseStarted precedes the steps of a phase.
type PhaseStarted struct {
	Phase string `json:"phase"`
}

// StepStarted is written before a step may have any effect.
type StepStarted struct {
	Phase  string `json:"phase"`
	Step   string `json:"step"`
	Number int    `json:"number"` // as in the printed plan
	Effect string `json:"effect"`
	Undo   bool   `json:"undo,omitempty"` // the step is being taken back
	Title  string `json:"title"`          // the sentence for people: the step's name or that of its undoing
}

// Outcome says how a step ended.
type Outcome string

// The outcomes of a step.
const (
	// Done means that the step returned without an error.
	Done Outcome = "done"
	// Failed means that it returned an error; part of its effect may be there.
	Failed Outcome = "failed"
	// Kept means that undoing left the effect in place on purpose; Error says why.
	Kept Outcome = "kept"
	// Unknown means that it was interrupted, or never returned.
	Unknown Outcome = "unknown"
)

// StepFinished follows every StepStarted of a run that was not killed.
type StepFinished struct {
	Step     string        `json:"step"`
	Number   int           `json:"number"`
	Undo     bool          `json:"undo,omitempty"`
	Outcome  Outcome       `json:"outcome"`
	Error    string        `json:"error,omitempty"`
	Duration time.Duration `json:"duration"` // nanoseconds
}

// StepObserved says what the world showed about a step whose outcome was unknown.
type StepObserved struct {
	Step  string `json:"step"`
	Done  bool   `json:"done"`
	Error string `json:"error,omitempty"` // why nothing could be observed
}

// FactSet is a value that a step found out, for later steps and for suites.
type FactSet struct {
	Step  string `json:"step"`
	Name  string `json:"name"`
	Value string `json:"value"`
}

// ObjectCreated is an object that the run made and that has to be removed.
type ObjectCreated struct {
	Step   string `json:"step"`
	Object string `json:"object"` // what it is, such as "database"
	ID     string `json:"id"`
}

// SuiteStarted is written before a suite's process starts.
type SuiteStarted struct {
	Phase     string `json:"phase"`
	Suite     string `json:"suite"`
	Instance  string `json:"instance"` // unique in the run: a suite may run more than once
	Companion bool   `json:"companion,omitempty"`
	Attempt   int    `json:"attempt,omitempty"` // from 2 on: it could not tell before, and is tried again
	Evidence  string `json:"evidence"`          // folder, relative to the run's
}

// CriterionJudged is one criterion's record, as its suite reported it.
type CriterionJudged struct {
	Suite    string       `json:"suite"`
	Instance string       `json:"instance"`
	Record   suite.Record `json:"record"`
}

// SuiteFinished is the harness's verdict on a suite's process.
type SuiteFinished struct {
	Suite    string          `json:"suite"`
	Instance string          `json:"instance"`
	Verdict  verdict.Verdict `json:"verdict"`
	Reason   string          `json:"reason,omitempty"` // why it is not a pass
	Tests    []Test          `json:"tests"`
	Output   string          `json:"output"`  // log, relative to the run's folder
	Command  string          `json:"command"` // what a person types to run it again
	Duration time.Duration   `json:"duration"`
}

// Test is how one Go test of a suite ended.
type Test struct {
	Name      string        `json:"name"`
	Criterion string        `json:"criterion,omitempty"` // that it judged
	Outcome   string        `json:"outcome"`             // pass, fail, skip, or "" if it never ended
	Duration  time.Duration `json:"duration"`
	Output    string        `json:"output,omitempty"` // of a test that did not pass; its last part
}

// GateDecided says whether the deployment may go on.
type GateDecided struct {
	Phase   string          `json:"phase"`
	Verdict verdict.Verdict `json:"verdict"`
	Reason  string          `json:"reason,omitempty"`
	Flaky   []Flaky         `json:"flaky,omitempty"`
}

// Flaky is a criterion that passed only when its suite was tried again.
type Flaky struct {
	Suite      string           `json:"suite"`
	Criterion  string           `json:"criterion"`
	Attempts   int              `json:"attempts"`             // that it took
	Quarantine *plan.Quarantine `json:"quarantine,omitempty"` // that accepts it; nil: it blocks
}

// RollbackStarted precedes the undoing of steps.
type RollbackStarted struct {
	Reason string   `json:"reason"`
	Undo   []string `json:"undo"` // sentences, in the order in which they will be done
}

// RunFinished is the last record of a run that was not killed.
type RunFinished struct {
	Exit     int             `json:"exit"`
	Name     string          `json:"name"`    // of the exit code, such as "rolled back"
	Meaning  string          `json:"meaning"` // of the exit code, as a sentence
	Verdict  verdict.Verdict `json:"verdict"`
	Reason   string          `json:"reason,omitempty"`
	Done     []string        `json:"done"`    // steps whose effect is in place
	Open     []string        `json:"open"`    // steps that were not run, or were taken back
	Unknown  []string        `json:"unknown"` // steps of which nobody can say
	Next     []string        `json:"next"`    // what a person can do now
	Duration time.Duration   `json:"duration"`
}

// Kind names the type in the journal.
func (RunStarted) Kind() string { return "run.started" }

// Kind names the type in the journal.
func (PhaseStarted) Kind() string { return "phase.started" }

// Kind names the type in the journal.
func (StepStarted) Kind() string { return "step.started" }

// Kind names the type in the journal.
func (StepFinished) Kind() string { return "step.finished" }

// Kind names the type in the journal.
func (StepObserved) Kind() string { return "step.observed" }

// Kind names the type in the journal.
func (FactSet) Kind() string { return "fact.set" }

// Kind names the type in the journal.
func (ObjectCreated) Kind() string { return "object.created" }

// Kind names the type in the journal.
func (SuiteStarted) Kind() string { return "suite.started" }

// Kind names the type in the journal.
func (CriterionJudged) Kind() string { return "criterion.judged" }

// Kind names the type in the journal.
func (SuiteFinished) Kind() string { return "suite.finished" }

// Kind names the type in the journal.
func (GateDecided) Kind() string { return "gate.decided" }

// Kind names the type in the journal.
func (RollbackStarted) Kind() string { return "rollback.started" }

// Kind names the type in the journal.
func (RunFinished) Kind() string { return "run.finished" }

// all has one value of each type, for Decode.
func all() []Event {
	return []Event{
		RunStarted{}, PhaseStarted{}, StepStarted{}, StepFinished{}, StepObserved{}, FactSet{}, ObjectCreated{},
		SuiteStarted{}, CriterionJudged{}, SuiteFinished{}, GateDecided{}, RollbackStarted{}, RunFinished{},
	}
}

// Decode returns the event that a record holds. An unknown kind or field is an
// error: a report that leaves something out would not be true.
func Decode(record journal.Record) (Event, error) {
	for _, candidate := range all() {
		if candidate.Kind() != record.Kind {
			continue
		}
		value := reflect.New(reflect.TypeOf(candidate))
		decoder := json.NewDecoder(bytes.NewReader(record.Data))
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(value.Interface()); err != nil {
			return nil, fmt.Errorf("read record %d (%s): %w", record.Seq, record.Kind, err)
		}
		e, ok := value.Elem().Interface().(Event)
		if !ok {
			return nil, fmt.Errorf("read record %d (%s): %s is no event", record.Seq, record.Kind, value.Elem().Type())
		}
		return e, nil
	}
	return nil, fmt.Errorf("read record %d: unknown kind %q; it was written by another version of barqgate", record.Seq, record.Kind)
}

// Append writes an event to the journal.
func Append(w *journal.Writer, e Event) (journal.Record, error) { return w.Append(e.Kind(), e) }
