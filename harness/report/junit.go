package report

import (
	"fmt"
	"io"
	"time"

	"github.com/barq-platform/barqgate/harness/verdict"
	"github.com/jstemmer/go-junit-report/v2/junit"
)

// JUnit writes the report for pipelines: a test suite for each suite's
// execution, with a test case for each criterion, and one for each phase's
// steps. A run that did not end well always has at least one case that says so.
func (r *Report) JUnit(w io.Writer) error {
	all := junit.Testsuites{Name: r.Start.Plan.Name, Time: seconds(r.Took())}
	for _, phase := range r.Phases {
		if len(phase.Steps) > 0 && phase.Started {
			all.AddSuite(r.dated(stepCases(phase)))
		}
		for _, s := range phase.Suites {
			all.AddSuite(r.dated(suiteCases(phase.Name, s)))
		}
	}
	if cases := exceptionCases(r.Exceptions); len(cases.Testcases) > 0 {
		all.AddSuite(r.dated(cases))
	}
	for _, list := range r.Checklists {
		all.AddSuite(r.dated(checklistCases(list)))
	}
	if well := r.Result != nil && r.Result.Exit == 0; !well {
		run := junit.Testsuite{Name: "run"}
		run.AddTestcase(junit.Testcase{Name: "outcome", Classname: "run", Error: &junit.Result{Message: r.Headline(), Data: r.reason()}})
		all.AddSuite(r.dated(run))
	}
	if err := all.WriteXML(w); err != nil {
		return fmt.Errorf("write the JUnit report: %w", err)
	}
	return nil
}

func (r *Report) reason() string {
	if r.Result == nil {
		return ""
	}
	return r.Result.Reason
}

func (r *Report) dated(s junit.Testsuite) junit.Testsuite {
	s.SetTimestamp(r.Started)
	s.Hostname = r.Start.Host
	return s
}

func stepCases(phase Phase) junit.Testsuite {
	cases := junit.Testsuite{Name: "steps of phase " + phase.Name}
	var took time.Duration
	for _, step := range phase.Steps {
		c := junit.Testcase{Name: step.Title, Classname: cases.Name, Time: seconds(step.Duration)}
		switch {
		case !step.Started:
			c.Skipped = &junit.Result{Message: "not run"}
		case !step.Settled():
			c.Failure = &junit.Result{Message: step.State(), Data: step.Error}
		}
		took += step.Duration
		cases.AddTestcase(c)
	}
	cases.Time = seconds(took)
	return cases
}

func suiteCases(phase string, s Suite) junit.Testsuite {
	cases := junit.Testsuite{Name: s.Start.Instance, Package: "suites/" + s.Start.Suite}
	cases.AddProperty("phase", phase)
	explained := false
	for _, record := range s.Criteria {
		c := junit.Testcase{Name: record.Criterion, Classname: s.Start.Suite}
		result := &junit.Result{Message: record.Summary(), Type: record.Verdict.String(), Data: record.Requirement}
		switch {
		case record.Skipped:
			c.Skipped = result
		case s.Superseded && !record.Verdict.Passed():
			c.Skipped = result
			result.Message = "tried again: " + result.Message
		case record.Verdict == verdict.Fail:
			c.Failure, explained = result, true
		case !record.Verdict.Passed():
			c.Error, explained = result, true
		}
		cases.AddTestcase(c)
	}
	// A suite can be worse than each of its criteria: killed, hung, contradictory.
	switch {
	case s.Lost:
		cases.AddTestcase(junit.Testcase{Name: "suite", Classname: s.Start.Suite, Skipped: &junit.Result{Message: s.Ended()}})
	case s.Result == nil:
		cases.AddTestcase(junit.Testcase{Name: "suite", Classname: s.Start.Suite, Error: &junit.Result{Message: s.Ended()}})
	case s.Superseded:
		cases.AddProperty("superseded", "it could not tell and was tried again")
	case !s.Result.Verdict.Passed() && (!explained || s.Result.Verdict == verdict.Error):
		cases.AddTestcase(junit.Testcase{Name: "suite", Classname: s.Start.Suite, Error: &junit.Result{Message: s.Result.Reason, Type: s.Result.Verdict.String()}})
	}
	if s.Result != nil {
		cases.Time = seconds(s.Result.Duration)
	}
	return cases
}

// exceptionCases lists the retries, flaky criteria and quarantines; a skip is a
// case of its suite already.
func exceptionCases(exceptions []Exception) junit.Testsuite {
	cases := junit.Testsuite{Name: "exceptions"}
	for _, e := range exceptions {
		result := &junit.Result{Message: e.Text(), Type: e.Kind}
		c := junit.Testcase{Name: fmt.Sprintf("%s (%s)", e.What, e.Phase), Classname: e.Kind}
		switch {
		case e.Kind == skipped:
			continue
		case e.Blocks:
			c.Error = result
		default:
			c.Skipped = result
		}
		cases.AddTestcase(c)
	}
	return cases
}

// checklistCases has a test case for each item. One that was not shown is skipped,
// which no pipeline takes for a pass.
func checklistCases(list Checklist) junit.Testsuite {
	cases := junit.Testsuite{Name: list.Name}
	for _, item := range list.Items {
		c := junit.Testcase{Name: item.Text, Classname: list.Name}
		switch item.State {
		case Shown:
		case Violated:
			c.Failure = &junit.Result{Message: item.Why()}
		default:
			c.Skipped = &junit.Result{Message: item.Why()}
		}
		cases.AddTestcase(c)
	}
	return cases
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.3f", d.Seconds()) }
