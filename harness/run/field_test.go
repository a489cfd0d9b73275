package run

import (
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/barq-platform/barqgate/harness/judge"
	"github.com/barq-platform/barqgate/harness/plan"
	"github.com/barq-platform/barqgate/harness/verdict"
	"github.com/stretchr/testify/require"
)

// The tests of this file are named after issues that users of other gates have
// reported, most of them a release that was promoted and should not have been. Each
// makes the same happen to a deployment here, and shows what the gate answers.

// answer deploys with a gate that does what the script says.
func answer(t *testing.T, script string, changes ...func(*Config, *world)) (Outcome, *world) {
	t.Helper()
	c, w := setup(t, "gate", script)
	for _, change := range changes {
		change(&c, w)
	}
	o, err := Execute(t.Context(), c)
	require.NoError(t, err)
	return o, w
}

func blocks(t *testing.T, o Outcome, exit ExitCode, says string) {
	t.Helper()
	require.Equal(t, exit, o.Exit, o.Reason)
	require.NotEqual(t, verdict.Pass, o.Verdict)
	require.Contains(t, o.Reason, says)
}

// Every measurement ended in an error, and the analysis was successful.
func TestArgoRollouts4479_OnlyErrorsAreNoSuccess(t *testing.T) {
	o, _ := answer(t, "only errors")
	blocks(t, o, HarnessError, "gate.thing.holds: the test ended without observing anything")
}

// The image of the smoke test could not be pulled, and the release was promoted.
func TestArgoRollouts3562_ACheckThatCannotStartIsNoPass(t *testing.T) {
	o, w := answer(t, "pass", func(c *Config, _ *world) {
		gone := c.Suites["gate"]
		gone.Path = filepath.Join(c.Root, "gone.test")
		c.Suites["gate"] = gone
	})
	blocks(t, o, HarnessError, "could not be started")
	require.Contains(t, w.log, "undo second")
}

// As above, with an image that was another one than that of the plan.
func TestArgoRollouts2520_ACheckThatIsAnotherIsNoPass(t *testing.T) {
	o, _ := answer(t, "pass", func(c *Config, _ *world) {
		other := c.Suites["gate"]
		other.Path = filepath.Join(c.Root, "other.test")
		require.NoError(t, os.WriteFile(other.Path, []byte("#!/bin/sh\necho PASS\n"), 0o755))
		c.Suites["gate"] = other
	})
	blocks(t, o, HarnessError, "is not the one that was built for this run")
}

// The job failed, and the analysis run was successful.
func TestArgoRollouts4393_AFailedJobIsAFailure(t *testing.T) {
	o, _ := answer(t, "failed and said nothing")
	blocks(t, o, RolledBack, "gate.thing.holds: an assertion failed")
}

// The job was retried by itself until it had failed for good, and that was lost.
func TestArgoRollouts1411_AFailureIsFinalWhateverMayBeRetried(t *testing.T) {
	o, w := answer(t, "fail", func(c *Config, _ *world) {
		c.Plan.Phases[0].Gate.Retries = []plan.Retry{{Suite: "gate", Attempts: 3, On: []plan.RetryClass{plan.Inconclusive, plan.Transport}, Reason: "hope"}}
	})
	blocks(t, o, RolledBack, "the thing does not hold")
	require.Equal(t, []string{"first", "second", "undo second", "undo first"}, w.log)
}

// The pod of the analysis was killed, and the analysis was successful.
func TestArgoRollouts2938_AKilledCheckIsNoPass(t *testing.T) {
	o, _ := answer(t, "error")
	blocks(t, o, HarnessError, "ended from outside (signal: killed): TestThing was still running")
}

// The analysis was stopped in the middle, and counted as successful.
func TestArgoRollouts2931_AStoppedCheckIsNoPass(t *testing.T) {
	c, _ := setup(t, "gate", "hang")
	abort := make(chan struct{})
	c.Abort, c.Watcher = abort, &impatient{abort: abort}
	o, err := Execute(t.Context(), c)
	require.NoError(t, err)
	blocks(t, o, Interrupted, "told to end at once")
}

// impatient ends the run at once when the gate's test has begun.
type impatient struct {
	nobody
	abort chan struct{}
	once  sync.Once
}

func (i *impatient) Progress(_, text string) {
	if text == "TestThing run" {
		i.once.Do(func() { close(i.abort) })
	}
}

// No check ran at all, and the thresholds were met.
func TestK6_4283_NothingCheckedIsNoPass(t *testing.T) {
	o, _ := answer(t, "skip", func(c *Config, _ *world) {
		c.Plan.Phases[0].Gate.Required = nil
		c.Plan.Phases[0].Gate.AllowedSkips = map[string]string{"gate.thing.holds": "may be skipped"}
	})
	blocks(t, o, Held, "nothing was judged")
}

// The runner exited with 0 although a test had failed; and the other way round.
// What a suite's process says and what its tests say have to agree: the self-test
// runs a TestMain that drops the code. Here, a test that was planned is left out.
func TestTestkube4674_ATestThatDidNotRunIsNoPass(t *testing.T) {
	o, _ := answer(t, "pass", func(c *Config, _ *world) {
		longer := c.Suites["gate"]
		longer.Tests = append([]string{"TestOther"}, longer.Tests...)
		c.Suites["gate"] = longer
	})
	blocks(t, o, HarnessError, "TestOther was planned and never ran")
}

// The executor failed before the tests, and the result was a pass.
func TestTestkube3023_ASuiteWithoutItsEnvironmentIsNoPass(t *testing.T) {
	o, _ := answer(t, "pass", func(c *Config, _ *world) {
		lost := c.Suites["gate"]
		lost.Dir = t.TempDir()
		c.Suites["gate"] = lost
	})
	blocks(t, o, HarnessError, "cannot run")
}

// A step that had failed was reported as passed, because its output could not be
// stored.
func TestTestkube4589_LostEvidenceIsNoPass(t *testing.T) {
	o, _ := answer(t, "evidence lost")
	blocks(t, o, HarnessError, "its evidence gate.thing.holds/gone.txt is missing")
}

// The test command of a release exited with 0 although a test had failed.
func TestHelm2166_AFailedTestIsTheExitStatus(t *testing.T) {
	o, _ := answer(t, "fail")
	blocks(t, o, RolledBack, "the thing does not hold")
	require.Equal(t, 1, int(o.Exit))
}

// The load test that the canary was to be judged by sent nothing.
func TestFlagger431_ALoadThatSentNothingProvesNothing(t *testing.T) {
	o, _ := answer(t, "no traffic")
	blocks(t, o, HarnessError, "without observing anything")
}

// The webhook that starts the load answered, and the load never ran.
func TestFlagger931_TooLittleLoadProvesNothing(t *testing.T) {
	o, _ := answer(t, "too little traffic")
	blocks(t, o, Held, "only 5 of the 3000 things")
}

// The retries of a step were used up, the step was skipped, and the deployment went
// on.
func TestOctopusDeploy2885_AFailedStepEndsTheDeployment(t *testing.T) {
	o, w := answer(t, "pass", func(c *Config, w *world) {
		c.Plan.Phases[0].Steps[0] = undoableAct{act: act{name: "first", world: w, run: fails}}
	})
	blocks(t, o, RolledBack, "the cluster said no")
	require.NotContains(t, w.log, "second")
}

// As above, for a check whose retries are used up.
func TestOctopusDeploy7078_RetriesThatAreUsedUpBlock(t *testing.T) {
	o, w := answer(t, "inconclusive", func(c *Config, w *world) {
		c.Plan.Phases[0].Gate.Retries = []plan.Retry{{Suite: "gate", Attempts: 2, On: []plan.RetryClass{plan.Inconclusive}, Reason: "busy"}}
		c.Plan.Phases = append(c.Plan.Phases, plan.Phase{Name: "later", Steps: []plan.Step{act{name: "third", world: w}}, Gate: plan.Gate{Suites: []string{"gate"}}})
	})
	blocks(t, o, Held, "too little was seen")
	require.NotContains(t, w.log, "third")
}

// The suite ran although its setup had failed.
func TestE2EFramework423_NoSuiteRunsAfterItsSetupFailed(t *testing.T) {
	c, w := setup(t, "gate", "pass")
	c.Plan.Phases[0].Steps[1] = undoableAct{act: act{name: "second", world: w, run: fails}}
	o, err := Execute(t.Context(), c)
	require.NoError(t, err)
	blocks(t, o, RolledBack, "the cluster said no")
	require.NoDirExists(t, filepath.Join(c.Dir, "evidence", "01-gate"))
}

// No traffic, or too little, and no value where a share was expected. Some gates
// promote, others stop without saying how much is missing.
func TestNoDataIsNeverAPass(t *testing.T) {
	limit := 500 * time.Millisecond
	for issue, j := range map[string]judge.Judgement{
		"flagger#883: no values found":              judge.ErrorRate(0, 0, 0.001, judge.Confidence),
		"flagger#1689: no values found for a while": judge.ErrorRateAtAnyTime(0, 12, 0.001, judge.Confidence),
		"argo-rollouts#1905: no value returned":     judge.QuantileWithin(nil, 0.95, limit, judge.Confidence),
		"argo-rollouts#3503: little traffic":        judge.ErrorRate(0, 40, 0.001, judge.Confidence),
		"kayenta#377: no data in the baseline":      judge.Regression([]time.Duration{1, 2, 3}, 0.95, 0, limit, 2, judge.Confidence),
		"kayenta#799: few points":                   judge.QuantileWithin([]time.Duration{1, 2, 3}, 0.95, limit, judge.Confidence),
	} {
		t.Run(issue, func(t *testing.T) {
			require.Contains(t, []verdict.Verdict{verdict.Error, verdict.Inconclusive}, j.Verdict, j.Reason)
			require.NotEmpty(t, j.Reason)
			require.Empty(t, j.WouldCatch)
		})
	}
}

// A test timeout ends the process without running any cleanup, and without a word
// of which test hung.
func TestGo44929_AHangIsEndedBeforeGoEndsIt(t *testing.T) {
	o, w := answer(t, "hang", func(c *Config, _ *world) { c.SuiteTimeout = 2 * time.Second })
	blocks(t, o, HarnessError, "it did not end within 2s: TestThing was still running; the goroutines are in its output")
	require.Contains(t, w.log, "undo second", "what has to be cleaned up is not left to the suite")
}

// A gate that cannot be undone by waiting: the evidence of the failure is kept and
// named, whatever became of what was tested.
func TestSonobuoy436_EvidenceOutlivesTheRollback(t *testing.T) {
	c, _ := setup(t, "gate", "fail")
	o, err := Execute(t.Context(), c)
	require.NoError(t, err)
	blocks(t, o, RolledBack, "does not hold")
	for _, file := range []string{"output.log", "events.jsonl", filepath.Join("gate.thing.holds", "thing.txt")} {
		require.FileExists(t, filepath.Join(c.Dir, "evidence", "01-gate", file))
	}
}

// A companion that never observes, or that will not stop, is no pass, and does not
// keep the deployment from ending.
func TestCompanionsThatMisbehave(t *testing.T) {
	for script, says := range map[string]string{
		"never starts":  "did not begin to observe within",
		"does not stop": "TestThing was still running",
	} {
		t.Run(script, func(t *testing.T) {
			c, w := setup(t, "die", script)
			c.SuiteTimeout, c.Grace = 4*time.Second, time.Second
			c.Plan.Phases = append(c.Plan.Phases, plan.Phase{
				Name: "later", Companions: []string{"beside"}, Gate: plan.Gate{Suites: []string{"gate"}},
				Steps: []plan.Step{act{name: "third", world: w, limit: time.Second}},
			})
			o, err := Execute(t.Context(), c)
			require.NoError(t, err)
			blocks(t, o, HarnessError, says)
			require.Equal(t, script == "does not stop", slices.Contains(w.log, "third"), "no step begins before the companion observes")
		})
	}
}
