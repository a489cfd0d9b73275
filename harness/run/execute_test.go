package run

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/barq-platform/barqgate/harness/environment"
	"github.com/barq-platform/barqgate/harness/environment/environmenttest"
	"github.com/barq-platform/barqgate/harness/gotest"
	"github.com/barq-platform/barqgate/harness/journal"
	"github.com/barq-platform/barqgate/harness/journal/event"
	"github.com/barq-platform/barqgate/harness/plan"
	"github.com/barq-platform/barqgate/harness/verdict"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

var build = sync.OnceValues(func() (gotest.Set, error) {
	bin, err := os.MkdirTemp("", "barqgate-scripted-*")
	if err != nil {
		return nil, err
	}
	w := gotest.Workspace{Root: filepath.Join("..", ".."), Suites: "harness/run/testdata", Bin: bin}
	return w.Build(context.Background(), []string{"scripted"}, nil)
})

func TestMain(m *testing.M) {
	if script := os.Getenv(mortalVariable); script != "" {
		var it mortal
		if err := json.Unmarshal([]byte(script), &it); err != nil {
			os.Exit(98)
		}
		os.Exit(it.live())
	}
	code := m.Run()
	if set, err := build(); err == nil {
		if err := os.RemoveAll(filepath.Dir(set["scripted"].Path)); err != nil {
			code = 1
		}
	}
	os.Exit(code)
}

// world is what the steps of a test act on.
type world struct {
	mu  sync.Mutex
	log []string
}

func (w *world) did(what string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.log = append(w.log, what)
}

// acts returns what has been done so far; a step may still be at work.
func (w *world) acts() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.log)
}

// act is a step that logs, and then does what the test wants.
type act struct {
	name   string
	world  *world
	effect plan.Effect
	run    func(context.Context, *plan.StepContext) error
	limit  time.Duration
}

func (a act) Name() string        { return a.name }
func (a act) Effect() plan.Effect { return a.effect }
func (a act) Timeout() time.Duration {
	if a.limit > 0 {
		return a.limit
	}
	return time.Minute
}

func (a act) Run(ctx context.Context, sc *plan.StepContext) error {
	a.world.did(a.name)
	if a.run == nil {
		return nil
	}
	return a.run(ctx, sc)
}

// undoableAct can also be taken back.
type undoableAct struct {
	act
	undo func(context.Context, *plan.StepContext) error
}

func (u undoableAct) UndoCommand(env string) string { return "take it back from " + env }

func (u undoableAct) UndoName() string { return "undo " + u.name }

func (u undoableAct) Undo(ctx context.Context, sc *plan.StepContext) error {
	u.world.did(u.UndoName())
	if u.undo == nil {
		return nil
	}
	return u.undo(ctx, sc)
}

// observedAct can be looked at after it was cut short.
type observedAct struct {
	act
	done bool
}

func (o observedAct) Observe(context.Context, *plan.StepContext) (bool, error) { return o.done, nil }

// set is a step's work: it sets facts, which script the suites.
func set(pairs ...string) func(context.Context, *plan.StepContext) error {
	return func(_ context.Context, sc *plan.StepContext) error {
		for pair := range slices.Chunk(pairs, 2) {
			if err := sc.SetFact(pair[0], pair[1]); err != nil {
				return err
			}
		}
		return nil
	}
}

func fails(context.Context, *plan.StepContext) error { return errors.New("the cluster said no") }

func waits(ctx context.Context, _ *plan.StepContext) error {
	<-ctx.Done()
	return ctx.Err()
}

// setup is a deployment of two steps that can be undone, with gates named gate
// and after; script sets facts in its first step.
func setup(t *testing.T, script ...string) (Config, *world) {
	t.Helper()
	binaries, err := build()
	require.NoError(t, err)
	root := environmenttest.Root(t, nil)
	env, err := environment.Load(t.Context(), root, environmenttest.Name)
	require.NoError(t, err)
	suites := gotest.Set{}
	for _, name := range []string{"gate", "beside", "after"} {
		binary := binaries["scripted"]
		binary.Suite, binary.Dir = name, root
		suites[name] = binary
	}
	w := &world{}
	return Config{
		Root: root, Run: "r1", Dir: filepath.Join(root, "run"), Suites: suites, RetryCommand: "try again",
		SuiteTimeout: time.Minute, Grace: 5 * time.Second,
		Plan: &plan.Plan{
			Name: "test", Env: env, From: "v1", To: "v2",
			Phases: []plan.Phase{{
				Name: "only",
				Steps: []plan.Step{
					undoableAct{act: act{name: "first", world: w, effect: plan.Idempotent, run: set(script...)}},
					undoableAct{act: act{name: "second", world: w}},
				},
				Gate: plan.Gate{Suites: []string{"gate"}, Required: []string{"gate.thing.holds"}},
			}},
			RollbackGate: plan.Gate{Suites: []string{"after"}},
		},
	}, w
}

// kinds replays the journal and returns the kinds of its records.
func kinds(t *testing.T, dir string) []string {
	t.Helper()
	chain, err := journal.Replay(dir)
	require.NoError(t, err)
	var kinds []string
	for _, record := range chain.Records {
		_, err := event.Decode(record)
		require.NoError(t, err)
		kinds = append(kinds, record.Kind)
	}
	return kinds
}

func TestPromotion(t *testing.T) {
	c, w := setup(t, "color", "green")
	c.Plan.Phases[0].Companions = []string{"beside"}
	o, err := Execute(t.Context(), c)
	require.NoError(t, err)
	require.Equal(t, Promoted, o.Exit, o.Reason)
	require.Equal(t, verdict.Pass, o.Verdict)
	require.Equal(t, []string{"first", "second"}, o.Done)
	require.Equal(t, []string{"first", "second"}, w.log)
	require.Equal(t, []string{
		"run.started", "phase.started", "suite.started", "step.started", "fact.set", "step.finished", "step.started", "step.finished",
		"criterion.judged", "suite.finished", "suite.started", "criterion.judged", "suite.finished", "gate.decided", "run.finished",
	}, kinds(t, c.Dir))
}

func TestOutcomes(t *testing.T) {
	everything := []string{"first", "second", "undo second", "undo first"}
	steps := func(c *Config) []plan.Step { return c.Plan.Phases[0].Steps }
	tests := []struct {
		name   string
		script []string
		change func(*Config, *world)
		exit   ExitCode
		says   string
		log    []string
	}{
		{name: "gate fails", script: []string{"gate", "fail"}, exit: RolledBack, says: "gate.thing.holds: the thing does not hold", log: everything},
		{name: "gate breaks down", script: []string{"gate", "error"}, exit: HarnessError, says: "ended from outside", log: everything},
		{name: "gate cannot tell", script: []string{"gate", "inconclusive"}, exit: Held, says: "too little was seen", log: everything[:2]},
		{name: "gate skips", script: []string{"gate", "skip"}, exit: Held, says: "which the gate does not allow", log: everything[:2]},
		{name: "rollback gate fails", script: []string{"gate", "fail", "after", "fail"}, exit: RollbackFailed, says: "the rollback failed", log: everything},
		{name: "rollback gate cannot tell", script: []string{"gate", "fail", "after", "inconclusive"}, exit: RollbackFailed, says: "the rollback failed", log: everything},
		{name: "undo fails", script: []string{"gate", "fail"}, change: func(c *Config, w *world) {
			steps(c)[1] = undoableAct{act: act{name: "second", world: w}, undo: fails}
		}, exit: RollbackFailed, says: "undo second: the cluster said no", log: everything[:3]},
		{name: "step fails", change: func(c *Config, w *world) {
			steps(c)[1] = undoableAct{act: act{name: "second", world: w, run: fails}}
		}, exit: RolledBack, says: `step "second": the cluster said no`, log: everything},
		{name: "step panics", change: func(c *Config, w *world) {
			steps(c)[1] = undoableAct{act: act{name: "second", world: w, run: func(context.Context, *plan.StepContext) error { panic("ouch") }}}
		}, exit: HarnessError, says: "panic: ouch", log: everything},
		{name: "step takes too long", change: func(c *Config, w *world) {
			steps(c)[1] = undoableAct{act: act{name: "second", world: w, run: waits, limit: time.Millisecond}}
		}, exit: RolledBack, says: "its deadline of 1ms has passed", log: everything},
		{name: "companion fails", script: []string{"beside", "fail"}, change: func(c *Config, w *world) {
			c.Plan.Phases = slices.Insert(c.Plan.Phases, 1, plan.Phase{
				Name: "later", Companions: []string{"beside"}, Gate: plan.Gate{Suites: []string{"gate"}},
				Steps: []plan.Step{act{name: "third", world: w}},
			})
		}, exit: RolledBack, says: "beside.thing.holds: the thing does not hold; not run any more: gate", log: []string{"first", "second", "third", "undo second", "undo first"}},
		{name: "companion does not last", script: []string{"die", "early"}, change: func(c *Config, w *world) {
			c.Plan.Phases = append(c.Plan.Phases, plan.Phase{
				Name: "later", Companions: []string{"beside"}, Gate: plan.Gate{Suites: []string{"gate"}},
				Steps: []plan.Step{act{name: "third", world: w, effect: plan.ReadOnly, run: func(ctx context.Context, _ *plan.StepContext) error {
					if err := awaitText(ctx, c.Dir, "died early"); err != nil {
						return err
					}
					time.Sleep(500 * time.Millisecond) // from its last word to its exit, which nothing outside can see
					return nil
				}}, act{name: "fourth", world: w}},
			})
		}, exit: RolledBack, says: "ended before the steps that it accompanies", log: nil},
		{name: "rollback is left to a person", script: []string{"gate", "fail"}, change: func(c *Config, _ *world) {
			c.Plan.Env.Rollback.Application = environment.Manual
		}, exit: Held, says: "left to a person", log: everything[:2]},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			defer goleak.VerifyNone(t)
			c, w := setup(t, test.script...)
			if test.change != nil {
				test.change(&c, w)
			}
			o, err := Execute(t.Context(), c)
			require.NoError(t, err)
			require.Equal(t, test.exit, o.Exit, o.Reason)
			require.Contains(t, o.Reason, test.says)
			require.NotEqual(t, verdict.Pass, o.Verdict)
			if test.log != nil {
				require.Equal(t, test.log, w.log)
			}
			require.NotContains(t, w.log, "fourth")
			recorded := kinds(t, c.Dir)
			require.Equal(t, "run.finished", recorded[len(recorded)-1])
		})
	}
}

// awaitText waits until some file below the folder contains the text.
func awaitText(ctx context.Context, dir, text string) error {
	look := time.NewTicker(10 * time.Millisecond)
	defer look.Stop()
	for {
		found := false
		err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			data, err := os.ReadFile(path)
			found = found || strings.Contains(string(data), text)
			return err
		})
		if err != nil || found {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-look.C:
		}
	}
}

func TestWhatIsKeptOnPurposeIsListedAsDone(t *testing.T) {
	c, w := setup(t, "gate", "fail")
	c.Plan.Phases[0].Steps[1] = undoableAct{act: act{name: "second", world: w}, undo: func(context.Context, *plan.StepContext) error {
		return fmt.Errorf("%w: users have written since", plan.ErrKept)
	}}
	o, err := Execute(t.Context(), c)
	require.NoError(t, err)
	require.Equal(t, RolledBack, o.Exit, o.Reason)
	require.Equal(t, []string{"second"}, o.Done)
	require.Contains(t, o.Open, "first")
}

func TestFailedGateWithoutEffectsNeedsNoRollback(t *testing.T) {
	c, w := setup(t)
	c.Plan.Phases[0].Steps = []plan.Step{act{name: "look", world: w, effect: plan.ReadOnly, run: set("gate", "fail")}}
	o, err := Execute(t.Context(), c)
	require.NoError(t, err)
	require.Equal(t, RolledBack, o.Exit)
	require.Contains(t, o.Reason, "nothing had to be taken back")
}

func TestRefusedBeforeAnythingHappens(t *testing.T) {
	for name, change := range map[string]func(*Config){
		"deploying is not allowed": func(c *Config) { c.Plan.Env.Allow = []environment.Effect{environment.Write} },
		"a suite is unknown":       func(c *Config) { delete(c.Suites, "after") },
		"there is no plan":         func(c *Config) { c.Plan = nil },
	} {
		t.Run(name, func(t *testing.T) {
			c, w := setup(t)
			change(&c)
			o, err := Execute(t.Context(), c)
			require.Error(t, err)
			require.Equal(t, Usage, o.Exit)
			require.Empty(t, w.log)
			require.NoDirExists(t, c.Dir)
		})
	}
}

func TestStopsAtTheNextSafePoint(t *testing.T) {
	c, w := setup(t)
	ctx, cancel := context.WithCancel(t.Context())
	c.Plan.Phases[0].Steps[0] = undoableAct{act: act{name: "first", world: w, run: func(stepCtx context.Context, _ *plan.StepContext) error {
		cancel()
		return stepCtx.Err() // the step itself is not disturbed
	}}}
	o, err := Execute(ctx, c)
	require.NoError(t, err)
	require.Equal(t, Held, o.Exit, o.Reason)
	require.Equal(t, []string{"first"}, w.log)
	require.Equal(t, []string{"first"}, o.Done)
	require.Equal(t, []string{"second"}, o.Open)
	require.Equal(t, []string{"take back what was done: take it back from fixed", "once it is taken back, start the same again: try again"}, o.Next)
}

func TestNothingIsTakenBackThatWasNotDone(t *testing.T) {
	c, w := setup(t)
	ctx, cancel := context.WithCancel(t.Context())
	c.Plan.Phases[0].Steps[0] = act{name: "first", world: w, run: func(context.Context, *plan.StepContext) error {
		cancel()
		return nil
	}}
	c.Plan.Phases[0].Steps[1] = undoableAct{act: act{name: "second", world: w}}
	o, err := Execute(ctx, c)
	require.NoError(t, err)
	require.Equal(t, Held, o.Exit, o.Reason)
	require.Equal(t, []string{"start the same again: try again"}, o.Next)
}

func TestAbortCutsTheStepShort(t *testing.T) {
	for _, done := range []bool{true, false} {
		t.Run(fmt.Sprintf("observed %v", done), func(t *testing.T) {
			defer goleak.VerifyNone(t)
			c, w := setup(t)
			abort := make(chan struct{})
			c.Abort = abort
			c.Plan.Phases[0].Steps[1] = observedAct{done: done, act: act{name: "second", world: w, run: func(ctx context.Context, sc *plan.StepContext) error {
				close(abort)
				return waits(ctx, sc)
			}}}
			o, err := Execute(t.Context(), c)
			require.NoError(t, err)
			require.Equal(t, Interrupted, o.Exit, o.Reason)
			require.Equal(t, done, slices.Contains(o.Done, "second"))
			require.Contains(t, kinds(t, c.Dir), "step.observed")
		})
	}
}

func TestAbortCutsTheRollbackShort(t *testing.T) {
	defer goleak.VerifyNone(t)
	c, w := setup(t, "gate", "fail")
	abort := make(chan struct{})
	c.Abort = abort
	c.Plan.Phases[0].Steps[1] = undoableAct{act: act{name: "second", world: w}, undo: func(ctx context.Context, sc *plan.StepContext) error {
		close(abort)
		return waits(ctx, sc)
	}}
	o, err := Execute(t.Context(), c)
	require.NoError(t, err)
	require.Equal(t, Interrupted, o.Exit, o.Reason)
	require.NotContains(t, w.acts(), "undo first")
	require.Contains(t, o.Next, "take back what was done: take it back from fixed")
}

func TestStepThatNeverReturnsIsNotUndoneBesideItself(t *testing.T) {
	c, w := setup(t)
	c.Grace = time.Millisecond
	release := make(chan struct{})
	t.Cleanup(func() { close(release) })
	c.Plan.Phases[0].Steps[1] = undoableAct{act: act{name: "second", world: w, limit: time.Millisecond, run: func(context.Context, *plan.StepContext) error {
		<-release
		return nil
	}}}
	o, err := Execute(t.Context(), c)
	require.NoError(t, err)
	require.Equal(t, Interrupted, o.Exit, o.Reason)
	require.Equal(t, []string{"second"}, o.Unknown)
	require.NotContains(t, w.acts(), "undo first")
	require.NotContains(t, w.acts(), "undo second")
}

func TestNothingHappensAfterTheJournalFails(t *testing.T) {
	c, w := setup(t)
	var r *runner
	c.Plan.Phases[0].Steps[0] = undoableAct{act: act{name: "first", world: w, run: func(context.Context, *plan.StepContext) error {
		return r.journal.Close()
	}}}
	r, err := open(c)
	require.NoError(t, err)
	o, err := r.conclude(r.phases(t.Context()))
	require.ErrorIs(t, err, ErrUnrecorded)
	require.Equal(t, HarnessError, o.Exit)
	require.Equal(t, []string{"first"}, w.log)
}
