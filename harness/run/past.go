package run

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/barq-platform/barqgate/harness/gotest"
	"github.com/barq-platform/barqgate/harness/journal"
	"github.com/barq-platform/barqgate/harness/journal/event"
	"github.com/barq-platform/barqgate/harness/plan"
	"github.com/barq-platform/barqgate/harness/verdict"
)

// past is what the journal of an earlier process says.
type past struct {
	begun   event.RunStarted
	ended   *event.RunFinished // nil: its process was killed
	running map[string]event.SuiteStarted
	judged  map[string]gotest.Result // by instance: what was recorded of a suite so far

	started    time.Time         // when the first process began
	references map[string]string // by service: what it has been told under

	segment time.Time // when the process began whose records are being read
	last    time.Time
}

// relive reads the journal into the runner, as if it had done everything itself.
func (r *runner) relive(records []journal.Record) (past, error) {
	p := past{references: map[string]string{}, running: map[string]event.SuiteStarted{}, judged: map[string]gotest.Result{}}
	for _, record := range records {
		e, err := event.Decode(record)
		if err != nil {
			return p, err
		}
		if err := r.again(&p, e); err != nil {
			return p, fmt.Errorf("record %d (%s): %w", record.Seq, record.Kind, err)
		}
		p.clock(r, record, e)
	}
	if p.begun.Run == "" {
		return p, errors.New("its journal does not begin with the start of a run")
	}
	for _, started := range p.running {
		r.lost = append(r.lost, started)
	}
	slices.SortFunc(r.lost, func(a, b event.SuiteStarted) int { return strings.Compare(a.Instance, b.Instance) })
	return p, nil
}

// clock adds up how long the earlier processes have worked. A clock that went
// backwards counts for nothing.
func (p *past) clock(r *runner, record journal.Record, e event.Event) {
	switch e.(type) {
	case event.RunStarted, event.RunResumed:
		p.segment, p.last = record.Time, record.Time
	}
	if p.started.IsZero() {
		p.started = record.Time
	}
	if step := record.Time.Sub(p.last); step > 0 {
		r.earlier += step
	}
	p.last = record.Time
}

// again applies one event.
func (r *runner) again(p *past, e event.Event) error {
	switch e := e.(type) {
	case event.RunStarted:
		p.begun = e
	case event.Announced:
		if e.Error == "" {
			p.references[e.Service] = e.Reference
		}
	case event.RunResumed:
		p.ended = nil
		for _, instance := range e.Lost {
			r.noteLost(p.running[instance])
			delete(p.running, instance)
		}
	case event.RunFinished:
		p.ended = &e
		r.gateFailed = nil // whoever resumes it has seen it
	case event.FactSet:
		r.facts[e.Name] = e.Value
	case event.PhaseStarted, event.ObjectCreated, event.ObjectRemoved:
	case event.StepStarted, event.StepFinished, event.StepObserved, event.StepAttested:
		return r.againStep(e)
	case event.SuiteStarted, event.CriterionJudged, event.SuiteFinished:
		r.againSuite(p, e)
	case event.GateDecided:
		r.againGate(e)
	case event.RollbackStarted:
		r.retreating, r.gateFailed = &e, nil
	default:
		return errors.New("nobody knows what it means for a resume")
	}
	return nil
}

func (r *runner) againStep(e event.Event) error {
	var name string
	var apply func(*stepState)
	switch e := e.(type) {
	case event.StepStarted:
		name, apply = e.Step, func(s *stepState) { s.startedAgain(e.Undo) }
	case event.StepFinished:
		name, apply = e.Step, func(s *stepState) { s.finishedAgain(e) }
	case event.StepObserved:
		name, apply = e.Step, func(s *stepState) {
			s.looks++
			if e.Error == "" {
				s.cleared(e.Done)
			}
		}
	case event.StepAttested:
		name, apply = e.Step, func(s *stepState) { s.cleared(e.Done); s.ending = "" }
	}
	for _, state := range r.steps {
		if state.step.Name() == name {
			apply(state)
			return nil
		}
	}
	return fmt.Errorf("the plan has no step %q", name)
}

func (s *stepState) startedAgain(undo bool) {
	if undo {
		s.undoing, s.untried = true, s.untried+1
		return
	}
	s.started, s.outcome, s.ending, s.tried = true, event.Unknown, "", s.tried+1
}

func (s *stepState) finishedAgain(e event.StepFinished) {
	if e.Undo {
		s.undone, s.kept = e.Outcome == event.Done, e.Outcome == event.Kept
		s.undoing = !s.undone && !s.kept
		return
	}
	s.outcome, s.ending, s.problem = e.Outcome, e.Ending, e.Error
}

// cleared says that what became of the step is known.
func (s *stepState) cleared(done bool) {
	s.outcome = ""
	if done {
		s.outcome = event.Done
	}
}

func (r *runner) againSuite(p *past, e event.Event) {
	switch e := e.(type) {
	case event.SuiteStarted:
		r.executions++
		p.running[e.Instance] = e
	case event.CriterionJudged:
		result := p.judged[e.Instance]
		result.Criteria = append(result.Criteria, e.Record)
		p.judged[e.Instance] = result
	case event.SuiteFinished:
		started := p.running[e.Instance]
		delete(p.running, e.Instance)
		result := p.judged[e.Instance]
		result.Suite, result.Verdict, result.Reason = e.Suite, e.Verdict, e.Reason
		// A pass is never reused, and what could not be told may be told now. A
		// violation that was seen has been seen.
		if started.Phase != rollbackPhase && (e.Verdict == verdict.Fail || e.Verdict == verdict.Error) {
			r.standing[started.Phase] = append(r.standing[started.Phase], result)
		}
		if key := started.Phase + "/" + e.Suite; e.Verdict == verdict.Inconclusive && !started.Companion {
			r.unsure[key] = append(r.unsure[key], result)
		}
	}
}

func (r *runner) againGate(e event.GateDecided) {
	maps.DeleteFunc(r.unsure, func(key string, _ []gotest.Result) bool { return strings.HasPrefix(key, e.Phase+"/") })
	if e.Phase == rollbackPhase {
		return
	}
	delete(r.standing, e.Phase)
	r.passed[e.Phase], r.gateFailed = e.Verdict.Passed(), nil
	if e.Verdict == verdict.Fail || e.Verdict == verdict.Error {
		r.gateFailed = &gateError{phase: e.Phase, verdict: e.Verdict, reason: e.Reason, violated: e.Violated}
	}
}

// noteLost says of a companion that nobody has seen the whole of its phase.
func (r *runner) noteLost(s event.SuiteStarted) {
	if s.Companion {
		r.caveats = append(r.caveats, fmt.Sprintf("what %s had observed in phase %q until barqgate was interrupted is lost; its verdict rests on what it saw afterwards", s.Suite, s.Phase))
	}
}

// left says what the run has left of each step.
func (r *runner) left() plan.Progress {
	left := plan.Progress{}
	for _, s := range r.steps {
		remains := plan.Nothing
		switch {
		case s.undone:
			remains = plan.TakenBack
		case s.undoing, s.outcome == event.Unknown, s.outcome == event.Failed:
			remains = plan.Partly
		case s.outcome == event.Done:
			remains = plan.InPlace
		}
		left[s.step.Name()] = remains
	}
	return left
}
