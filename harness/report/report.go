// Package report makes everything that a person reads about a run: the live
// view while it happens, the final screen, and the files for browsers, pull
// requests and pipelines. All of it comes from the journal and the evidence
// folder alone, so any of it can be made again later.
//
// It must never know what BARQ is, and it must never say more than was recorded.
package report

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"time"

	"github.com/barq-platform/barqgate/harness/journal"
	"github.com/barq-platform/barqgate/harness/journal/event"
	"github.com/barq-platform/barqgate/harness/suite"
	"github.com/barq-platform/barqgate/harness/verdict"
)

// Report is a run as its journal tells it.
type Report struct {
	Dir           string                `json:"-"` // the run's folder
	Start         event.RunStarted      `json:"start"`
	Started       time.Time             `json:"started"`
	Last          time.Time             `json:"last"` // time of the last record
	Phases        []Phase               `json:"phases"`
	Result        *event.RunFinished    `json:"result"` // nil: the run was killed or goes on
	Facts         []event.FactSet       `json:"facts,omitempty"`
	Exceptions    []Exception           `json:"exceptions"`
	Objects       []event.ObjectCreated `json:"objects,omitempty"` // that were not removed
	Resumed       []event.RunResumed    `json:"resumed,omitempty"`
	Attested      []event.StepAttested  `json:"attested,omitempty"` // what a person had to say
	Checklists    []Checklist           `json:"checklists"`
	Told          []Told                `json:"told,omitempty"`  // who was told of the run
	Calls         []string              `json:"calls,omitempty"` // whom to call, where a person has to act
	JournalDigest string                `json:"journalDigest"`
}

// Phase is one phase of the plan, or the rollback.
type Phase struct {
	Name    string             `json:"name"`
	About   string             `json:"about,omitempty"`
	Started bool               `json:"started"`
	Steps   []Step             `json:"steps"`
	Suites  []Suite            `json:"suites"`
	Gate    *event.GateDecided `json:"gate"` // nil: not decided
}

// Step is one step of a phase, or its undoing.
type Step struct {
	Number   int           `json:"number"`
	Title    string        `json:"title"`
	Effect   string        `json:"effect"`
	Outcome  event.Outcome `json:"outcome"` // "": not run, or it never ended
	Started  bool          `json:"started"`
	Error    string        `json:"error,omitempty"`
	Duration time.Duration `json:"duration"`
}

// Suite is one execution of a suite.
type Suite struct {
	Start    event.SuiteStarted   `json:"start"`
	Criteria []suite.Record       `json:"criteria"`
	Result   *event.SuiteFinished `json:"result"` // nil: it never ended
	// Superseded means that the suite could not tell and was tried again.
	Superseded bool `json:"superseded,omitempty"`
	// Lost means that barqgate was interrupted, and went on without it.
	Lost bool `json:"lost,omitempty"`
}

// Verdict returns the suite's verdict; an execution that never ended is an Error,
// or, if the run went on without it, Inconclusive.
func (s Suite) Verdict() verdict.Verdict {
	if s.Lost {
		return verdict.Inconclusive
	}
	if s.Result == nil {
		return verdict.Error
	}
	return s.Result.Verdict
}

// Passed counts the criteria that passed.
func (s Suite) Passed() int {
	n := 0
	for _, record := range s.Criteria {
		if record.Verdict.Passed() {
			n++
		}
	}
	return n
}

// Settled reports whether the step ended as it should: done, or, when it was to be
// taken back, kept on purpose.
func (s Step) Settled() bool { return s.Outcome == event.Done || s.Outcome == event.Kept }

// State says in one word how the step ended.
func (s Step) State() string {
	switch {
	case s.Outcome != "":
		return string(s.Outcome)
	case s.Started:
		return string(event.Unknown)
	default:
		return "not run"
	}
}

// State says in one word what became of the phase.
func (p Phase) State() string {
	switch {
	case p.Gate != nil:
		return p.Gate.Verdict.String()
	case p.Started:
		return "not decided"
	default:
		return "not run"
	}
}

// rollbackPhase is the name under which harness/run records a rollback.
const rollbackPhase = "rollback"

// Load reads the journal of the run's folder.
func Load(dir string) (*Report, error) {
	chain, err := journal.Replay(dir)
	if err != nil {
		return nil, err
	}
	r := &Report{Dir: dir, JournalDigest: chain.Digest}
	for _, record := range chain.Records {
		e, err := event.Decode(record)
		if err != nil {
			return nil, fmt.Errorf("report on %s: %w", dir, err)
		}
		if record.Seq == 1 {
			r.Started = record.Time
		}
		r.Last = record.Time
		if err := r.add(e); err != nil {
			return nil, fmt.Errorf("report on %s: record %d (%s): %w", dir, record.Seq, record.Kind, err)
		}
	}
	r.Exceptions = r.exceptions()
	if r.Started.IsZero() {
		return nil, fmt.Errorf("report on %s: the journal is empty", dir)
	}
	r.tick()
	r.Calls = r.calls()
	return r, nil
}

func (r *Report) add(e event.Event) error {
	switch e := e.(type) {
	case event.RunStarted:
		r.begin(e)
	case event.PhaseStarted:
		p, err := r.phase(e.Phase)
		if err != nil {
			return err
		}
		p.Started = true
	case event.StepStarted:
		return r.stepStarted(e)
	case event.StepFinished:
		return r.stepFinished(e)
	case event.RunResumed:
		r.Resumed = append(r.Resumed, e)
		r.Result = nil
		for _, instance := range e.Lost {
			s, err := r.suite(instance)
			if err != nil {
				return err
			}
			s.Lost = true
		}
	case event.StepObserved:
		r.settle(e.Step, e.Error == "" && e.Done)
	case event.StepAttested:
		r.Attested = append(r.Attested, e)
		r.settle(e.Step, e.Done)
	case event.ObjectRemoved:
		r.Objects = slices.DeleteFunc(r.Objects, func(o event.ObjectCreated) bool { return o.Object == e.Object && o.ID == e.ID })
	case event.FactSet:
		r.Facts = append(r.Facts, e)
	case event.ObjectCreated:
		r.Objects = append(r.Objects, e)
	case event.SuiteStarted:
		p, err := r.phase(e.Phase)
		if err != nil {
			return err
		}
		if e.Attempt > 1 {
			p.supersede(e.Suite)
		}
		p.Suites = append(p.Suites, Suite{Start: e, Criteria: []suite.Record{}})
	case event.CriterionJudged:
		s, err := r.suite(e.Instance)
		if err != nil {
			return err
		}
		s.Criteria = append(s.Criteria, e.Record)
	case event.SuiteFinished:
		s, err := r.suite(e.Instance)
		if err != nil {
			return err
		}
		s.Result = &e
	case event.GateDecided:
		p, err := r.phase(e.Phase)
		if err != nil {
			return err
		}
		p.Gate = &e
	case event.RollbackStarted:
		r.Phases = append(r.Phases, Phase{Name: rollbackPhase, About: e.Reason, Started: true})
	case event.Announced:
		r.announced(e)
	case event.RunFinished:
		r.Result = &e
	default:
		return errors.New("this kind is not reported")
	}
	return nil
}

// begin lays out the plan, so that what was not run is shown as well.
func (r *Report) begin(e event.RunStarted) {
	r.Start = e
	for _, planned := range e.Plan.Phases {
		p := Phase{Name: planned.Name, About: planned.About}
		for _, step := range planned.Steps {
			p.Steps = append(p.Steps, Step{Number: step.Number, Title: step.Name, Effect: step.Effect})
		}
		r.Phases = append(r.Phases, p)
	}
}

func (r *Report) phase(name string) (*Phase, error) {
	for i := range r.Phases {
		if r.Phases[i].Name == name {
			return &r.Phases[i], nil
		}
	}
	return nil, fmt.Errorf("the plan has no phase %q", name)
}

func (r *Report) suite(instance string) (*Suite, error) {
	for i := range r.Phases {
		for j := range r.Phases[i].Suites {
			if r.Phases[i].Suites[j].Start.Instance == instance {
				return &r.Phases[i].Suites[j], nil
			}
		}
	}
	return nil, fmt.Errorf("suite execution %q was never started", instance)
}

func (r *Report) stepStarted(e event.StepStarted) error {
	if e.Undo {
		p, err := r.phase(rollbackPhase)
		if err != nil {
			return err
		}
		if s, err := r.step(e.Number, true); err == nil {
			s.Outcome, s.Error = "", "" // the rollback was interrupted and goes on
			return nil
		}
		p.Steps = append(p.Steps, Step{Number: e.Number, Title: e.Title, Effect: e.Effect, Started: true})
		return nil
	}
	s, err := r.step(e.Number, false)
	if err != nil {
		return err
	}
	s.Started, s.Outcome, s.Error = true, "", ""
	return nil
}

// settle notes what was found out about a step that never ended. How one counts
// that ended otherwise is in the result.
func (r *Report) settle(name string, done bool) {
	for i := range r.Phases {
		for j := range r.Phases[i].Steps {
			if s := &r.Phases[i].Steps[j]; s.Title == name && s.Started && s.Outcome == "" && done {
				s.Outcome = event.Done
			}
		}
	}
}

func (r *Report) stepFinished(e event.StepFinished) error {
	s, err := r.step(e.Number, e.Undo)
	if err != nil {
		return err
	}
	s.Outcome, s.Error, s.Duration = e.Outcome, e.Error, e.Duration
	return nil
}

func (r *Report) step(number int, undo bool) (*Step, error) {
	for i := range r.Phases {
		if (r.Phases[i].Name == rollbackPhase) != undo {
			continue
		}
		for j := range r.Phases[i].Steps {
			if r.Phases[i].Steps[j].Number == number {
				return &r.Phases[i].Steps[j], nil
			}
		}
	}
	return nil, fmt.Errorf("the plan has no step %d", number)
}

// Figures are the numbers of the whole run that people ask for first.
type Figures struct {
	Criteria       int
	Passed         int
	Requests       float64
	HasRequests    bool
	LongestOutage  time.Duration
	MeasuredOutage bool
}

// Figures adds up the run. What no suite has measured is said to be missing.
func (r *Report) Figures() Figures {
	var f Figures
	for _, phase := range r.Phases {
		for _, s := range phase.Suites {
			if !s.Superseded {
				f.Criteria += len(s.Criteria)
				f.Passed += s.Passed()
			}
			for _, record := range s.Criteria {
				if n, ok := record.Measured[suite.MeasuredRequests].(float64); ok {
					f.Requests, f.HasRequests = f.Requests+n, true
				}
				if ms, ok := record.Measured[suite.MeasuredOutage].(float64); ok {
					f.LongestOutage, f.MeasuredOutage = max(f.LongestOutage, time.Duration(ms*float64(time.Millisecond))), true
				}
			}
		}
	}
	return f
}

// RequestsText is the figure as people read it.
func (f Figures) RequestsText() string {
	if !f.HasRequests {
		return "not measured"
	}
	return fmt.Sprintf("%.0f", f.Requests)
}

// OutageText is the figure as people read it.
func (f Figures) OutageText() string {
	switch {
	case !f.MeasuredOutage:
		return "not measured"
	case f.LongestOutage == 0:
		return "none"
	default:
		return f.LongestOutage.Round(time.Millisecond).String()
	}
}

// Problem is one thing that did not pass, with where to look.
type Problem struct {
	Where    string   // phase and suite or step
	What     string   // criterion, suite or step
	Verdict  string   // or the step's outcome
	Reason   string   // why
	Evidence []string // paths relative to the run's folder
	Command  string   // what a person types to see it again; may be empty
}

// Problems lists everything that did not pass, in the order in which it happened.
func (r *Report) Problems() []Problem {
	var problems []Problem
	for _, phase := range r.Phases {
		for _, step := range phase.Steps {
			if step.Started && !step.Settled() {
				problems = append(problems, Problem{Where: phase.Name, What: step.Title, Verdict: step.State(), Reason: step.Error})
			}
		}
		for _, s := range phase.Suites {
			problems = append(problems, s.problems(phase.Name)...)
		}
		if phase.Gate == nil {
			continue
		}
		for _, f := range phase.Gate.Flaky {
			if f.Quarantine == nil {
				problems = append(problems, Problem{Where: phase.Name + " / " + f.Suite, What: f.Criterion, Verdict: isFlaky, Reason: fmt.Sprintf("it passed only on attempt %d, and no quarantine in force accepts that", f.Attempts)})
			}
		}
	}
	return problems
}

func (s Suite) problems(phase string) []Problem {
	if s.Lost {
		return nil // what ran in its place says what there is to say
	}
	if s.Result == nil {
		return []Problem{{Where: phase, What: "suite " + s.Start.Suite, Verdict: verdict.Error.String(), Reason: "it never ended"}}
	}
	if s.Result.Verdict.Passed() || s.Superseded { // what a further attempt decided stands there
		return nil
	}
	var problems []Problem
	for _, record := range s.Criteria {
		if record.Verdict.Passed() || record.Skipped {
			continue
		}
		p := Problem{Where: phase + " / " + s.Start.Suite, What: record.Criterion, Verdict: record.Verdict.String(), Reason: record.Summary(), Command: s.Result.Command}
		for _, e := range record.Evidence {
			p.Evidence = append(p.Evidence, path.Join(s.Start.Evidence, e.Path))
		}
		p.Evidence = append(p.Evidence, s.Result.Output)
		problems = append(problems, p)
	}
	if len(problems) > 0 && s.Result.Verdict != verdict.Error {
		return problems
	}
	return append(problems, Problem{
		Where: phase, What: "suite " + s.Start.Suite, Verdict: s.Result.Verdict.String(), Reason: s.Result.Reason,
		Evidence: []string{s.Result.Output}, Command: s.Result.Command,
	})
}

// lostText says why an execution has no result.
const lostText = "barqgate was interrupted while it ran; see what ran in its place"

// Ended says why the suite's execution has no result.
func (s Suite) Ended() string {
	if s.Lost {
		return lostText
	}
	return "it never ended"
}

// Took is how long the run was at work. Where it was interrupted, the time between
// does not count, nor does a clock that went backwards.
func (r *Report) Took() time.Duration {
	if r.Result != nil {
		return r.Result.Duration
	}
	return max(0, r.Last.Sub(r.Started))
}

// Headline is the run's end in one line.
func (r *Report) Headline() string {
	if r.Result == nil {
		return "not finished: the run was killed, or goes on"
	}
	return fmt.Sprintf("%s (exit %d): %s", r.Result.Name, r.Result.Exit, r.Result.Meaning)
}
