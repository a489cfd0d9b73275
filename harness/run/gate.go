package run

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/barq-platform/barqgate/harness/environment"
	"github.com/barq-platform/barqgate/harness/gotest"
	"github.com/barq-platform/barqgate/harness/journal/event"
	"github.com/barq-platform/barqgate/harness/plan"
	"github.com/barq-platform/barqgate/harness/suite"
	"github.com/barq-platform/barqgate/harness/verdict"
)

// gateError says that a gate does not let the deployment go on.
type gateError struct {
	phase    string
	verdict  verdict.Verdict
	reason   string
	violated bool // some requirement was seen to be violated
}

func (e *gateError) Error() string {
	return fmt.Sprintf("the gate of phase %q: %s: %s", e.phase, e.verdict, e.reason)
}

// companions are the suites that run beside the steps of a phase.
type companions struct {
	gate    plan.Gate
	running []companion
	results []gotest.Result
}

type companion struct {
	execution
	process *gotest.Companion
}

// execution is one run of a suite within the deployment.
type execution struct {
	suite    string
	instance string
	options  gotest.Options
}

// broken reports whether the gate cannot pass any more.
func (c *companions) broken() bool {
	for _, result := range c.results {
		if !result.Verdict.Passed() {
			return true
		}
	}
	for _, running := range c.running {
		select {
		case <-running.process.Ended():
			return true
		default:
		}
	}
	return false
}

// abandon ends the companions when their results can no longer be recorded.
func (c *companions) abandon() {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	for _, running := range c.running {
		running.process.Stop(ctx)
	}
}

// accompany starts the phase's companions, each of which observes when it
// returns. One that does not is a result like any other.
func (r *runner) accompany(phase plan.Phase) (*companions, error) {
	c := &companions{gate: phase.Gate}
	timeout := r.config.SuiteTimeout
	for _, step := range phase.Steps {
		timeout += plan.TimeoutOf(step) + r.config.Grace
	}
	for _, name := range phase.Companions {
		x, err := r.announce(phase.Name, name, phase.Gate, announced{companion: true})
		if err != nil {
			c.abandon()
			return nil, err
		}
		x.options.Timeout, x.options.Patience = timeout, r.config.SuiteTimeout
		process, err := r.config.Suites[name].StartCompanion(r.now, x.options)
		if failed := (*gotest.CompanionError)(nil); errors.As(err, &failed) {
			if err := r.finished(x, failed.Result); err != nil {
				c.abandon()
				return nil, err
			}
			c.results = append(c.results, failed.Result)
			continue
		}
		c.running = append(c.running, companion{execution: x, process: process})
	}
	return c, nil
}

// dismiss tells the companions that the steps have ended and records their
// results.
func (r *runner) dismiss(c *companions) error {
	for i, running := range c.running {
		r.config.Watcher.Progress(running.suite, "the steps have ended; waiting for its judgement")
		result := running.process.Stop(r.now)
		c.results = append(c.results, result)
		if err := r.finished(running.execution, result); err != nil {
			c.running = c.running[i+1:]
			c.abandon()
			return err
		}
	}
	c.running = nil
	return nil
}

// announced says as what a suite is about to run.
type announced struct {
	companion bool
	attempt   int // from 1; 0 for a companion, which is not tried again
}

// announce records that a suite is about to run, and prepares its options.
func (r *runner) announce(phase, name string, gate plan.Gate, as announced) (execution, error) {
	r.executions++
	x := execution{suite: name, instance: fmt.Sprintf("%02d-%s", r.executions, name)}
	relative := filepath.Join(evidenceFolder, x.instance)
	x.options = gotest.Options{
		Env: r.config.Plan.Env.Name, Evidence: filepath.Join(r.config.Dir, relative), Facts: filepath.Join(r.config.Dir, relative, "facts.json"),
		Environ: append(slices.Clone(r.config.Plan.Env.Provided()), environment.RunVariable+"="+r.config.Run),
		Timeout: r.config.SuiteTimeout, Grace: r.config.Grace, Redactor: r.redactor,
		Watch: func(test, action string) { r.config.Watcher.Progress(name, strings.TrimSpace(test+" "+action)) },
	}
	x.options.Policy.Required, x.options.Policy.AllowedSkips = gate.For(name)
	if len(r.steps) == 0 {
		x.options.Facts = "" // nothing is deployed: criteria that compare with a deployment are skipped
	} else if err := r.writeFacts(x.options.Facts); err != nil {
		return x, fmt.Errorf("%w: %w", ErrUnrecorded, err)
	}
	return x, r.record(event.SuiteStarted{Phase: phase, Suite: name, Instance: x.instance, Companion: as.companion, Attempt: as.again(), Evidence: filepath.ToSlash(relative)})
}

// again is the number of an attempt after the first, or 0.
func (a announced) again() int {
	if a.attempt < 2 {
		return 0
	}
	return a.attempt
}

func (r *runner) writeFacts(path string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("make a suite's evidence folder: %w", err)
	}
	return suite.Facts{Run: r.config.Run, From: r.config.Plan.From, To: r.config.Plan.To, Values: r.facts}.Write(path)
}

// finished records everything that one execution of a suite found out.
func (r *runner) finished(x execution, result gotest.Result) error {
	for _, record := range result.Criteria {
		if err := r.record(event.CriterionJudged{Suite: x.suite, Instance: x.instance, Record: record}); err != nil {
			return err
		}
	}
	files, err := digests(r.config.Dir, filepath.Join(evidenceFolder, x.instance))
	if err != nil {
		return fmt.Errorf("%w: %w", ErrUnrecorded, err)
	}
	e := event.SuiteFinished{
		Suite: x.suite, Instance: x.instance, Verdict: result.Verdict, Reason: result.Reason, Tests: []event.Test{},
		Output: filepath.ToSlash(filepath.Join("evidence", x.instance, filepath.Base(result.Output))), Command: result.Command, Duration: result.Duration,
		Files: files, Process: result.Process,
	}
	for _, test := range result.Tests {
		t := event.Test{Name: test.Name, Criterion: test.Criterion, Outcome: test.Outcome, Duration: test.Elapsed}
		if test.Outcome != "pass" {
			t.Output = test.Output
		}
		e.Tests = append(e.Tests, t)
	}
	return r.record(e)
}

// gate runs the suites of a gate and decides. Companions have been judged
// already, as has what failed before the run was interrupted; if one of them did
// not pass, the gate is decided, and every further minute would only prolong the
// harm.
func (r *runner) gate(ctx context.Context, phase string, gate plan.Gate, already []gotest.Result) error {
	var results []judged
	for _, result := range already {
		results = append(results, judged{Result: result})
	}
	open := slices.DeleteFunc(slices.Clone(gate.Suites), func(name string) bool {
		return slices.ContainsFunc(results, func(result judged) bool { return result.Suite == name })
	})
	var waived []string
	for i, name := range open {
		if r.dirty() && !allPassed(results) && r.now.Err() == nil {
			waived = open[i:]
			break
		}
		result, err := r.judge(ctx, phase, name, gate)
		if err != nil {
			return err
		}
		results = append(results, result)
	}
	return r.decide(phase, results, waived)
}

func allPassed(results []judged) bool {
	for _, result := range results {
		if v, _ := result.accept(); !v.Passed() {
			return false
		}
	}
	return true
}

// decide folds the suites' verdicts. The reason names the worst suite first.
func (r *runner) decide(phase string, results []judged, waived []string) error {
	var verdicts []verdict.Verdict
	for _, result := range results {
		v, _ := result.accept()
		verdicts = append(verdicts, v)
	}
	e := &gateError{phase: phase, verdict: verdict.Fold(verdicts...)}
	var reasons []string
	var flaky []event.Flaky
	for i, result := range results {
		e.violated = e.violated || violated(result.Result)
		flaky = append(flaky, result.flaky...)
		_, reason := result.accept()
		switch {
		case verdicts[i].Passed():
		case verdicts[i] == e.verdict:
			reasons = append([]string{result.Suite + ": " + reason}, reasons...)
		default:
			reasons = append(reasons, result.Suite+": "+reason)
		}
	}
	if len(waived) > 0 {
		reasons = append(reasons, "not run any more: "+strings.Join(waived, ", "))
	}
	e.reason = strings.Join(reasons, "; ")
	if err := r.record(event.GateDecided{Phase: phase, Verdict: e.verdict, Reason: e.reason, Violated: e.violated, Flaky: flaky}); err != nil {
		return err
	}
	if e.verdict.Passed() {
		return nil
	}
	return e
}

// violated reports whether the suite saw a requirement violated, even if it then
// broke down: that says something about the release.
func violated(result gotest.Result) bool {
	if result.Verdict == verdict.Fail {
		return true
	}
	for _, record := range result.Criteria {
		if record.Verdict == verdict.Fail {
			return true
		}
	}
	return false
}

// rollbackGate runs the plan's rollback gate. It does not stop halfway: whether
// the platform is well is the one thing that has to be known.
func (r *runner) rollbackGate() error {
	return r.gate(context.Background(), rollbackPhase, r.config.Plan.RollbackGate, nil)
}

// rollbackPhase stands for the phase in the records of a rollback.
const rollbackPhase = "rollback"
