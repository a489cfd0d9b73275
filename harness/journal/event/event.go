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
	"slices"
	"time"

	"github.com/barq-platform/barqgate/harness/environment"
	"github.com/barq-platform/barqgate/harness/gotest"
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
	Who               string            `json:"who"`                // user name
	Host              string            `json:"host"`               // where barqgate ran
	Approval          string            `json:"approval,omitempty"` // how that person has agreed to the plan; empty: nobody was asked
	Plan              plan.Outline      `json:"plan"`
	PlanDigest        string            `json:"planDigest"`
	EnvironmentDigest string            `json:"environmentDigest"`
	Binaries          map[string]string `json:"binaries"` // suite to SHA-256 of its test binary
	// Origin is what the plan was made from, in the words of whoever made it. A
	// resume makes the same plan from it again.
	Origin   json.RawMessage   `json:"origin,omitempty"`
	Versions map[string]string `json:"versions,omitempty"` // of barqgate and what it was built with
	Files    []File            `json:"files,omitempty"`    // stored with this record
	// Contacts are whom a person calls when something fails.
	Contacts environment.Contacts `json:"contacts,omitzero"`
}

// RunResumed begins what a later process does for a run that has not ended, or
// that was left undecided.
type RunResumed struct {
	Who      string            `json:"who"`
	Host     string            `json:"host"`
	Approval string            `json:"approval,omitempty"` // as in RunStarted
	Torn     bool              `json:"torn,omitempty"`     // half a last record was dropped
	Lost     []string          `json:"lost,omitempty"`     // suite instances that had not ended
	Versions map[string]string `json:"versions,omitempty"`
	Files    []File            `json:"files,omitempty"` // left behind by what had not ended
}

// StepAttested is a person's word on a step whose outcome cannot be observed.
type StepAttested struct {
	Step string `json:"step"`
	Done bool   `json:"done"` // its effect is in place; else it may be done again
	Who  string `json:"who"`
	Host string `json:"host"`
}

// File is a file below the run's folder, as it was when its record was written.
type File struct {
	Path   string `json:"path"` // relative to the run's folder, with slashes
	SHA256 string `json:"sha256"`
	Bytes  int64  `json:"bytes"`
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
	Ending   Ending        `json:"ending,omitempty"` // what kept it from being done; "": nothing
	Duration time.Duration `json:"duration"`         // nanoseconds
	Files    []File        `json:"files,omitempty"`  // its evidence
}

// Ending says what a step that was not done has come to.
type Ending string

// The endings of a step that was not done.
const (
	// Refused means that it returned an error.
	Refused Ending = "error"
	// Panicked means a defect of the step itself.
	Panicked Ending = "panic"
	// Late means that its deadline passed, or that it made no progress.
	Late Ending = "late"
	// Stopped means that somebody ended the run at once.
	Stopped Ending = "stopped"
	// Abandoned means that it never returned and may still be at work.
	Abandoned Ending = "abandoned"
)

// StepObserved says what the world showed about a step whose outcome was unknown.
type StepObserved struct {
	Step  string `json:"step"`
	Done  bool   `json:"done"`
	Error string `json:"error,omitempty"` // why nothing could be observed
	Files []File `json:"files,omitempty"` // its evidence
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

// ObjectRemoved says that an object of the run's is gone.
type ObjectRemoved struct {
	Step   string `json:"step,omitempty"` // "": it was removed by barqgate gc
	Object string `json:"object"`
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
	Files    []File          `json:"files,omitempty"` // everything in its evidence folder
	Process  gotest.Process  `json:"process"`         // what the verdict rests on besides them
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
	Phase    string          `json:"phase"`
	Verdict  verdict.Verdict `json:"verdict"`
	Reason   string          `json:"reason,omitempty"`
	Violated bool            `json:"violated,omitempty"` // some requirement was seen to be violated
	Flaky    []Flaky         `json:"flaky,omitempty"`
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
	Reason  string          `json:"reason"`
	Undo    []string        `json:"undo"` // sentences, in the order in which they will be done
	Exit    int             `json:"exit"` // of the run, if the rollback holds
	Verdict verdict.Verdict `json:"verdict"`
}

// Announced is what became of telling people about the run, by one service.
type Announced struct {
	Service   string `json:"service"`             // such as Slack
	Moment    string `json:"moment"`              // of package announce
	What      string `json:"what"`                // the sentence that was told
	Reference string `json:"reference,omitempty"` // of the message, for what is told later
	Attempts  int    `json:"attempts"`
	Error     string `json:"error,omitempty"` // why nobody was told; "": they were
}

// RunFinished is the last record of a run that was not killed.
type RunFinished struct {
	Exit     int             `json:"exit"`
	Name     string          `json:"name"`    // of the exit code, such as "rolled back"
	Meaning  string          `json:"meaning"` // of the exit code, as a sentence
	Verdict  verdict.Verdict `json:"verdict"`
	Reason   string          `json:"reason,omitempty"`
	Done     []string        `json:"done"`              // steps whose effect is in place
	Open     []string        `json:"open"`              // steps that were not run, or were taken back
	Unknown  []string        `json:"unknown"`           // steps of which nobody can say
	Next     []string        `json:"next"`              // what a person can do now
	Caveats  []string        `json:"caveats,omitempty"` // what the verdict does not rest on
	Duration time.Duration   `json:"duration"`
}

// Kind names the type in the journal.
func (RunStarted) Kind() string { return "run.started" }

// Kind names the type in the journal.
func (RunResumed) Kind() string { return "run.resumed" }

// Kind names the type in the journal.
func (StepAttested) Kind() string { return "step.attested" }

// Kind names the type in the journal.
func (ObjectRemoved) Kind() string { return "object.removed" }

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
func (Announced) Kind() string { return "announced" }

// Kind names the type in the journal.
func (RunFinished) Kind() string { return "run.finished" }

// all has one value of each type, for Decode.
func all() []Event {
	return []Event{
		RunStarted{}, RunResumed{}, PhaseStarted{}, StepStarted{}, StepFinished{}, StepObserved{}, StepAttested{}, FactSet{}, ObjectCreated{}, ObjectRemoved{},
		SuiteStarted{}, CriterionJudged{}, SuiteFinished{}, GateDecided{}, RollbackStarted{}, Announced{}, RunFinished{},
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

// Append writes an event to the journal. It is on disk then, but for a judged
// criterion, which is with the record of its suite.
func Append(w *journal.Writer, e Event) (journal.Record, error) {
	if _, part := e.(CriterionJudged); part {
		// The suite's own record follows, and without it the suite counts as not run.
		return w.Add(e.Kind(), e)
	}
	return w.Append(e.Kind(), e)
}

// Files returns the files that an event vouches for.
func Files(e Event) []File {
	switch e := e.(type) {
	case RunStarted:
		return e.Files
	case RunResumed:
		return e.Files
	case StepFinished:
		return e.Files
	case StepObserved:
		return e.Files
	case SuiteFinished:
		return e.Files
	default:
		return nil
	}
}

// Remaining is the ledger of a run: the objects that it has made and not removed.
func Remaining(events []Event) []ObjectCreated {
	var left []ObjectCreated
	without := func(object, id string) []ObjectCreated {
		return slices.DeleteFunc(left, func(o ObjectCreated) bool { return o.Object == object && o.ID == id })
	}
	for _, e := range events {
		switch e := e.(type) {
		case ObjectCreated:
			left = append(without(e.Object, e.ID), e)
		case ObjectRemoved:
			left = without(e.Object, e.ID)
		}
	}
	return left
}
