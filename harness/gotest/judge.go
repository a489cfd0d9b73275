package gotest

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/barq-platform/barqgate/harness/suite"
	"github.com/barq-platform/barqgate/harness/verdict"
)

// ending says why a process ended.
type ending int

const (
	byItself  ending = iota
	late             // its deadline passed
	cancelled        // whoever runs it gave up
)

// execution is everything known about one process; judge looks at nothing else
// but the evidence files.
type execution struct {
	inventory  []string
	policy     Policy
	evidence   string // folder
	timeout    time.Duration
	ending     ending
	exit       int    // status; -1 when a signal ended it
	status     string // the operating system's words for it
	failure    error  // what kept the process or its stream from working
	transcript *transcript
}

// judge gives the verdict and, unless it is a pass, the reason. Doubts about the
// process come first, because they devalue everything that its tests report.
func (x execution) judge() (verdict.Verdict, string) {
	for _, doubt := range []func() string{x.process, x.tests, x.contradictions, x.records, x.required} {
		if reason := doubt(); reason != "" {
			return verdict.Error, reason
		}
	}
	return x.fold()
}

// process reports a process that did not end as `go test` does.
func (x execution) process() string {
	running := ""
	if names := x.transcript.running(); len(names) > 0 {
		running = ": " + strings.Join(names, ", ") + " was still running"
	}
	switch {
	case x.failure != nil:
		return x.failure.Error()
	case x.ending == late:
		return fmt.Sprintf("it did not end within %s%s; the goroutines are in its output", x.timeout, running)
	case x.ending == cancelled:
		return "it was told to stop before it had ended" + running
	case x.exit < 0:
		return fmt.Sprintf("its process was ended from outside (%s)%s", x.status, running)
	case x.exit > 1:
		return fmt.Sprintf("its process ended with %s%s: %s", x.status, running, x.lastWords())
	case x.exit != 0 && x.transcript.unbuilt != "":
		return "it does not build: " + compilerSays(x.transcript.unbuilt)
	case x.exit != 0 && !x.transcript.said:
		return fmt.Sprintf("it broke off (%s)%s: %s", x.status, running, x.lastWords())
	case x.transcript.cached:
		return "its result comes from the cache of the go command: nothing was run; use -count=1"
	}
	return ""
}

// compilerSays returns the first line with which the compiler says what is wrong.
func compilerSays(text string) string {
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			return line
		}
	}
	return "the compiler said nothing; see its output"
}

// lastWords returns the line that most likely says what went wrong.
func (x execution) lastWords() string {
	texts := []string{x.transcript.tail}
	for _, test := range x.transcript.tests {
		texts = append(texts, test.Output)
	}
	last := ""
	for i, text := range texts {
		for line := range strings.Lines(text) {
			line = strings.TrimSpace(line)
			if strings.HasPrefix(line, "panic: ") || strings.HasPrefix(line, "fatal error: ") || strings.HasPrefix(line, "signal: ") {
				return line
			}
			if i == 0 && line != "" && line != "FAIL" && line != "PASS" && !strings.HasPrefix(line, "FAIL\t") {
				last = line
			}
		}
	}
	if last == "" {
		return "it said nothing; see its output"
	}
	return last
}

// tests compares what ran with the inventory.
func (x execution) tests() string {
	ran := map[string]bool{}
	for _, test := range x.transcript.tests {
		if test.Outcome == "" {
			return test.Name + " started and never ended"
		}
		ran[test.Name] = true
	}
	planned := map[string]bool{}
	for _, name := range x.inventory {
		if planned[name] = true; !ran[name] {
			return name + " was planned and never ran"
		}
	}
	for _, test := range x.transcript.tests {
		if !strings.Contains(test.Name, "/") && !planned[test.Name] {
			return test.Name + " ran and was not planned: the suite has changed since the plan was made"
		}
	}
	return ""
}

// contradictions compares the exit status, the package's event and the tests'.
func (x execution) contradictions() string {
	t := x.transcript
	failed := slices.ContainsFunc(t.tests, func(test *Test) bool { return test.Outcome == "fail" })
	switch {
	case len(t.problems) > 0:
		return "its test events cannot be trusted: " + firstOf(t.problems)
	case t.outcome == "":
		return fmt.Sprintf("its process ended with %s, but the package never ended: something exits before the tests are done", x.status)
	case x.exit == 0 && (failed || t.outcome != "pass"):
		return fmt.Sprintf("its tests failed (package: %s), but the exit status is 0: does its TestMain drop the code of m.Run?", t.outcome)
	case x.exit != 0 && !failed:
		return fmt.Sprintf("it ended with %s although no test failed: %s", x.status, x.lastWords())
	case x.exit == 0 && !t.said:
		return "it ended with exit status 0, but the testing package never said PASS: something exits before the tests are done"
	case x.exit != 0 && t.outcome != "fail":
		return fmt.Sprintf("it ended with %s, but its package ended as %q", x.status, t.outcome)
	}
	return ""
}

// firstOf shows as many problems as people read.
func firstOf(problems []string) string {
	const most = 3
	text := strings.Join(problems[:min(most, len(problems))], "; ")
	if more := len(problems) - most; more > 0 {
		text += fmt.Sprintf(" (and %d more)", more)
	}
	return text
}

// records checks each criterion's record against its test and its evidence.
func (x execution) records() string {
	if len(x.transcript.records) == 0 && !x.failedWithoutRecord() {
		return "it judged no criterion"
	}
	seen := map[string]string{}
	for _, j := range x.transcript.records {
		id := j.record.Criterion
		if first, again := seen[id]; again {
			return fmt.Sprintf("criterion %s was judged twice, by %s and by %s", id, first, j.test)
		}
		seen[id] = j.test
		if reason := x.record(j); reason != "" {
			return fmt.Sprintf("criterion %q: %s", id, reason)
		}
	}
	return ""
}

func (x execution) record(j judged) string {
	r, test := j.record, x.transcript.byName[j.test]
	outcome := map[bool]string{true: "pass", false: "fail"}[r.Verdict.Passed()]
	if r.Skipped {
		outcome = "skip"
	}
	switch {
	case r.Criterion == "":
		return "the record of " + j.test + " names no criterion"
	case r.Verdict == verdict.Unset:
		return "it was never judged"
	case r.Skipped && r.Verdict != verdict.Inconclusive:
		return fmt.Sprintf("it is said to be skipped and to be %q", r.Verdict)
	case test == nil || test.Outcome != outcome:
		return fmt.Sprintf("its record says %q, but its test %s did not end as %s", r.Verdict, j.test, outcome)
	case r.Verdict.Passed() && (r.Samples < 1 || r.Samples < r.Minimum):
		return fmt.Sprintf("it passed on %d observations of the %d that it needs", r.Samples, max(r.Minimum, 1))
	}
	for _, e := range r.Evidence {
		if err := verify(x.evidence, e); err != nil {
			return err.Error()
		}
	}
	return ""
}

// verify compares an evidence file with its record.
func verify(dir string, e suite.Evidence) error {
	path := filepath.FromSlash(e.Path)
	if !filepath.IsLocal(path) {
		return fmt.Errorf("its evidence %q lies outside the evidence folder", e.Path)
	}
	data, err := os.ReadFile(filepath.Join(dir, path))
	if err != nil {
		return fmt.Errorf("its evidence %s is missing: %w", e.Path, errors.Unwrap(err)) // without the machine's folders
	}
	if sum := sha256.Sum256(data); hex.EncodeToString(sum[:]) != e.SHA256 || len(data) != e.Bytes {
		return fmt.Errorf("its evidence %s was changed after it was recorded", e.Path)
	}
	return nil
}

func (x execution) required() string {
	if x.failedWithoutRecord() {
		return "" // which is worse, and says more
	}
	for _, id := range x.policy.Required {
		if !slices.ContainsFunc(x.transcript.records, func(j judged) bool { return j.record.Criterion == id }) {
			return fmt.Sprintf("the required criterion %s was not judged", id)
		}
	}
	return ""
}

// fold combines the criteria, and the tests that failed or were skipped without
// declaring one.
func (x execution) fold() (verdict.Verdict, string) {
	var verdicts []verdict.Verdict
	reasons := map[verdict.Verdict][]string{}
	add := func(v verdict.Verdict, format string, args ...any) {
		verdicts = append(verdicts, v)
		reasons[v] = append(reasons[v], fmt.Sprintf(format, args...))
	}
	for _, j := range x.transcript.records {
		_, allowed := x.policy.AllowedSkips[j.record.Criterion]
		switch {
		case j.record.Skipped && allowed:
		case j.record.Skipped:
			add(verdict.Inconclusive, "%s was skipped, which the gate does not allow: %s", j.record.Criterion, j.record.Reason)
		default:
			add(j.record.Verdict, "%s: %s", j.record.Criterion, j.record.Summary())
		}
	}
	for _, test := range x.silent("fail") {
		add(verdict.Fail, "%s failed without judging a criterion: %s", test.Name, firstLine(test.Output))
	}
	for _, test := range x.silent("skip") {
		add(verdict.Inconclusive, "%s was skipped without judging a criterion: %s", test.Name, firstLine(test.Output))
	}
	worst := verdict.Fold(verdicts...)
	if worst.Passed() {
		return worst, ""
	}
	if len(verdicts) == 0 {
		return worst, "everything was skipped, so nothing was judged"
	}
	reason := reasons[worst][0]
	if more := len(reasons[worst]) - 1; more > 0 {
		reason += fmt.Sprintf(" (and %d more)", more)
	}
	return worst, reason
}

func (x execution) failedWithoutRecord() bool { return len(x.silent("fail")) > 0 }

// silent returns the tests with this outcome of which neither the test itself
// nor a subtest explains it by a record.
func (x execution) silent(outcome string) []*Test {
	explained := map[string]bool{}
	for _, j := range x.transcript.records {
		if !j.record.Verdict.Passed() {
			for _, name := range append(parents(j.test), j.test) {
				explained[name] = true
			}
		}
	}
	// The innermost test tells more than those that only contain it.
	outer := map[string]bool{}
	for _, test := range x.transcript.tests {
		if test.Outcome == outcome {
			for _, parent := range parents(test.Name) {
				outer[parent] = true
			}
		}
	}
	var silent []*Test
	for _, test := range x.transcript.tests {
		if test.Outcome == outcome && !outer[test.Name] && !explained[test.Name] {
			silent = append(silent, test)
		}
	}
	return silent
}

// firstLine returns the first line of a test's output that is its own.
func firstLine(output string) string {
	for line := range strings.Lines(output) {
		if line = strings.TrimSpace(line); strings.Trim(line, "=-") != "" && !strings.HasPrefix(line, "=== ") && !strings.HasPrefix(line, "--- ") {
			return line
		}
	}
	return "it said nothing"
}
