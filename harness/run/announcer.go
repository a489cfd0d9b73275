package run

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/barq-platform/barqgate/harness/announce"
	"github.com/barq-platform/barqgate/harness/journal/event"
	"github.com/barq-platform/barqgate/harness/redact"
)

const (
	// tellLimit bounds how long a run that has ended still tries to tell people.
	tellLimit = 30 * time.Second
	// tellLimitAborted is the same for one that somebody ended at once.
	tellLimitAborted = 5 * time.Second
)

// announcer tells people what the run does, on a goroutine of its own: no service
// that is slow or down holds up a deployment, and what became of each attempt is in
// the journal. A message whose delivery was not recorded, because the process died
// in between, is sent again.
type announcer struct {
	teller announce.Teller
	run    announce.Run
	secret *redact.Redactor
	record func(event.Event) error

	mu      sync.Mutex
	waiting []announce.Update
	wake    chan struct{} // has a value while there may be something to do
	closed  bool
	ctx     context.Context
	cancel  context.CancelCauseFunc
	ended   chan struct{}

	references map[string]string // by service; only the goroutine uses them
}

// startAnnouncing begins to tell people, if anybody is told. The references are
// those of an earlier process.
func (r *runner) startAnnouncing(started time.Time, who string, references map[string]string) {
	c := r.config
	if c.Teller == nil {
		return
	}
	a := &announcer{
		teller: c.Teller, secret: redact.New(c.Plan.Env.Secrets()), record: r.record,
		run: announce.Run{
			ID: c.Run, Environment: c.Plan.Env.Name, Plan: c.Plan.Name, From: c.Plan.From, To: c.Plan.To,
			Who: who, Started: started, Contacts: c.Plan.Env.Contacts,
		},
		wake: make(chan struct{}, 1), ended: make(chan struct{}), references: maps.Clone(references),
	}
	if a.references == nil {
		a.references = map[string]string{}
	}
	a.ctx, a.cancel = context.WithCancelCause(context.Background())
	go a.work()
	r.announcer = a
}

// note queues what people are told of an event. It never waits.
func (a *announcer) note(at time.Time, e event.Event) {
	if a == nil {
		return
	}
	if _, last := e.(event.RunFinished); last {
		return // told before it is recorded
	}
	if u, told := announce.Of(a.run.Plan, at, e); told {
		a.push(u)
	}
}

func (a *announcer) push(u announce.Update) {
	u.Title = a.secret.Text(u.Title)
	u.Details = slices.Clone(u.Details)
	for i, line := range u.Details {
		u.Details[i] = a.secret.Text(line)
	}
	a.mu.Lock()
	a.waiting = append(a.waiting, u)
	a.mu.Unlock()
	a.nudge()
}

func (a *announcer) nudge() {
	select {
	case a.wake <- struct{}{}:
	default: // it is awake
	}
}

// work tells what is queued until finish has closed the queue.
func (a *announcer) work() {
	defer close(a.ended)
	for range a.wake {
		for {
			u, more, closed := a.next()
			if more {
				a.tell(u)
				continue
			}
			if closed {
				return
			}
			break
		}
	}
}

func (a *announcer) next() (u announce.Update, more, closed bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.waiting) == 0 {
		return u, false, a.closed
	}
	u, a.waiting = a.waiting[0], a.waiting[1:]
	return u, true, false
}

// tell sends one update and records what became of it. A record that cannot be
// written is found by the run itself before its next effect.
func (a *announcer) tell(u announce.Update) {
	for _, d := range a.teller.Tell(a.ctx, a.run, u, maps.Clone(a.references)) {
		e := event.Announced{Service: d.Service, Moment: string(u.Moment), What: u.Title, Reference: d.Reference, Attempts: d.Attempts}
		if d.Err != nil {
			e.Error, e.Reference = a.secret.Text(d.Err.Error()), ""
		} else {
			a.references[d.Service] = d.Reference
		}
		_ = a.record(e)
	}
}

// finish tells how the run has ended and waits until everything was told, or for
// as long as the limit is. Where half of that is not enough for the progress that
// nobody has been told of yet, it is of no interest any more.
func (a *announcer) finish(at time.Time, e event.RunFinished, limit time.Duration) {
	if a == nil {
		return
	}
	last, _ := announce.Of(a.run.Plan, at, e)
	a.push(last)
	late := time.AfterFunc(limit/2, a.dropProgress)
	defer late.Stop()
	stop := time.AfterFunc(limit, func() { a.cancel(fmt.Errorf("the run has ended %s ago", limit)) })
	defer stop.Stop()
	a.close()
}

func (a *announcer) dropProgress() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.waiting = slices.DeleteFunc(a.waiting, func(u announce.Update) bool { return u.Moment == announce.Advanced })
}

// abandon ends the announcer of a run that did not begin.
func (a *announcer) abandon() {
	if a != nil {
		a.close()
	}
}

func (a *announcer) close() {
	a.mu.Lock()
	a.closed = true
	a.mu.Unlock()
	a.nudge()
	<-a.ended
	a.cancel(nil)
}

// tellLimit is how long the end of the run may wait for people to be told.
func (r *runner) tellLimit() time.Duration {
	if r.now.Err() != nil {
		return tellLimitAborted
	}
	return tellLimit
}
