package run

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/barq-platform/barqgate/harness/journal"
	"github.com/barq-platform/barqgate/harness/plan"
)

// interrupted is a run that was ended at once in its second step, which must not
// be repeated and, if blind, cannot be observed.
func interrupted(t *testing.T, second func(act) plan.Step) (Config, *world) {
	t.Helper()
	c, w := setup(t)
	c.ResumeCommand = "barqgate resume r1"
	abort := make(chan struct{})
	c.Abort = abort
	cut := act{name: "second", world: w, run: func(ctx context.Context, sc *plan.StepContext) error {
		if c.Abort == nil {
			return nil
		}
		close(abort)
		return waits(ctx, sc)
	}}
	c.Plan.Phases[0].Steps[1] = second(cut)
	o, err := Execute(t.Context(), c)
	require.NoError(t, err)
	require.Equal(t, Interrupted, o.Exit, o.Reason)
	c.Abort = nil
	return c, w
}

func blind(a act) plan.Step { return a }

func TestAStepNobodyCanObserveIsLeftToAPerson(t *testing.T) {
	c, w := interrupted(t, blind)
	o, err := Resume(t.Context(), c)
	require.NoError(t, err)
	require.Equal(t, Interrupted, o.Exit, o.Reason)
	require.Contains(t, o.Reason, `nobody knows whether step "second" took effect`)
	require.Contains(t, strings.Join(o.Next, "\n"), `barqgate resume r1 --step-done "second", or --step-not-done "second"`)
	require.Equal(t, []string{"first", "second"}, w.acts(), "nothing is done twice")

	c.Attested = map[string]bool{"second": true}
	o, err = Resume(t.Context(), c)
	require.NoError(t, err)
	require.Equal(t, Promoted, o.Exit, o.Reason)
	require.Equal(t, []string{"first", "second"}, w.acts())
	require.Contains(t, kinds(t, c.Dir), "step.attested")
}

func TestAPersonsWordThatNothingWasDoneLetsTheStepRun(t *testing.T) {
	c, w := interrupted(t, blind)
	c.Attested = map[string]bool{"second": false}
	o, err := Resume(t.Context(), c)
	require.NoError(t, err)
	require.Equal(t, Promoted, o.Exit, o.Reason)
	require.Equal(t, []string{"first", "second", "second"}, w.acts())
}

// unsettled can be observed, now and then.
type unsettled struct {
	act
	done *bool
	err  *error
}

func (u unsettled) Observe(context.Context, *plan.StepContext) (bool, error) { return *u.done, *u.err }

func TestWhatCanBeObservedIsNotAsked(t *testing.T) {
	done, observation := true, errors.New("half of it is there")
	c, w := interrupted(t, func(a act) plan.Step { return unsettled{act: a, done: &done, err: &observation} })
	o, err := Resume(t.Context(), c)
	require.NoError(t, err)
	require.Equal(t, Interrupted, o.Exit)
	require.Contains(t, o.Reason, "half of it is there")

	observation = nil
	c.Attested = map[string]bool{"second": false}
	o, err = Resume(t.Context(), c)
	require.NoError(t, err)
	require.Equal(t, Interrupted, o.Exit)
	require.Contains(t, o.Reason, "a person says that it is done: false, while the platform says: true")

	c.Attested = nil
	o, err = Resume(t.Context(), c)
	require.NoError(t, err)
	require.Equal(t, Promoted, o.Exit, o.Reason)
	require.Equal(t, []string{"first", "second"}, w.acts())
}

func TestResumeRefuses(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*Config)
		says   string
	}{
		"another plan":        {func(c *Config) { c.Plan.Name = "another" }, "its plan has the digest"},
		"another environment": {func(c *Config) { c.Plan.Env.Description = "changed" }, "environment fixed has changed"},
		"other suites": {func(c *Config) {
			changed := c.Suites["gate"]
			changed.SHA256 = "other"
			c.Suites["gate"] = changed
		}, "the suites gate have changed"},
		"another run":                 {func(c *Config) { c.Run = "r2" }, "the journal is that of run r1"},
		"a word on what is known":     {func(c *Config) { c.Attested = map[string]bool{"first": true} }, "it is known"},
		"a word on what is not there": {func(c *Config) { c.Attested = map[string]bool{"third": true} }, `no step "third"`},
	} {
		t.Run(name, func(t *testing.T) {
			c, w := interrupted(t, blind)
			path := filepath.Join(c.Dir, journal.FileName)
			before, err := os.ReadFile(path)
			require.NoError(t, err)
			test.change(&c)
			o, err := Resume(t.Context(), c)
			require.ErrorIs(t, err, ErrNotResumable)
			require.ErrorContains(t, err, test.says)
			require.Equal(t, Usage, o.Exit)
			require.Len(t, w.acts(), 2)
			after, err := os.ReadFile(path)
			require.NoError(t, err)
			require.Equal(t, before, after, "a refusal changes nothing")
		})
	}
}

func TestARunThatWasDecidedIsOver(t *testing.T) {
	for exit, script := range map[ExitCode][]string{Promoted: {}, RolledBack: {"gate", "fail"}} {
		c, _ := setup(t, script...)
		o, err := Execute(t.Context(), c)
		require.NoError(t, err)
		require.Equal(t, exit, o.Exit)
		_, err = Resume(t.Context(), c)
		require.ErrorIs(t, err, ErrNotResumable)
		require.ErrorContains(t, err, "it has ended")
	}
}

func TestAHeldRunIsJudgedAgain(t *testing.T) {
	c, w := setup(t, "gate", "inconclusive")
	o, err := Execute(t.Context(), c)
	require.NoError(t, err)
	require.Equal(t, Held, o.Exit)
	require.Equal(t, Held, resumed(t, c).Exit, "it is as inconclusive as before")
	require.Equal(t, []string{"first", "second"}, w.acts())
}

func resumed(t *testing.T, c Config) Outcome {
	t.Helper()
	o, err := Resume(t.Context(), c)
	require.NoError(t, err)
	return o
}

func TestAFailedRollbackIsGoneOnWith(t *testing.T) {
	c, w := setup(t, "gate", "fail")
	broken := true
	c.Plan.Phases[0].Steps[0] = undoableAct{act: act{name: "first", world: w, run: set("gate", "fail")}, undo: func(context.Context, *plan.StepContext) error {
		if broken {
			return errors.New("the cluster said no")
		}
		return nil
	}}
	o, err := Execute(t.Context(), c)
	require.NoError(t, err)
	require.Equal(t, RollbackFailed, o.Exit)
	broken = false
	o = resumed(t, c)
	require.Equal(t, RolledBack, o.Exit, o.Reason)
	require.Equal(t, []string{"first", "second", "undo second", "undo first", "undo first"}, w.acts(), "what was undone is not undone again")
}

func TestAPlatformThatSomebodyChangedIsNotTouched(t *testing.T) {
	c, w := interrupted(t, blind)
	c.Attested = map[string]bool{"second": true}
	c.Plan.Confirm = func(_ context.Context, _ *plan.StepContext, left plan.Progress) error {
		return fmt.Errorf("found v3, with %v", left["second"] == plan.InPlace)
	}
	o := resumed(t, c)
	require.Equal(t, Held, o.Exit)
	require.Contains(t, o.Reason, "found v3, with true")
	require.Len(t, w.acts(), 2)
}

func TestARunWithoutItsReservationStopsBeforeTheNextEffect(t *testing.T) {
	c, w := setup(t)
	lost := false
	c.Plan.Phases[0].Steps[0] = act{name: "first", world: w, run: func(context.Context, *plan.StepContext) error {
		lost = true
		return nil
	}}
	c.Fence = func() error {
		if lost {
			return errors.New("bob@desk has it")
		}
		return nil
	}
	o, err := Execute(t.Context(), c)
	require.NoError(t, err)
	require.Equal(t, Held, o.Exit, o.Reason)
	require.Contains(t, o.Reason, "bob@desk has it")
	require.Equal(t, []string{"first"}, w.acts())
	lost = false
	require.Equal(t, Promoted, resumed(t, c).Exit)
}

func TestAStepWithoutProgressHangs(t *testing.T) {
	c, w := setup(t)
	c.Stall = 50 * time.Millisecond
	c.Plan.Phases[0].Steps[1] = undoableAct{act: act{name: "second", world: w, run: func(ctx context.Context, sc *plan.StepContext) error {
		sc.Progress("waiting for the moon")
		return waits(ctx, sc)
	}}}
	o, err := Execute(t.Context(), c)
	require.NoError(t, err)
	require.Equal(t, RolledBack, o.Exit, o.Reason)
	require.Contains(t, o.Reason, `it hangs: there was no progress for 50ms; the last it said was "waiting for the moon"`)
}

func TestTheWatchdogCountsFromTheLastProgress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dog := watch(t.Context(), time.Minute)
		for range 5 {
			time.Sleep(59 * time.Second)
			dog.progress("still at it")
		}
		require.NoError(t, dog.ctx.Err())
		begin := time.Now()
		<-dog.ctx.Done()
		require.Equal(t, time.Minute, time.Since(begin))
		require.ErrorContains(t, context.Cause(dog.ctx), `"still at it"`)
		dog.stop()

		silent := watch(t.Context(), time.Minute)
		<-silent.ctx.Done()
		require.ErrorContains(t, context.Cause(silent.ctx), "it has said nothing since it began")
		silent.stop()
	})
}
