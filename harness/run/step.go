package run

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"time"

	"github.com/barq-platform/barqgate/harness/journal/event"
	"github.com/barq-platform/barqgate/harness/plan"
)

// observeTimeout bounds the look at the world after a step was cut short.
const observeTimeout = 30 * time.Second

// stepError says that a step did not do what it should.
type stepError struct {
	state     *stepState
	err       error
	panicked  bool // a defect of barqgate, not of the release
	abandoned bool // it never returned, and may still be at work
}

func (e *stepError) Error() string { return fmt.Sprintf("step %q: %v", e.state.step.Name(), e.err) }
func (e *stepError) Unwrap() error { return e.err }

// panicError is a panic of a step.
type panicError struct {
	value any
	stack []byte
}

func (e *panicError) Error() string { return fmt.Sprintf("panic: %v", e.value) }

// errAbandoned means that a step ignored the end of its context.
var errAbandoned = errors.New("it did not return although its time was over, and may still be at work")

// action is a step or its undoing, on its way to being executed.
type action struct {
	state   *stepState
	undo    bool
	title   string
	timeout time.Duration
	call    func(context.Context, *plan.StepContext) error
}

// step executes one step of the plan and keeps what became of it.
func (r *runner) step(state *stepState) error {
	a := action{state: state, title: state.step.Name(), timeout: plan.TimeoutOf(state.step), call: state.step.Run}
	state.outcome = event.Unknown // until it has returned
	outcome, err := r.perform(r.now, a)
	state.outcome = outcome
	if err == nil || errors.Is(err, ErrUnrecorded) {
		return err
	}
	if outcome == event.Unknown && !errors.Is(err, errAbandoned) {
		if err := r.observe(state); err != nil {
			return err
		}
	}
	if r.now.Err() != nil && !errors.Is(err, errAbandoned) {
		return fmt.Errorf("%w during step %q: %w", errAborted, state.step.Name(), err)
	}
	panicked := (*panicError)(nil)
	return &stepError{state: state, err: err, panicked: errors.As(err, &panicked), abandoned: errors.Is(err, errAbandoned)}
}

// perform journals, executes within the deadline, and journals again.
func (r *runner) perform(ctx context.Context, a action) (event.Outcome, error) {
	err := r.record(event.StepStarted{
		Phase: a.state.phase, Step: a.state.step.Name(), Number: a.state.number,
		Effect: plan.EffectOf(a.state.step).String(), Undo: a.undo, Title: a.title,
	})
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, a.timeout, fmt.Errorf("its deadline of %s has passed", a.timeout))
	defer cancel()
	started := time.Now()
	err = r.call(ctx, a)
	outcome := event.Done
	switch {
	case a.undo && errors.Is(err, plan.ErrKept):
		outcome = event.Kept
	case err != nil && ctx.Err() != nil:
		outcome = event.Unknown
		if cause := context.Cause(ctx); !errors.Is(cause, context.Canceled) {
			err = fmt.Errorf("%w: %w", cause, err)
		}
	case err != nil:
		outcome = event.Failed
	}
	finished := event.StepFinished{Step: a.state.step.Name(), Number: a.state.number, Undo: a.undo, Outcome: outcome, Duration: time.Since(started)}
	if err != nil {
		finished.Error = err.Error()
	}
	if journalErr := r.record(finished); journalErr != nil {
		return outcome, errors.Join(journalErr, err)
	}
	if outcome == event.Kept {
		return outcome, nil
	}
	return outcome, err
}

// call runs the step in a goroutine, so that one that ignores its context cannot
// keep the run from saying so, and turns a panic into an error.
func (r *runner) call(ctx context.Context, a action) error {
	sc, err := r.stepContext(a)
	if err != nil {
		return err
	}
	returned := make(chan error, 1)
	go func() {
		defer func() {
			if value := recover(); value != nil {
				returned <- &panicError{value: value, stack: debug.Stack()}
			}
		}()
		returned <- a.call(ctx, sc)
	}()
	select {
	case err = <-returned:
	case <-ctx.Done():
		grace := time.NewTimer(r.config.Grace)
		defer grace.Stop()
		select {
		case err = <-returned:
		case <-grace.C:
			return errAbandoned
		}
	}
	if panicked := (*panicError)(nil); errors.As(err, &panicked) {
		path := filepath.Join(sc.Evidence, "panic.txt")
		return errors.Join(err, os.WriteFile(path, fmt.Appendf(nil, "%v\n\n%s", panicked.value, panicked.stack), 0o644))
	}
	return err
}

func (r *runner) stepContext(a action) (*plan.StepContext, error) {
	name, p := a.state.step.Name(), r.config.Plan
	kind := "step"
	if a.undo {
		kind = "undo"
	}
	evidence := filepath.Join(r.config.Dir, "evidence", fmt.Sprintf("%s-%02d", kind, a.state.number))
	if err := os.MkdirAll(evidence, 0o755); err != nil {
		return nil, fmt.Errorf("make the step's evidence folder: %w", err)
	}
	return &plan.StepContext{
		Env: p.Env, Root: r.config.Root, Run: r.config.Run, From: p.From, To: p.To, Evidence: evidence,
		Fact: func(fact string) string {
			r.mu.Lock()
			defer r.mu.Unlock()
			return r.facts[fact]
		},
		SetFact: func(fact, value string) error {
			if err := r.record(event.FactSet{Step: name, Name: fact, Value: value}); err != nil {
				return err
			}
			r.mu.Lock()
			defer r.mu.Unlock()
			r.facts[fact] = value
			return nil
		},
		Progress: func(format string, args ...any) { r.config.Watcher.Progress(name, fmt.Sprintf(format, args...)) },
		Created: func(object, id string) error {
			return r.record(event.ObjectCreated{Step: name, Object: object, ID: id})
		},
	}, nil
}

// observe asks the world about a step that was cut short, if the step can.
func (r *runner) observe(state *stepState) error {
	observer, ok := state.step.(plan.Observer)
	if !ok {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.now), observeTimeout)
	defer cancel()
	observed := event.StepObserved{Step: state.step.Name()}
	a := action{state: state, call: func(ctx context.Context, sc *plan.StepContext) (err error) {
		observed.Done, err = observer.Observe(ctx, sc)
		return err
	}}
	if err := r.call(ctx, a); err != nil {
		observed = event.StepObserved{Step: state.step.Name(), Error: err.Error()}
	}
	switch {
	case observed.Error != "":
	case observed.Done:
		state.outcome = event.Done
	default:
		state.outcome = event.Failed
	}
	return r.record(observed)
}
