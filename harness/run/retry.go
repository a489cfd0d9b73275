package run

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/barq-platform/barqgate/harness/gotest"
	"github.com/barq-platform/barqgate/harness/journal/event"
	"github.com/barq-platform/barqgate/harness/plan"
	"github.com/barq-platform/barqgate/harness/suite"
	"github.com/barq-platform/barqgate/harness/verdict"
)

// judged is what a gate has learned from one suite, after as many attempts as it
// took.
type judged struct {
	gotest.Result               // of the last attempt, which decides
	flaky         []event.Flaky // criteria that passed only on a later one
}

// judge runs a suite of the gate, and again while it could not tell and the gate's
// policy lets it try. Each attempt is recorded like a suite of its own.
func (r *runner) judge(ctx context.Context, phase, name string, gate plan.Gate) (judged, error) {
	retry := gate.RetryOf(name)
	before := r.unsure[phase+"/"+name] // of an earlier process, in the same gate
	for attempt := 1; ; attempt++ {
		if err := r.mayGoOn(ctx); err != nil {
			return judged{}, err
		}
		x, err := r.announce(phase, name, gate, announced{attempt: attempt})
		if err != nil {
			return judged{}, err
		}
		result := r.config.Suites[name].Run(r.now, x.options)
		if err := r.finished(x, result); err != nil {
			return judged{}, err
		}
		if r.now.Err() != nil {
			return judged{}, fmt.Errorf("%w during suite %s", errAborted, name)
		}
		if attempt > retry.Attempts || !undecided(result, retry.On, gate.AllowedSkips) {
			return judged{Result: result, flaky: flaky(before, result, gate, time.Now())}, nil
		}
		before = append(before, result)
		r.config.Watcher.Progress(name, fmt.Sprintf("it could not tell (%s); trying again", result.Reason))
	}
}

// undecided reports whether trying again may tell more: nothing was seen to be
// violated, nothing broke down, and what was not decided is of the classes that
// the policy names. A skip that is not allowed would only be repeated.
func undecided(result gotest.Result, classes []plan.RetryClass, allowedSkips map[string]string) bool {
	open := 0
	for _, record := range result.Criteria {
		_, allowed := allowedSkips[record.Criterion]
		switch {
		case record.Verdict.Passed() || record.Skipped && allowed:
		case record.Skipped || record.Verdict != verdict.Inconclusive || !slices.Contains(classes, classOf(record)):
			return false
		default:
			open++
		}
	}
	return result.Verdict == verdict.Inconclusive && open > 0
}

func classOf(record suite.Record) plan.RetryClass {
	if record.Transport {
		return plan.Transport
	}
	return plan.Inconclusive
}

// flaky lists the criteria that passed in the end and not in some attempt before,
// with their quarantine if one is in force.
func flaky(before []gotest.Result, last gotest.Result, gate plan.Gate, now time.Time) []event.Flaky {
	var found []event.Flaky
	for _, criterion := range gotest.Unsteady(before, last) {
		f := event.Flaky{Suite: last.Suite, Criterion: criterion, Attempts: len(before) + 1}
		if q, ok := gate.QuarantineOf(criterion); ok && !q.Expired(now) {
			f.Quarantine = &q
		}
		found = append(found, f)
	}
	return found
}

// accept gives the verdict of a suite and why it is not a pass. A flaky criterion
// counts as a pass only in its quarantine.
func (j judged) accept() (verdict.Verdict, string) {
	if !j.Verdict.Passed() {
		return j.Verdict, j.Reason
	}
	for _, f := range j.flaky {
		if f.Quarantine == nil {
			return verdict.Inconclusive, fmt.Sprintf("%s is flaky: it passed only on attempt %d, and no quarantine in force names it", f.Criterion, f.Attempts)
		}
	}
	return verdict.Pass, ""
}
