package run

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/barq-platform/barqgate/harness/environment"
	"github.com/barq-platform/barqgate/harness/gotest"
	"github.com/barq-platform/barqgate/harness/journal"
	"github.com/barq-platform/barqgate/harness/journal/event"
	"github.com/barq-platform/barqgate/harness/plan"
)

// Execute runs the plan. Whatever happens, the outcome says what is done, what
// is not, and how to go on. outcome.Exit is valid in any case; the error says
// what kept barqgate itself from working, and is nil when a release was judged.
//
// Cancelling ctx stops the run at the next safe point; closing c.Abort stops it
// at once.
func Execute(ctx context.Context, c Config) (Outcome, error) {
	if err := c.check(); err != nil {
		return Outcome{Run: c.Run, Dir: c.Dir, Exit: Usage, Reason: err.Error()}, err
	}
	r, err := open(c)
	if err != nil {
		return Outcome{Run: c.Run, Dir: c.Dir, Exit: HarnessError, Reason: err.Error()}, err
	}
	release := r.watchAbort()
	defer release()
	return r.conclude(r.phases(ctx))
}

// check refuses what must not be started.
func (c Config) check() error {
	if c.Plan == nil || c.Run == "" || c.Dir == "" || c.Root == "" {
		return errors.New("run a plan: plan, run id, folder of the run and root are all needed")
	}
	if err := c.Plan.Validate(slices.Sorted(maps.Keys(c.Suites))); err != nil {
		return err
	}
	if err := c.Plan.Current(time.Now()); err != nil {
		return err
	}
	if c.Plan.Env.Allows(environment.Deploy) {
		return nil
	}
	for _, phase := range c.Plan.Phases {
		for _, step := range phase.Steps {
			if plan.EffectOf(step) != plan.ReadOnly {
				return fmt.Errorf("step %q changes the platform, which environment %s does not allow; add %q to `allow` in testdata/envs/%s.yaml if it may", step.Name(), c.Plan.Env.Name, environment.Deploy, c.Plan.Env.Name)
			}
		}
	}
	return nil
}

// runner is one execution of a plan.
type runner struct {
	config  Config
	started time.Time
	// now ends when the run has to stop at once; it does not end with the context
	// given to Execute.
	now     context.Context
	stopNow context.CancelFunc

	mu      sync.Mutex // guards what steps reach from their goroutines
	journal *journal.Writer
	facts   map[string]string

	steps      []*stepState // all of the plan, in order
	executions int          // suites started so far
}

// stepState is what is known about one step of the plan.
type stepState struct {
	step    plan.Step
	phase   string
	number  int
	outcome event.Outcome // "" while it has not been started
	undone  bool
}

// open makes the run's folder and starts its journal.
func open(c Config) (*runner, error) {
	if c.SuiteTimeout <= 0 {
		c.SuiteTimeout = gotest.DefaultTimeout
	}
	if c.RollbackTimeout <= 0 {
		c.RollbackTimeout = DefaultRollbackTimeout
	}
	if c.Grace <= 0 {
		c.Grace = gotest.DefaultGrace
	}
	if c.Watcher == nil {
		c.Watcher = nobody{}
	}
	if err := os.MkdirAll(filepath.Join(c.Dir, "evidence"), 0o755); err != nil {
		return nil, fmt.Errorf("make the run's folder: %w", err)
	}
	writer, err := journal.Create(c.Dir)
	if err != nil {
		return nil, err
	}
	r := &runner{config: c, started: time.Now(), journal: writer, facts: map[string]string{}}
	r.now, r.stopNow = context.WithCancel(context.Background())
	for _, phase := range c.Plan.Phases {
		for _, step := range phase.Steps {
			r.steps = append(r.steps, &stepState{step: step, phase: phase.Name, number: len(r.steps) + 1})
		}
	}
	if err := r.begin(); err != nil {
		return nil, errors.Join(err, writer.Close())
	}
	return r, nil
}

func (r *runner) begin() error {
	c := r.config
	binaries := map[string]string{}
	for name, binary := range c.Suites {
		binaries[name] = binary.SHA256
	}
	who, host := "unknown", "unknown"
	if current, err := user.Current(); err == nil { // a missing name must not stop a rollback
		who = current.Username
	}
	if name, err := os.Hostname(); err == nil {
		host = name
	}
	return r.record(event.RunStarted{
		Run: c.Run, Who: who, Host: host, Plan: c.Plan.Outline(), PlanDigest: c.Plan.Digest(),
		EnvironmentDigest: c.Plan.Env.Digest(), Binaries: binaries,
	})
}

// watchAbort ends r.now when c.Abort is closed. The returned function ends the
// watching.
func (r *runner) watchAbort() func() {
	done := make(chan struct{})
	go func() {
		defer close(done)
		select {
		case <-r.config.Abort:
			r.stopNow()
		case <-r.now.Done():
		}
	}()
	return func() {
		r.stopNow()
		<-done
	}
}

// nobody is the Watcher of a run that nobody watches.
type nobody struct{}

func (nobody) Recorded(journal.Record, event.Event) {}
func (nobody) Progress(string, string)              {}

// ErrUnrecorded marks an error after which nothing may be done any more. The
// journal does not hold how the run ended; only the outcome does.
var ErrUnrecorded = errors.New("the run cannot be recorded")

// record writes an event to the journal, then tells the watcher.
func (r *runner) record(e event.Event) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	record, err := event.Append(r.journal, e)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrUnrecorded, err)
	}
	r.config.Watcher.Recorded(record, e)
	return nil
}

// errStopped means that somebody asked the run to stop, and that it did so
// between two actions.
var errStopped = errors.New("it was asked to stop")

// errAborted means that somebody ended the run at once.
var errAborted = errors.New("it was told to end at once")

// phases runs all phases until one does not let the deployment go on.
func (r *runner) phases(ctx context.Context) error {
	for _, phase := range r.config.Plan.Phases {
		if err := r.phase(ctx, phase); err != nil {
			return err
		}
	}
	return nil
}

// mayGoOn is asked before every action.
func (r *runner) mayGoOn(ctx context.Context) error {
	switch {
	case r.now.Err() != nil:
		return errAborted
	case ctx.Err() != nil:
		return errStopped
	}
	return nil
}

func (r *runner) phase(ctx context.Context, phase plan.Phase) error {
	if err := r.mayGoOn(ctx); err != nil {
		return err
	}
	if err := r.record(event.PhaseStarted{Phase: phase.Name}); err != nil {
		return err
	}
	beside, err := r.accompany(phase)
	if err != nil {
		return err
	}
	stepErr := r.stepsOf(ctx, phase, beside)
	if errors.Is(stepErr, ErrUnrecorded) {
		beside.abandon()
		return stepErr
	}
	if err := r.dismiss(beside); err != nil {
		return err
	}
	if stepErr != nil {
		return stepErr
	}
	return r.gate(ctx, phase.Name, phase.Gate, beside.results)
}

// stepsOf runs the phase's steps. It ends early, without an error of its own,
// when a companion has ended: the gate then says why.
func (r *runner) stepsOf(ctx context.Context, phase plan.Phase, beside *companions) error {
	for _, state := range r.steps {
		if state.phase != phase.Name {
			continue
		}
		if err := r.mayGoOn(ctx); err != nil {
			return err
		}
		if beside.broken() {
			return nil
		}
		if err := r.step(state); err != nil {
			return err
		}
	}
	return nil
}
