package gotest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/barq-platform/barqgate/harness/suite"
	"github.com/barq-platform/barqgate/harness/verdict"
)

// readyTime is how long a companion may take until it observes.
const readyTime = 2 * time.Minute

// pollInterval is how often the companion's ready file is looked for.
const pollInterval = 20 * time.Millisecond

// Companion is a suite that runs beside the steps of a phase. Unless Stop is
// called, its process lasts until the deadline of go test.
type Companion struct {
	process *process
	folder  string
}

// CompanionError says why a companion did not get under way.
type CompanionError struct{ Result Result }

// Error returns the result's reason.
func (e *CompanionError) Error() string {
	return fmt.Sprintf("companion suite %s did not get under way: %s", e.Result.Suite, e.Result.Reason)
}

// StartCompanion starts the suite and returns once it observes. If that takes
// more than two minutes or o.Patience, it has been ended, and the error is a
// *CompanionError. o.Timeout has to cover the steps that the suite accompanies.
func (e Executable) StartCompanion(ctx context.Context, o Options) (*Companion, error) {
	o = o.withDefaults()
	if e.Path == "" { // between it and barqgate there is the go command, which outlives barqgate
		return nil, &CompanionError{Result: e.unstarted(o, errors.New("a companion has to be compiled, or it would not end with barqgate"))}
	}
	folder, err := companionFolder(o.Evidence)
	if err != nil {
		return nil, &CompanionError{Result: e.unstarted(o, err)}
	}
	o.Args = append([]string{"-companion=" + folder}, o.Args...)
	p, err := e.start(o)
	if err != nil {
		return nil, &CompanionError{Result: e.unstarted(o, err)}
	}
	c := &Companion{process: p, folder: folder}
	if err := c.awaitReady(ctx); err != nil {
		r := p.finish(byItself, p.stop(true))
		r.Verdict, r.Reason = verdict.Error, err.Error()+because(r.Reason)
		r.Process.Failure = r.Reason
		return nil, &CompanionError{Result: r}
	}
	return c, nil
}

// companionFolder makes the folder through which the two talk, without the
// files of an earlier execution.
func companionFolder(evidence string) (string, error) {
	folder, err := filepath.Abs(filepath.Join(evidence, "companion"))
	if err != nil {
		return "", fmt.Errorf("find the companion's folder: %w", err)
	}
	if err := os.RemoveAll(folder); err != nil {
		return "", fmt.Errorf("clear the companion's folder: %w", err)
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return "", fmt.Errorf("create the companion's folder: %w", err)
	}
	return folder, nil
}

func (c *Companion) awaitReady(ctx context.Context) error {
	ready := min(readyTime, c.process.options.Timeout, c.process.options.Patience)
	deadline := time.NewTimer(ready)
	defer deadline.Stop()
	tick := time.NewTicker(pollInterval)
	defer tick.Stop()
	for {
		if c.ready() {
			return nil
		}
		select {
		case <-c.process.exited:
			if c.ready() { // it began and ended since the last look; Stop says so
				return nil
			}
			return errors.New("it ended before it observed anything")
		case <-deadline.C:
			return fmt.Errorf("it did not begin to observe within %s", ready)
		case <-ctx.Done():
			return errors.New("it was told to stop before it observed anything")
		case <-tick.C:
		}
	}
}

func (c *Companion) ready() bool {
	_, err := os.Stat(filepath.Join(c.folder, suite.ReadyFile))
	return err == nil
}

// Ended is closed when the companion's process has ended, asked or not.
func (c *Companion) Ended() <-chan struct{} { return c.process.exited }

// Stop tells the companion that its steps have ended and returns its result. A
// companion that ended before it was told to has not seen all of the steps, and
// that is an Error whatever it reported.
func (c *Companion) Stop(ctx context.Context) Result {
	early := false
	select {
	case <-c.process.exited:
		early = true
	default:
	}
	if err := os.WriteFile(filepath.Join(c.folder, suite.StopFile), nil, 0o644); err != nil {
		return c.process.finish(byItself, errors.Join(fmt.Errorf("tell it to stop: %w", err), c.process.stop(false)))
	}
	o := &c.process.options
	left := min(o.Timeout-time.Since(c.process.started), o.Patience)
	timer := time.NewTimer(max(left, o.Grace))
	defer timer.Stop()
	how, err := c.process.wait(ctx, timer.C)
	o.Timeout = max(left, o.Grace).Round(time.Millisecond) // which is what it has had
	r := c.process.finish(how, err)
	if how == late {
		r.Reason = "told to stop, " + r.Reason
	}
	if early {
		r.Verdict, r.Reason = verdict.Error, "it ended before the steps that it accompanies"+because(r.Reason)
		r.Process.Failure = r.Reason
	}
	return r
}

func because(reason string) string {
	if reason == "" {
		return ""
	}
	return ": " + reason
}
