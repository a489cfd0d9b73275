package run

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"time"

	"github.com/barq-platform/barqgate/harness/gotest"
	"github.com/barq-platform/barqgate/harness/journal/event"
	"github.com/barq-platform/barqgate/harness/plan"
	"github.com/barq-platform/barqgate/harness/redact"
	"github.com/barq-platform/barqgate/harness/verdict"
)

// observeTimeout bounds the look at the world after a step was cut short.
const observeTimeout = 30 * time.Second

// stepError says that a step did not do what it should.
type stepError struct {
	state  *stepState
	err    error
	ending event.Ending
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
	outcome, ending, err := r.perform(r.now, a)
	if err == nil || errors.Is(err, ErrUnrecorded) || errors.Is(err, errFenced) {
		return err
	}
	if outcome == event.Unknown && ending != event.Abandoned {
		if err := r.observe(state); err != nil {
			return err
		}
	}
	if ending == event.Stopped {
		return fmt.Errorf("%w during step %q: %w", errAborted, state.step.Name(), err)
	}
	return &stepError{state: state, err: err, ending: ending}
}

// errFenced means that this run may not change the platform any more.
var errFenced = errors.New("it may not change the platform any more")

// perform journals, executes within the deadline, and journals again.
func (r *runner) perform(ctx context.Context, a action) (event.Outcome, event.Ending, error) {
	if plan.EffectOf(a.state.step) != plan.ReadOnly {
		if err := r.config.Fence(); err != nil {
			return "", "", fmt.Errorf("%w: %w", errFenced, err)
		}
	}
	err := r.record(event.StepStarted{
		Phase: a.state.phase, Step: a.state.step.Name(), Number: a.state.number,
		Effect: plan.EffectOf(a.state.step).String(), Undo: a.undo, Title: a.title,
	})
	if err != nil {
		return "", "", err
	}
	evidence := a.begin()
	ctx, cancel := context.WithTimeoutCause(ctx, a.timeout, fmt.Errorf("its deadline of %s has passed", a.timeout))
	defer cancel()
	dog := watch(ctx, plan.PatienceOf(a.state.step, r.config.Stall))
	started := time.Now()
	err = r.call(dog.ctx, a, evidence, dog)
	outcome, ending, err := a.judge(dog.ctx, r.now, err)
	dog.stop()
	finished := event.StepFinished{
		Step: a.state.step.Name(), Number: a.state.number, Undo: a.undo, Outcome: outcome, Ending: ending, Duration: time.Since(started),
	}
	if err != nil {
		finished.Error = err.Error()
	}
	var unread error
	if finished.Files, unread = digests(r.config.Dir, evidence); unread != nil {
		return outcome, ending, errors.Join(fmt.Errorf("%w: %w", ErrUnrecorded, unread), err)
	}
	if journalErr := r.record(finished); journalErr != nil {
		return outcome, ending, errors.Join(journalErr, err)
	}
	if outcome == event.Kept {
		return outcome, ending, nil
	}
	return outcome, ending, err
}

// begin notes that the action is under way and names the folder of its evidence,
// which no other attempt has.
func (a action) begin() (evidence string) {
	kind, attempt := "step", &a.state.tried
	if a.undo {
		kind, attempt = "undo", &a.state.untried
	} else {
		a.state.started, a.state.outcome = true, event.Unknown // until it has returned
	}
	*attempt++
	return evidenceOf(kind, a.state.number, *attempt)
}

// evidenceOf names a folder below the run's.
func evidenceOf(kind string, number, attempt int) string {
	name := fmt.Sprintf("%s-%02d", kind, number)
	if attempt > 1 {
		name += fmt.Sprintf("-again-%d", attempt-1)
	}
	return filepath.Join(evidenceFolder, name)
}

// judge says what the end of the action's call means. The error is that of the
// call, with what ended its context.
func (a action) judge(ctx, now context.Context, err error) (event.Outcome, event.Ending, error) {
	outcome, ending := event.Done, event.Ending("")
	panicked := (*panicError)(nil)
	switch {
	case err == nil:
	case a.undo && errors.Is(err, plan.ErrKept):
		outcome = event.Kept
	case errors.Is(err, errAbandoned):
		outcome, ending = event.Unknown, event.Abandoned
	case errors.As(err, &panicked):
		outcome, ending = event.Failed, event.Panicked
	case ctx.Err() != nil && now.Err() != nil:
		outcome, ending = event.Unknown, event.Stopped
	case ctx.Err() != nil:
		outcome, ending = event.Unknown, event.Late
	default:
		outcome, ending = event.Failed, event.Refused
	}
	if cause := context.Cause(ctx); outcome == event.Unknown && !errors.Is(cause, context.Canceled) {
		err = fmt.Errorf("%w: %w", cause, err)
	}
	if !a.undo {
		a.state.outcome, a.state.ending = outcome, ending
	}
	return outcome, ending, err
}

// call runs the step in a goroutine, so that one that ignores its context cannot
// keep the run from saying so, and turns a panic into an error.
func (r *runner) call(ctx context.Context, a action, evidence string, dog *watchdog) error {
	sc, err := r.stepContext(a, evidence, dog)
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

func (r *runner) stepContext(a action, evidence string, dog *watchdog) (*plan.StepContext, error) {
	name, p := a.state.step.Name(), r.config.Plan
	folder := filepath.Join(r.config.Dir, evidence)
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return nil, fmt.Errorf("make the step's evidence folder: %w", err)
	}
	return &plan.StepContext{
		Env: p.Env, Root: r.config.Root, Run: r.config.Run, From: p.From, To: p.To, Evidence: folder,
		Fact: func(fact string) string {
			r.mu.Lock()
			defer r.mu.Unlock()
			return r.facts[fact]
		},
		SetFact: func(fact, value string) error {
			dog.progress("the fact " + fact + " was recorded")
			if err := r.record(event.FactSet{Step: name, Name: fact, Value: value}); err != nil {
				return err
			}
			r.mu.Lock()
			defer r.mu.Unlock()
			r.facts[fact] = value
			return nil
		},
		Progress: func(format string, args ...any) {
			text := fmt.Sprintf(format, args...)
			dog.progress(text)
			r.config.Watcher.Progress(name, text)
		},
		Created: func(object, id string) error {
			return r.record(event.ObjectCreated{Step: name, Object: object, ID: id})
		},
		Removed: func(object, id string) error {
			return r.record(event.ObjectRemoved{Step: name, Object: object, ID: id})
		},
		RunSuite: func(ctx context.Context, suite string, environ ...string) (verdict.Verdict, string) {
			executable, ok := r.config.Suites[suite]
			if !ok {
				return verdict.Error, "the plan was not made with suite " + suite
			}
			result := executable.Run(ctx, gotest.Options{
				Env: p.Env.Name, Evidence: filepath.Join(folder, suite), Environ: slices.Concat(p.Env.Provided(), environ),
				Timeout: r.config.SuiteTimeout, Grace: r.config.Grace, Redactor: redact.New(p.Env.Secrets()),
				Watch: func(test, action string) { dog.progress(suite + " " + test + " " + action) },
			})
			return result.Verdict, result.Reason
		},
	}, nil
}

// observe asks the world about a step that was cut short, if the step can.
func (r *runner) observe(state *stepState) error {
	if _, ok := state.step.(plan.Observer); !ok {
		return nil
	}
	observed := r.look(state)
	switch {
	case observed.Error != "":
	case observed.Done:
		state.outcome = event.Done
	default:
		state.outcome = "" // nothing of it is there
	}
	return r.record(observed)
}

// look calls the step's Observe, within a time of its own: the run's may be over.
func (r *runner) look(state *stepState) event.StepObserved {
	ctx, cancel := context.WithTimeoutCause(context.WithoutCancel(r.now), observeTimeout, fmt.Errorf("it could not be observed within %s", observeTimeout))
	defer cancel()
	observed := event.StepObserved{Step: state.step.Name()}
	a := action{state: state, call: func(ctx context.Context, sc *plan.StepContext) (err error) {
		if observer, ok := state.step.(plan.Observer); ok {
			observed.Done, err = observer.Observe(ctx, sc)
		}
		return err
	}}
	dog := watch(ctx, observeTimeout)
	defer dog.stop()
	state.looks++
	evidence := evidenceOf("observe", state.number, state.looks)
	err := r.call(dog.ctx, a, evidence, dog)
	files, unread := digests(r.config.Dir, evidence)
	if err = errors.Join(err, unread); err != nil {
		observed = event.StepObserved{Step: state.step.Name(), Error: err.Error()}
	}
	observed.Files = files
	return observed
}
