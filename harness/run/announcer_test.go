package run

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/barq-platform/barqgate/harness/announce"
	"github.com/barq-platform/barqgate/harness/environment"
	"github.com/barq-platform/barqgate/harness/journal"
	"github.com/barq-platform/barqgate/harness/journal/event"
	"github.com/barq-platform/barqgate/harness/redact"
)

// desk tells by two services: one that works, and one that never does.
type desk struct {
	mu    sync.Mutex
	told  []announce.Update
	under []string // the references that updates were told under
	runs  []announce.Run
	works func(ctx context.Context, u announce.Update) error // nil: at once
}

func (d *desk) Tell(ctx context.Context, run announce.Run, u announce.Update, references map[string]string) []announce.Delivery {
	var err error
	if d.works != nil {
		err = d.works(ctx, u)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.told, d.under, d.runs = append(d.told, u), append(d.under, references["chat"]), append(d.runs, run)
	return []announce.Delivery{
		{Service: "chat", Reference: "message 1", Attempts: 1, Err: err},
		{Service: "pager", Attempts: 3, Err: errors.New("nobody answers")},
	}
}

func (d *desk) moments() []announce.Moment {
	var all []announce.Moment
	for _, u := range d.told {
		all = append(all, u.Moment)
	}
	return all
}

// announcedIn returns what the journal says of telling people.
func announcedIn(t *testing.T, dir string) (all []event.Announced, last event.Event) {
	t.Helper()
	chain, err := journal.Replay(dir)
	require.NoError(t, err)
	for _, record := range chain.Records {
		last, err = event.Decode(record)
		require.NoError(t, err)
		if e, ok := last.(event.Announced); ok {
			all = append(all, e)
		}
	}
	return all, last
}

func TestPeopleAreToldAndAFailureToTellChangesNothing(t *testing.T) {
	defer goleak.VerifyNone(t)
	for name, c := range map[string]struct {
		script  []string
		exit    ExitCode
		moments []announce.Moment
		settled bool
	}{
		"promoted":        {nil, Promoted, []announce.Moment{announce.Started, announce.Advanced, announce.Finished}, true},
		"rolled back":     {[]string{"gate", "fail"}, RolledBack, []announce.Moment{announce.Started, announce.Trouble, announce.Advanced, announce.Advanced, announce.Finished}, true},
		"rollback failed": {[]string{"gate", "fail", "after", "fail"}, RollbackFailed, []announce.Moment{announce.Started, announce.Trouble, announce.Advanced, announce.Trouble, announce.Finished}, false},
	} {
		t.Run(name, func(t *testing.T) {
			conf, _ := setup(t, c.script...)
			d := &desk{}
			conf.Teller = d
			o, err := Execute(t.Context(), conf)
			require.NoError(t, err)
			require.Equal(t, c.exit, o.Exit, o.Reason)
			require.Equal(t, c.moments, d.moments())
			require.Equal(t, c.settled, d.told[len(d.told)-1].Settled)
			require.Equal(t, conf.Plan.Env.Contacts, d.runs[0].Contacts)
			require.Equal(t, append([]string{""}, slices.Repeat([]string{"message 1"}, len(d.under)-1)...), d.under)
			all, last := announcedIn(t, conf.Dir)
			require.IsType(t, event.RunFinished{}, last)
			require.Len(t, all, 2*len(c.moments), "every attempt is recorded, before the run has ended")
			require.Equal(t, event.Announced{Service: "chat", Moment: "started", What: "test has started", Reference: "message 1", Attempts: 1}, all[0])
			require.Equal(t, event.Announced{Service: "pager", Moment: "started", What: "test has started", Attempts: 3, Error: "nobody answers"}, all[1])
		})
	}
}

func TestAResumedRunIsToldInItsOwnMessage(t *testing.T) {
	c, _ := interrupted(t, blind)
	first, second := &desk{}, &desk{}
	c.Teller = first
	c.Attested = nil
	_, err := Resume(t.Context(), c) // nobody knows what became of the second step
	require.NoError(t, err)
	require.Equal(t, "", first.under[0])
	c.Teller, c.Attested = second, map[string]bool{"second": true}
	o, err := Resume(t.Context(), c)
	require.NoError(t, err)
	require.Equal(t, Promoted, o.Exit, o.Reason)
	require.NotContains(t, second.under, "", "there is no second message")
	require.Equal(t, second.runs[0].Started, first.runs[0].Started, "the run began once")
}

// newDesk is an announcer on its own.
func newDesk(d *desk, record func(event.Event) error) *announcer {
	a := &announcer{
		teller: d, secret: redact.New([]string{"hunter2-hunter2"}), record: record, run: announce.Run{Plan: "test"},
		wake: make(chan struct{}, 1), ended: make(chan struct{}), references: map[string]string{},
	}
	a.ctx, a.cancel = context.WithCancelCause(context.Background())
	go a.work()
	return a
}

func TestAServiceThatHangsHoldsUpNothingForLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hangs := func(ctx context.Context, u announce.Update) error {
			if u.Moment == announce.Finished {
				return nil
			}
			select {
			case <-ctx.Done():
				return context.Cause(ctx)
			case <-time.After(12 * time.Second):
				return errors.New("it does not answer")
			}
		}
		d := &desk{works: hangs}
		var recorded []event.Event
		a := newDesk(d, func(e event.Event) error { recorded = append(recorded, e); return nil })
		begin := time.Now()
		a.note(begin, event.RunStarted{})
		for range 10 {
			a.note(begin, event.RunResumed{})
		}
		require.Zero(t, time.Since(begin), "the run goes on meanwhile")
		a.finish(begin, event.RunFinished{Reason: "the password hunter2-hunter2 is wrong"}, 30*time.Second)
		require.LessOrEqual(t, time.Since(begin), 30*time.Second)
		require.Equal(t, announce.Finished, d.told[len(d.told)-1].Moment, "the end is told all the same")
		require.Less(t, len(d.told), 5, "progress that came too late is left out")
		require.NotContains(t, d.told[len(d.told)-1].Details[1], "hunter2")
		require.Len(t, recorded, 2*len(d.told))
	})
}

func TestNobodyIsToldForLongerThanTheLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &desk{works: func(ctx context.Context, _ announce.Update) error { <-ctx.Done(); return context.Cause(ctx) }}
		failed := 0
		a := newDesk(d, func(e event.Event) error {
			if announced, ok := e.(event.Announced); ok && announced.Error != "" {
				failed++
			}
			return nil
		})
		begin := time.Now()
		a.note(begin, event.RunStarted{})
		a.finish(begin, event.RunFinished{}, 5*time.Second)
		require.Equal(t, 5*time.Second, time.Since(begin))
		require.Equal(t, 4, failed, "start and end, by both services")
	})
}

func TestARunWithoutATellerTellsNobody(t *testing.T) {
	var a *announcer
	a.note(time.Now(), event.RunStarted{})
	a.finish(time.Now(), event.RunFinished{}, time.Second)
	a.abandon()
	c, _ := setup(t)
	c.Plan.Env.Contacts = environment.Contacts{}
	_, err := Execute(t.Context(), c)
	require.NoError(t, err)
	require.NotContains(t, kinds(t, c.Dir), "announced")
}
