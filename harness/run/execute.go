package run

import (
	"context"
	"encoding/json"
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
	"github.com/barq-platform/barqgate/harness/redact"
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
	config   Config
	started  time.Time
	redactor *redact.Redactor // of the environment's secrets
	// now ends when the run has to stop at once; it does not end with the context
	// given to Execute.
	now     context.Context
	stopNow context.CancelFunc

	mu      sync.Mutex // guards what steps reach from their goroutines
	journal *journal.Writer
	facts   map[string]string

	announcer  *announcer   // nil: nobody is told
	steps      []*stepState // all of the plan, in order
	executions int          // suites started so far

	// What a resumed run has found in its journal; empty in a fresh one.
	passed     map[string]bool            // phases whose gate has passed
	standing   map[string][]gotest.Result // results of an undecided gate that no repetition can take back
	unsure     map[string][]gotest.Result // by phase/suite: attempts of it that could not tell
	retreating *event.RollbackStarted     // a rollback that was begun and not ended
	gateFailed *gateError                 // a gate that was decided, and nothing done about it
	lost       []event.SuiteStarted       // suites that never ended
	earlier    time.Duration              // what the run has taken before
	caveats    []string                   // what its verdict does not rest on
}

// stepState is what is known about one step of the plan.
type stepState struct {
	step    plan.Step
	phase   string
	number  int
	started bool
	outcome event.Outcome // "" while it is not known to have any effect
	ending  event.Ending  // what kept it from being done, when it was last tried
	problem string        // the error of that
	tried   int           // how often it was started
	undone  bool
	kept    bool // undoing left it in place on purpose
	undoing bool // its undoing was started and has not ended well
	untried int  // how often its undoing was started
	looks   int  // how often it was observed
}

// settled is a step that needs not be done any more.
func (s *stepState) settled() bool { return s.outcome == event.Done }

// open makes the run's folder and starts its journal.
func open(c Config) (*runner, error) {
	if err := os.MkdirAll(filepath.Join(c.Dir, evidenceFolder), 0o755); err != nil {
		return nil, fmt.Errorf("make the run's folder: %w", err)
	}
	c = c.withDefaults()
	writer, err := journal.Create(c.Dir, journal.Clock(c.Clock))
	if err != nil {
		return nil, err
	}
	r := newRunner(c, writer)
	if err := r.begin(); err != nil {
		r.announcer.abandon()
		return nil, errors.Join(err, writer.Close())
	}
	return r, nil
}

func (c Config) withDefaults() Config {
	if c.SuiteTimeout <= 0 {
		c.SuiteTimeout = gotest.DefaultTimeout
	}
	if c.RollbackTimeout <= 0 {
		c.RollbackTimeout = DefaultRollbackTimeout
	}
	if c.Grace <= 0 {
		c.Grace = gotest.DefaultGrace
	}
	if c.Stall <= 0 {
		c.Stall = DefaultStall
	}
	if c.Watcher == nil {
		c.Watcher = nobody{}
	}
	if c.Fence == nil {
		c.Fence = func() error { return nil }
	}
	if c.Clock == nil {
		c.Clock = time.Now
	}
	if c.Reached == nil {
		c.Reached = func(Moment) {}
	}
	return c
}

func newRunner(c Config, writer *journal.Writer) *runner {
	r := &runner{config: c, started: time.Now(), redactor: redact.New(c.Plan.Env.Secrets()), journal: writer, facts: map[string]string{}, passed: map[string]bool{}, standing: map[string][]gotest.Result{}, unsure: map[string][]gotest.Result{}}
	r.now, r.stopNow = context.WithCancel(context.Background())
	for _, phase := range c.Plan.Phases {
		for _, step := range phase.Steps {
			r.steps = append(r.steps, &stepState{step: step, phase: phase.Name, number: len(r.steps) + 1})
		}
	}
	return r
}

// environmentFile is the resolved configuration, without its secrets, in the
// run's folder. Its SHA-256 is the environment's digest.
const environmentFile = "environment.json"

func (r *runner) begin() error {
	c := r.config
	configuration, err := json.Marshal(c.Plan.Env)
	if err != nil {
		return fmt.Errorf("keep the configuration: %w", err)
	}
	if err := os.WriteFile(filepath.Join(c.Dir, environmentFile), configuration, 0o644); err != nil {
		return fmt.Errorf("keep the configuration: %w", err)
	}
	files, err := digests(c.Dir, environmentFile)
	if err != nil {
		return err
	}
	who, host := person()
	r.startAnnouncing(r.started, who, nil)
	return r.record(event.RunStarted{
		Run: c.Run, Who: who, Host: host, Approval: c.Approval, Plan: c.Plan.Outline(), PlanDigest: c.Plan.Digest(),
		EnvironmentDigest: c.Plan.Env.Digest(), Binaries: c.binaries(), Origin: c.Origin, Versions: c.Versions, Files: files, Contacts: c.Plan.Env.Contacts,
	})
}

// binaries maps the suites to the digests of their test binaries.
func (c Config) binaries() map[string]string {
	binaries := map[string]string{}
	for name, binary := range c.Suites {
		binaries[name] = binary.SHA256
	}
	return binaries
}

// person says who runs barqgate, and where.
func person() (who, host string) {
	who, host = "unknown", "unknown"
	if current, err := user.Current(); err == nil { // a missing name must not stop a rollback
		who = current.Username
	}
	if name, err := os.Hostname(); err == nil {
		host = name
	}
	return who, host
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
	r.config.Reached(Moment{Record: r.journal.Len() + 1})
	record, err := event.Append(r.journal, e)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrUnrecorded, err)
	}
	r.config.Reached(Moment{Record: record.Seq, Written: true})
	// Whoever watches is told what was recorded, which is what any report will say.
	if e, err = event.Decode(record); err != nil {
		return fmt.Errorf("%w: it cannot be read back: %w", ErrUnrecorded, err)
	}
	r.config.Watcher.Recorded(record, e)
	r.announcer.note(record.Time, e)
	return nil
}

// errStopped means that somebody asked the run to stop, and that it did so
// between two actions.
var errStopped = errors.New("it was asked to stop")

// errAborted means that somebody ended the run at once.
var errAborted = errors.New("it was told to end at once")

// phases runs all phases until one does not let the deployment go on. In a run
// that is resumed, phases whose gate has passed are over; the first other one is
// entered anew.
func (r *runner) phases(ctx context.Context) error {
	entered := false
	for i, phase := range r.config.Plan.Phases {
		if r.passed[phase.Name] {
			continue
		}
		if i > 0 && !entered && r.changesAhead(phase.Name) {
			// A verdict is never reused: the gate before the next effect judges again.
			before := r.config.Plan.Phases[i-1]
			if err := r.gate(ctx, before.Name, before.Gate, r.standing[before.Name]); err != nil {
				return err
			}
		}
		entered = true
		if err := r.phase(ctx, phase); err != nil {
			return err
		}
	}
	return nil
}

// changesAhead reports whether the phase has a step left that changes something.
func (r *runner) changesAhead(phase string) bool {
	return slices.ContainsFunc(r.steps, func(s *stepState) bool {
		return s.phase == phase && !s.settled() && plan.EffectOf(s.step) != plan.ReadOnly
	})
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
	if standing := r.standing[phase.Name]; len(standing) > 0 {
		return r.gate(ctx, phase.Name, phase.Gate, standing) // decided already; it was only not said
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
//
// Steps that an earlier process has done are not done again, but for those that
// only look, when there is a companion: it has to see them.
func (r *runner) stepsOf(ctx context.Context, phase plan.Phase, beside *companions) error {
	for _, state := range r.steps {
		watched := len(phase.Companions) > 0 && plan.EffectOf(state.step) == plan.ReadOnly
		if state.phase != phase.Name || state.settled() && !watched {
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
