// Package run executes a plan: steps in order, companions beside them, a gate
// behind every phase, and the undoing of steps when a gate does not pass. Every
// act is in the journal before it happens.
//
// It must never know what BARQ is, and it must never let the deployment go on
// after something it could not record, finish or judge.
package run

import (
	"encoding/json"
	"time"

	"github.com/barq-platform/barqgate/harness/announce"
	"github.com/barq-platform/barqgate/harness/gotest"
	"github.com/barq-platform/barqgate/harness/journal"
	"github.com/barq-platform/barqgate/harness/journal/event"
	"github.com/barq-platform/barqgate/harness/plan"
	"github.com/barq-platform/barqgate/harness/verdict"
)

// Config is all that Execute needs.
type Config struct {
	Plan   *plan.Plan
	Root   string     // the module's root
	Run    string     // id of the run; also the name of its folder
	Dir    string     // the run's folder; made if missing, must not hold a journal
	Suites gotest.Set // every suite the plan names, compiled
	// Watcher is told what happens; nil: nobody watches.
	Watcher Watcher
	// Teller tells people outside what happens. Nil: nobody is told.
	Teller announce.Teller
	// Abort is closed to end the current step or suite at once. The context given
	// to Execute only asks to stop at the next safe point. Nil: never.
	Abort <-chan struct{}
	// RetryCommand is what a person types to start the same again. It is only said.
	RetryCommand string
	// ResumeCommand is what a person types to go on with this run. It is only said.
	ResumeCommand string
	// Approval says how a person has agreed to the plan, for the record.
	Approval string
	// Origin is what the plan was made from, so that a resume can make it again.
	Origin   json.RawMessage
	Versions map[string]string // of barqgate, for the record
	// Fence says whether this run may still change the platform; it is asked before
	// every effect. Nil: nobody else can.
	Fence func() error
	// Attested maps steps whose outcome cannot be observed to a person's word on
	// whether they are done. Only Resume reads it.
	Attested map[string]bool
	// Clock replaces the machine's in the journal. Nil: the machine's.
	Clock func() time.Time
	// Reached is told of the moments around every record, for tests that end the
	// process there. Nil: nobody listens.
	Reached         func(Moment)
	Stall           time.Duration // without progress a step hangs; DefaultStall if 0
	SuiteTimeout    time.Duration // of one suite; gotest.DefaultTimeout if 0
	RollbackTimeout time.Duration // of all undoing together; DefaultRollbackTimeout if 0
	Grace           time.Duration // for steps and suites to end when told to; gotest.DefaultGrace if 0
}

// DefaultStall is how long a step may make no progress where nothing else is said.
const DefaultStall = 5 * time.Minute

// Moment is a point of a run at which its process can die: right before a record
// is written, when what it tells of has happened, or right behind it.
type Moment struct {
	Record  int // its number
	Written bool
}

// DefaultRollbackTimeout bounds the undoing of steps.
const DefaultRollbackTimeout = 15 * time.Minute

// Watcher follows a run while it happens. Its methods are called from several
// goroutines, must not block for long, and cannot influence the run.
type Watcher interface {
	// Recorded follows every record, once it is on disk.
	Recorded(record journal.Record, e event.Event)
	// Progress says what a step, suite or test is doing right now; it is not kept.
	Progress(source, text string)
}

// Outcome is how a run ended.
type Outcome struct {
	Run     string
	Dir     string
	Exit    ExitCode
	Verdict verdict.Verdict
	Reason  string
	Done    []string // steps whose effect is in place
	Open    []string // steps that were not run, or were taken back
	Unknown []string // steps of which nobody can say
	Next    []string // what a person can do now
	Caveats []string // what the verdict does not rest on
	Digest  string   // of the journal
}
