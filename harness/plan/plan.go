// Package plan is the vocabulary of a deployment: steps, gates, companions and
// the phases they form. A plan is complete before anything runs; it can be
// printed, and its digest is what a run executes and a resume must match.
//
// It must never know what BARQ is, and it must never execute anything.
package plan

import (
	"context"
	"errors"
	"time"

	"github.com/barq-platform/barqgate/harness/environment"
	"github.com/barq-platform/barqgate/harness/verdict"
)

// Effect says what running a step twice would do.
type Effect int

// The effects of a step. The zero value is Once, the most careful one.
const (
	// Once must not be repeated: an interrupted step is unknown until observed.
	Once Effect = iota
	// Idempotent may be repeated and ends in the same state.
	Idempotent
	// ReadOnly changes nothing.
	ReadOnly
)

// Step is one action of the runbook. Its name is a sentence: it identifies the
// step in the plan and the journal, and people read it in the report. Run
// returns an error and never decides what the error means for the deployment.
type Step interface {
	Name() string
	Run(ctx context.Context, sc *StepContext) error
}

// Effector is a Step that says what repeating it would do; without it, Once.
type Effector interface{ Effect() Effect }

// Observer is a Step that can read from the world whether it is already done. If
// it cannot tell, for example because half of it is there, it returns an error;
// "not done" means that Run may be called. An Observe that finds the step done
// records the facts that Run had no more time to record.
type Observer interface {
	Observe(ctx context.Context, sc *StepContext) (done bool, err error)
}

// Undoer is a Step that can be taken back. Undo runs after a gate has not
// passed, in reverse order of the steps, on a context of its own. Undo looks at
// the world before it changes it: a rollback that was interrupted is resumed by
// calling it again.
type Undoer interface {
	// UndoName is the sentence that stands for the undoing.
	UndoName() string
	Undo(ctx context.Context, sc *StepContext) error
}

// ByHand is an Undoer that a person can take back after the run has ended.
type ByHand interface {
	Undoer
	// UndoCommand is what they type for it in the environment.
	UndoCommand(env string) string
}

// ErrKept is what Undo returns, wrapped with the reason, when the step's effect
// stays on purpose: taking it back would do more harm. It is not a failure, and
// the account of the run lists the step as done.
var ErrKept = errors.New("kept on purpose")

// Timeouter is a Step with a deadline of its own; without it, DefaultTimeout.
type Timeouter interface{ Timeout() time.Duration }

// DefaultTimeout is the deadline of a step that names none.
const DefaultTimeout = 10 * time.Minute

// Patient is a Step that may work for long without saying anything; without it,
// a step that makes no progress for the environment's time is taken to hang.
type Patient interface{ Patience() time.Duration }

// SuiteRunner is a Step that runs suites itself, which are prepared with those of
// the gates.
type SuiteRunner interface{ Suites() []string }

// SuitesOf returns the suites that the step runs itself.
func SuitesOf(s Step) []string {
	if r, ok := s.(SuiteRunner); ok {
		return r.Suites()
	}
	return nil
}

// StepContext is all that a step may use besides its own fields.
type StepContext struct {
	Env      *environment.Environment
	Root     string // the module's root folder
	Run      string // id of the run
	From, To string // release tags
	Evidence string // folder for this step's files

	// Fact returns a value set by an earlier step, or "" if there is none.
	Fact func(name string) string
	// SetFact records a value in the journal, for later steps and for suites. A
	// failure to record is an error of the step.
	SetFact func(name, value string) error
	// Progress tells whoever watches what is going on now.
	Progress func(format string, args ...any)
	// Created records an object that this run made and that must be removed.
	Created func(kind, id string) error
	// Removed records that an object of this run is gone.
	Removed func(kind, id string) error
	// RunSuite runs a suite of a SuiteRunner as a gate would, with more variables
	// (NAME=value), and returns its verdict and the reason.
	RunSuite func(ctx context.Context, suite string, environ ...string) (verdict.Verdict, string)
}

// Remains says what a run has left of one of its steps.
type Remains int

// What may remain of a step. The zero value stands for one that never started.
const (
	// Nothing: it was not started, or is known to have had no effect.
	Nothing Remains = iota
	// InPlace: it is done.
	InPlace
	// Partly: it was cut short, failed, or its undoing was; either may be found.
	Partly
	// TakenBack: it was undone.
	TakenBack
)

// Progress maps the names of steps to what a run has left of them.
type Progress map[string]Remains

// Gate is what must hold before the deployment goes on.
type Gate struct {
	// Suites are the packages to run, by their folder under suites/.
	Suites []string `json:"suites"`
	// Required criteria must each be judged, and pass.
	Required []string `json:"required,omitempty"`
	// AllowedSkips maps criteria that may be skipped to the reason why.
	AllowedSkips map[string]string `json:"allowedSkips,omitempty"`
	// Retries say which suites may be tried again, and why.
	Retries []Retry `json:"retries,omitempty"`
	// Quarantines name the criteria that may pass only when they are tried again.
	Quarantines []Quarantine `json:"quarantines,omitempty"`
}

// Phase is a part of the runbook: steps in order, the suites that run beside
// them, and the gate behind them.
type Phase struct {
	Name  string // such as "3 application"
	About string
	Steps []Step
	// Companions run during the steps, each as a process of its own.
	Companions []string
	Gate       Gate
}

// Plan is a whole deployment.
type Plan struct {
	Name   string // such as "deploy v2.1.0 to local"
	Env    *environment.Environment
	From   string
	To     string
	Phases []Phase
	// RollbackGate must hold after the undoing of steps.
	RollbackGate Gate
	// Checklists are ticked off by what was judged, in the report.
	Checklists []Checklist
	// Notes are said with the plan: what cannot be undone, and why.
	Notes []string
	// Confirm is asked before an interrupted run goes on: is the platform still
	// what the run has left? If not, somebody else has changed it. Nil: not asked.
	Confirm func(ctx context.Context, sc *StepContext, left Progress) error
}

// EffectOf returns the step's effect, Once if it names none.
func EffectOf(s Step) Effect {
	if e, ok := s.(Effector); ok {
		return e.Effect()
	}
	return Once
}

// TimeoutOf returns the step's deadline.
func TimeoutOf(s Step) time.Duration {
	if t, ok := s.(Timeouter); ok {
		return t.Timeout()
	}
	return DefaultTimeout
}

// PatienceOf returns how long the step may go on without any progress.
func PatienceOf(s Step, otherwise time.Duration) time.Duration {
	if p, ok := s.(Patient); ok {
		return p.Patience()
	}
	return otherwise
}

// String returns the effect's name for plans and reports.
func (e Effect) String() string {
	switch e {
	case ReadOnly:
		return "read-only"
	case Idempotent:
		return "idempotent"
	case Once:
		return "once"
	default:
		return "unknown effect"
	}
}
