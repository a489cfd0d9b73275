package run

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// watchdog ends a context when nothing has happened for too long. A deadline alone
// would let a step that hangs in its first second block a rollout for an hour.
type watchdog struct {
	ctx    context.Context
	cancel context.CancelCauseFunc
	done   chan struct{}

	patience time.Duration
	mu       sync.Mutex
	timer    *time.Timer
	last     string // the latest progress
}

// stallError says that something hangs, and what was waited for.
type stallError struct {
	patience time.Duration
	last     string
}

func (e *stallError) Error() string {
	last := "it has said nothing since it began"
	if e.last != "" {
		last = fmt.Sprintf("the last it said was %q", e.last)
	}
	return fmt.Sprintf("it hangs: there was no progress for %s; %s", e.patience, last)
}

// watch begins to watch. The context ends with its parent, or with a *stallError
// as its cause after the patience without progress.
func watch(parent context.Context, patience time.Duration) *watchdog {
	d := &watchdog{patience: patience, done: make(chan struct{})}
	d.ctx, d.cancel = context.WithCancelCause(parent)
	d.timer = time.NewTimer(patience)
	go func() {
		defer close(d.done)
		select {
		case <-d.timer.C:
			d.mu.Lock()
			defer d.mu.Unlock()
			d.cancel(&stallError{patience: d.patience, last: d.last})
		case <-d.ctx.Done():
		}
	}()
	return d
}

// progress says that something has happened.
func (d *watchdog) progress(text string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.last = text
	d.timer.Reset(d.patience)
}

// stop ends the watching.
func (d *watchdog) stop() {
	d.cancel(context.Canceled)
	<-d.done
	d.timer.Stop()
}
