package run

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/barq-platform/barqgate/harness/environment"
	"github.com/barq-platform/barqgate/harness/journal/event"
	"github.com/barq-platform/barqgate/harness/plan"
	"github.com/barq-platform/barqgate/harness/verdict"
)

// conclude turns what ended the phases into an outcome, rolling back if that is
// what it takes, and closes the journal.
func (r *runner) conclude(cause error) (Outcome, error) {
	o, fault := r.resolve(cause)
	o.Run, o.Dir = r.config.Run, r.config.Dir
	o.Caveats = r.caveats
	r.account(&o)
	r.advise(&o)
	finished := o.finished(r)
	r.announcer.finish(r.config.Clock(), finished, r.tellLimit())
	if !errors.Is(fault, ErrUnrecorded) {
		if err := r.record(finished); err != nil {
			o.Exit, o.Verdict, fault = worse(o.Exit, HarnessError), verdict.Error, errors.Join(fault, err)
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	o.Digest = r.journal.Digest()
	if err := r.journal.Close(); err != nil {
		o.Exit, fault = worse(o.Exit, HarnessError), errors.Join(fault, err)
	}
	return o, fault
}

// worse keeps an exit code that says more than that barqgate did not work.
func worse(was, now ExitCode) ExitCode {
	if was == RollbackFailed || was == Interrupted {
		return was
	}
	return now
}

// resolve decides what the end of the phases means. The error is barqgate's own.
func (r *runner) resolve(cause error) (Outcome, error) {
	step, gate, unknown := (*stepError)(nil), (*gateError)(nil), (*unknownError)(nil)
	switch {
	case cause == nil:
		return Outcome{Exit: Promoted, Verdict: verdict.Pass}, nil
	case errors.Is(cause, ErrUnrecorded):
		return Outcome{Exit: HarnessError, Verdict: verdict.Error, Reason: cause.Error()}, cause
	case errors.Is(cause, errAborted):
		return Outcome{Exit: Interrupted, Verdict: verdict.Error, Reason: cause.Error()}, nil
	case errors.As(cause, &unknown):
		return Outcome{Exit: Interrupted, Verdict: verdict.Error, Reason: cause.Error()}, nil
	case errors.Is(cause, errMoved), errors.Is(cause, errFenced):
		return Outcome{Exit: Held, Verdict: verdict.Inconclusive, Reason: cause.Error()}, nil
	case errors.Is(cause, errRetreating):
		return r.takeBack(Outcome{Exit: ExitCode(r.retreating.Exit), Verdict: r.retreating.Verdict, Reason: r.retreating.Reason})
	case errors.Is(cause, errStopped):
		return r.stopped(), nil
	case errors.As(cause, &step) && step.ending == event.Abandoned:
		// Undoing beside a step that may still be at work could make it worse.
		return Outcome{Exit: Interrupted, Verdict: verdict.Error, Reason: cause.Error()}, nil
	case errors.As(cause, &step):
		panicked := step.ending == event.Panicked
		v := verdict.Fail
		if panicked {
			v = verdict.Error
		}
		return r.retreat(cause, v, !panicked)
	case errors.As(cause, &gate) && gate.verdict == verdict.Inconclusive:
		return Outcome{Exit: Held, Verdict: verdict.Inconclusive, Reason: cause.Error()}, nil
	case errors.As(cause, &gate):
		return r.retreat(cause, gate.verdict, gate.violated)
	default:
		return Outcome{Exit: HarnessError, Verdict: verdict.Error, Reason: cause.Error()}, cause
	}
}

// stopped is the outcome of a run that somebody asked to stop.
func (r *runner) stopped() Outcome {
	o := Outcome{Exit: Held, Verdict: verdict.Inconclusive, Reason: errStopped.Error() + " and did so at a safe point"}
	for _, state := range r.steps {
		if state.outcome == event.Unknown && plan.EffectOf(state.step) == plan.Once {
			o.Exit, o.Verdict = Interrupted, verdict.Error
		}
	}
	return o
}

// dirty reports whether a step that changes something has been started.
func (r *runner) dirty() bool {
	return slices.ContainsFunc(r.steps, func(s *stepState) bool {
		return s.started && plan.EffectOf(s.step) != plan.ReadOnly
	})
}

// retreat takes back what the run has changed, unless that is left to a person.
func (r *runner) retreat(cause error, v verdict.Verdict, violated bool) (Outcome, error) {
	o := Outcome{Exit: HarnessError, Verdict: v, Reason: cause.Error()}
	if violated {
		o.Exit = RolledBack
	}
	switch {
	case len(r.undoable()) == 0:
		o.Reason += "; nothing had to be taken back"
		return o, nil
	case r.config.Plan.Env.Rollback.Application != environment.Automatic:
		o.Exit = Held
		o.Reason += fmt.Sprintf("; the rollback is left to a person, because rollback.application of environment %s is not %q", r.config.Plan.Env.Name, environment.Automatic)
		return o, nil
	}
	return r.takeBack(o)
}

// takeBack rolls back, or goes on with a rollback that was interrupted. The
// outcome is that of a rollback that holds.
func (r *runner) takeBack(o Outcome) (Outcome, error) {
	if err := r.rollback(o); err != nil {
		o.Exit, o.Verdict = RollbackFailed, verdict.Error
		o.Reason += "; the rollback failed: " + err.Error()
		if r.now.Err() != nil {
			o.Exit = Interrupted // by a person, who knows better than to be told that it failed
		}
		if errors.Is(err, ErrUnrecorded) {
			return o, err
		}
	}
	return o, nil
}

// undoableStep is a started step that can be taken back.
type undoableStep struct {
	state  *stepState
	undoer plan.Undoer
}

// undoable lists the started steps that can be taken back, last first.
func (r *runner) undoable() []undoableStep {
	var undo []undoableStep
	for _, state := range slices.Backward(r.steps) {
		if undoer, ok := state.step.(plan.Undoer); ok && state.started && !state.undone && !state.kept {
			undo = append(undo, undoableStep{state: state, undoer: undoer})
		}
	}
	return undo
}

// rollback undoes the steps on a context of its own and has the result judged.
// The first failure ends it: what was done earlier may be what the rest rests on.
func (r *runner) rollback(o Outcome) error {
	undo := r.undoable()
	if r.retreating == nil {
		var titles []string
		for _, step := range undo {
			titles = append(titles, step.undoer.UndoName())
		}
		if err := r.record(event.RollbackStarted{Reason: o.Reason, Undo: titles, Exit: int(o.Exit), Verdict: o.Verdict}); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithTimeoutCause(r.now, r.config.RollbackTimeout, fmt.Errorf("the rollback's deadline of %s has passed", r.config.RollbackTimeout))
	defer cancel()
	for _, step := range undo {
		title := step.undoer.UndoName()
		step.state.undoing = true
		a := action{state: step.state, undo: true, title: title, timeout: r.config.RollbackTimeout, call: step.undoer.Undo}
		outcome, _, err := r.perform(ctx, a)
		if err != nil {
			return fmt.Errorf("%s: %w", title, err)
		}
		step.state.undone, step.state.kept, step.state.undoing = outcome == event.Done, outcome == event.Kept, false
	}
	return r.rollbackGate()
}

// account lists what is done and what is not.
func (r *runner) account(o *Outcome) {
	for _, state := range r.steps {
		name := state.step.Name()
		switch {
		case state.outcome == "" || state.undone:
			o.Open = append(o.Open, name)
		case state.outcome == event.Done:
			o.Done = append(o.Done, name)
		case plan.EffectOf(state.step) == plan.ReadOnly:
			o.Open = append(o.Open, name)
		default:
			o.Unknown = append(o.Unknown, name)
		}
	}
}

// advise says how to go on. What is said has to work from where the run has ended.
func (r *runner) advise(o *Outcome) {
	add := func(text, command string) {
		if command != "" {
			o.Next = append(o.Next, text+": "+command)
		}
	}
	switch o.Exit {
	case Promoted, Usage:
	case RolledBack:
		add("repair the release, then deploy again", r.config.RetryCommand)
	case Held, HarnessError, Interrupted, RollbackFailed:
		for _, name := range o.Unknown {
			o.Next = append(o.Next, r.whatToLookAt(name))
		}
		again := "start the same again"
		for _, command := range r.undoCommands() {
			add("take back what was done", command)
			again = "once it is taken back, start the same again"
		}
		add(again, r.config.RetryCommand)
		add("or go on with this run from where it has stopped", r.config.ResumeCommand)
	}
}

// whatToLookAt says what a person does about a step of which nobody knows.
func (r *runner) whatToLookAt(name string) string {
	text := fmt.Sprintf("find out what became of the step %q", name)
	if resume := r.config.ResumeCommand; resume != "" {
		text += fmt.Sprintf("; then say so: %s --step-done %q, or --step-not-done %q", resume, name, name)
	}
	return text
}

// undoCommands lists what a person types to take back what is in place.
func (r *runner) undoCommands() []string {
	var commands []string
	for _, step := range r.undoable() {
		if undoer, ok := step.undoer.(plan.ByHand); ok && !step.state.undone {
			commands = append(commands, undoer.UndoCommand(r.config.Plan.Env.Name))
		}
	}
	return commands
}

func (o Outcome) finished(r *runner) event.RunFinished {
	name, meaning := o.Exit.String(), o.Exit.Meaning()
	if len(r.steps) == 0 {
		name, meaning = o.Exit.ofCheck()
	}
	return event.RunFinished{
		Exit: int(o.Exit), Name: name, Meaning: meaning, Verdict: o.Verdict, Reason: o.Reason,
		Done: o.Done, Open: o.Open, Unknown: o.Unknown, Next: o.Next, Caveats: o.Caveats,
		Duration: r.earlier + time.Since(r.started),
	}
}
