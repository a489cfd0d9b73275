package gotest

import (
	"context"
	"errors"
)

var errSoon = errors.New("not built yet")

// List returns the names of the suites in the workspace, sorted.
func (w Workspace) List() ([]string, error) { return nil, errSoon }

// Build compiles the suites, lists their tests, and returns them by name.
// progress is told what is being done; it may be nil.
func (w Workspace) Build(ctx context.Context, suites []string, progress func(text string)) (Set, error) {
	return nil, errSoon
}

// Run executes the suite once. It always returns a result: whatever keeps the
// suite from being judged is a verdict of Error with its reason.
func (b Binary) Run(ctx context.Context, o Options) Result { return Result{} }

// Companion is a suite that runs beside the steps of a phase.
type Companion struct{}

// StartCompanion starts the suite and returns once it observes, within ready.
// If it does not, it has been ended, and the error is a *CompanionError.
func (b Binary) StartCompanion(ctx context.Context, o Options) (*Companion, error) {
	return nil, errSoon
}

// Ended is closed when the companion's process has ended, asked or not.
func (c *Companion) Ended() <-chan struct{} { return nil }

// Stop tells the companion that its steps have ended and returns its result.
func (c *Companion) Stop(ctx context.Context) Result { return Result{} }
