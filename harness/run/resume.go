package run

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/barq-platform/barqgate/harness/journal"
	"github.com/barq-platform/barqgate/harness/journal/event"
	"github.com/barq-platform/barqgate/harness/plan"
	"github.com/barq-platform/barqgate/harness/verdict"
)

// ErrNotResumable is wrapped by the error for a run that must not be gone on with.
// Nothing was changed, not even its journal.
var ErrNotResumable = errors.New("the run cannot be resumed")

// Resume goes on with a run whose process has died, or that was held or
// interrupted. c is what Execute was given; the plan has to be the same.
//
// Steps that are done are not done again. A step that was cut short is asked of
// the world, or repeated if its effect allows it, or left to a person. Suites of a
// gate that was not decided run again, as does the gate before the next effect.
// The outcome is that of the whole run.
func Resume(ctx context.Context, c Config) (Outcome, error) {
	refused := func(exit ExitCode, err error) (Outcome, error) {
		return Outcome{Run: c.Run, Dir: c.Dir, Exit: exit, Reason: err.Error()}, err
	}
	if err := c.check(); err != nil {
		return refused(Usage, err)
	}
	c = c.withDefaults()
	writer, chain, err := journal.Open(c.Dir, journal.Clock(c.Clock))
	if err != nil {
		exit := HarnessError
		if errors.Is(err, journal.ErrLocked) {
			exit = Held // it is still at work
		}
		return refused(exit, err)
	}
	r := newRunner(c, writer)
	begun, err := r.relive(chain.Records)
	if err == nil {
		err = r.resumable(begun)
	}
	if err != nil {
		return refused(Usage, fmt.Errorf("%w: %w", ErrNotResumable, errors.Join(err, writer.Close())))
	}
	r.startAnnouncing(begun.started, begun.begun.Who, begun.references)
	release := r.watchAbort()
	defer release()
	return r.conclude(r.goOn(ctx, chain))
}

// resumable refuses a run that is over, and one that is not this one.
func (r *runner) resumable(p past) error {
	c := r.config
	switch {
	case p.begun.Run != c.Run:
		return fmt.Errorf("the journal is that of run %s; expected %s", p.begun.Run, c.Run)
	case p.ended != nil && !p.undecided():
		return fmt.Errorf("it has ended: %s (exit %d): %s", p.ended.Name, p.ended.Exit, p.ended.Reason)
	case p.begun.PlanDigest != c.Plan.Digest():
		return fmt.Errorf("its plan has the digest %s, and what would be executed now %s; check out what it was started with, or take back what it has done and start anew", p.begun.PlanDigest, c.Plan.Digest())
	case p.begun.EnvironmentDigest != c.Plan.Env.Digest():
		return fmt.Errorf("environment %s has changed since it was started; what it was then is in %s of the run's folder", c.Plan.Env.Name, environmentFile)
	case !maps.Equal(p.begun.Binaries, c.binaries()):
		return fmt.Errorf("the suites %s have changed since it was started; check out what it was started with", strings.Join(different(p.begun.Binaries, c.binaries()), ", "))
	}
	for name := range c.Attested {
		if err := r.attestable(name); err != nil {
			return err
		}
	}
	return nil
}

// undecided reports whether the run ended without anybody having decided: nothing
// is wrong with the release, as far as anybody knows.
func (p past) undecided() bool {
	switch ExitCode(p.ended.Exit) {
	case Held:
		return p.ended.Verdict == verdict.Inconclusive
	case Interrupted, RollbackFailed:
		return true
	default:
		return false
	}
}

func different(a, b map[string]string) []string {
	var names []string
	for name := range a {
		if a[name] != b[name] {
			names = append(names, name)
		}
	}
	for name := range b {
		if _, known := a[name]; !known {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// attestable refuses a person's word on what is known, or on what does not exist.
func (r *runner) attestable(name string) error {
	for _, s := range r.steps {
		if s.step.Name() != name {
			continue
		}
		if !s.cutShort() {
			return fmt.Errorf("nobody has to say what became of step %q: it is known", name)
		}
		return nil
	}
	return fmt.Errorf("the plan has no step %q", name)
}

// cutShort reports whether nobody knows what became of the step.
func (s *stepState) cutShort() bool {
	return s.started && s.outcome == event.Unknown
}

var (
	// errRetreating means that a rollback was begun and has to be ended.
	errRetreating = errors.New("a rollback was begun")
	// errMoved means that somebody else has changed the platform meanwhile.
	errMoved = errors.New("the platform is not as this run has left it")
)

// unknownError says that only a person can find out what became of a step.
type unknownError struct {
	step string
	why  string
}

func (e *unknownError) Error() string {
	return fmt.Sprintf("nobody knows whether step %q took effect, and %s", e.step, e.why)
}

// goOn does what is left of the run.
func (r *runner) goOn(ctx context.Context, chain journal.Chain) error {
	if err := r.arrive(chain); err != nil {
		return err
	}
	if err := r.failedBefore(); err != nil {
		return err
	}
	if err := r.clear(); err != nil {
		return err
	}
	if err := r.confirm(); err != nil {
		return err
	}
	if r.retreating != nil {
		return errRetreating
	}
	return r.phases(ctx)
}

// arrive records that another process goes on, with the files that nobody has
// recorded: those of suites and steps that never ended.
func (r *runner) arrive(chain journal.Chain) error {
	known, err := recorded(chain.Records)
	if err != nil {
		return err
	}
	found, err := digests(r.config.Dir, evidenceFolder)
	if err != nil {
		return err
	}
	found = slices.DeleteFunc(found, func(f event.File) bool { return known[f.Path] })
	var lost []string
	for _, started := range r.lost {
		r.noteLost(started)
		lost = append(lost, started.Instance)
	}
	who, host := person()
	return r.record(event.RunResumed{Who: who, Host: host, Approval: r.config.Approval, Torn: chain.Torn, Lost: lost, Versions: r.config.Versions, Files: found})
}

// failedBefore returns what had ended the phases when the process died before it
// could do anything about it.
func (r *runner) failedBefore() error {
	if r.retreating != nil {
		return nil
	}
	for _, s := range r.steps {
		switch s.ending {
		case event.Refused, event.Panicked, event.Late:
			return &stepError{state: s, err: errors.New(s.problem), ending: s.ending}
		case event.Stopped, event.Abandoned: // somebody ended the run, not the step
		}
	}
	if r.gateFailed != nil {
		return r.gateFailed
	}
	return nil
}

// clear finds out what became of the steps that were cut short.
func (r *runner) clear() error {
	for _, s := range r.steps {
		if !s.cutShort() || s.undone || plan.EffectOf(s.step) == plan.ReadOnly {
			continue
		}
		if err := r.clearOne(s); err != nil {
			return err
		}
	}
	return nil
}

func (r *runner) clearOne(s *stepState) error {
	name := s.step.Name()
	done, attested := r.config.Attested[name]
	why := "it cannot be observed"
	if _, ok := s.step.(plan.Observer); ok {
		observed := r.look(s)
		if err := r.record(observed); err != nil {
			return err
		}
		if observed.Error == "" {
			if attested && done != observed.Done {
				return &unknownError{step: name, why: fmt.Sprintf("a person says that it is done: %t, while the platform says: %t", done, observed.Done)}
			}
			s.cleared(observed.Done)
			return nil
		}
		why = "it could not be observed: " + observed.Error
	}
	switch {
	case attested:
		who, host := person()
		s.cleared(done)
		return r.record(event.StepAttested{Step: name, Done: done, Who: who, Host: host})
	case plan.EffectOf(s.step) == plan.Idempotent, r.retreating != nil:
		return nil // it may be repeated; its undoing looks for itself
	default:
		return &unknownError{step: name, why: why}
	}
}

// confirm asks the plan whether the platform is still what the run has left.
func (r *runner) confirm() error {
	if r.config.Plan.Confirm == nil || len(r.steps) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeoutCause(r.now, observeTimeout, fmt.Errorf("the platform could not be looked at within %s", observeTimeout))
	defer cancel()
	first := r.steps[0]
	dog := watch(ctx, observeTimeout)
	defer dog.stop()
	var found error
	a := action{state: first, call: func(ctx context.Context, sc *plan.StepContext) error {
		found = r.config.Plan.Confirm(ctx, sc, r.left())
		return nil
	}}
	if err := r.call(dog.ctx, a, evidenceOf("observe", 0, 1), dog); err != nil {
		return fmt.Errorf("%w: %w", errMoved, err)
	}
	if found != nil {
		return fmt.Errorf("%w: %w", errMoved, found)
	}
	return nil
}

// recorded lists the files that the records name.
func recorded(records []journal.Record) (map[string]bool, error) {
	known := map[string]bool{}
	for _, record := range records {
		e, err := event.Decode(record)
		if err != nil {
			return nil, err
		}
		for _, file := range event.Files(e) {
			known[file.Path] = true
		}
	}
	return known, nil
}
