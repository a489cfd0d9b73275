package gotest

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/barq-platform/barqgate/harness/suite"
)

// What a transcript keeps in memory at most; everything is in the stored files.
const (
	tailBytes   = 8 << 10  // of one test's output
	keptBytes   = 16 << 20 // of names, records and output of tests that have not passed
	mostTests   = 100_000
	mostRecords = 10_000
	mostProblem = 20
)

// judged is a criterion's record with the test that reported it.
type judged struct {
	test   string
	record suite.Record
}

// transcript is what a stream of test events says.
type transcript struct {
	tests    []*Test // in the order in which they started
	byName   map[string]*Test
	records  []judged
	pkg      string   // the package's import path
	outcome  string   // the package's: pass, fail, skip, or "" if it never ended
	said     bool     // the testing package has printed its last word, PASS or FAIL
	cached   bool     // the go command has shown an earlier result
	unbuilt  string   // what the compiler said, if the package does not build
	tail     string   // the last part of the output outside tests
	problems []string // contradictions within the stream
	kept     int      // bytes in memory
}

func newTranscript() *transcript { return &transcript{byName: map[string]*Test{}} }

func (t *transcript) add(e testEvent) {
	switch {
	case e.Package == "":
	case t.pkg == "":
		t.pkg = e.Package
	case t.pkg != e.Package:
		t.problem("it speaks of two packages, %s and %s", t.pkg, e.Package)
	}
	switch e.Action {
	case "run":
		t.start(e.Test)
	case "pass", "fail", "skip":
		t.end(e)
	case "output":
		t.output(e)
	case "attr":
		t.attribute(e)
	case "build-output":
		t.unbuilt = tail(t.unbuilt + e.Output)
	case "start", "pause", "cont", "bench", "artifacts", "build-fail":
	default:
		t.problem("it holds the unknown action %q", e.Action)
	}
}

// room reports whether so many more bytes may be kept.
func (t *transcript) room(bytes int) bool {
	if t.kept+bytes > keptBytes {
		return false
	}
	t.kept += bytes
	return true
}

func (t *transcript) start(name string) {
	if _, again := t.byName[name]; again {
		t.problem("%s started twice", name)
		return
	}
	if len(t.tests) >= mostTests || !t.room(len(name)) {
		t.problem("it has more than %d tests, or their names take more than %d bytes", mostTests, keptBytes)
		return
	}
	test := &Test{Name: name}
	t.tests = append(t.tests, test)
	t.byName[name] = test
}

func (t *transcript) end(e testEvent) {
	if e.Test == "" {
		if t.outcome != "" {
			t.problem("the package ended twice, as %s and as %s", t.outcome, e.Action)
		}
		t.outcome = e.Action
		return
	}
	test, started := t.byName[e.Test]
	switch {
	case !started:
		t.problem("%s ended without having started", e.Test)
	case test.Outcome != "":
		t.problem("%s ended twice, as %s and as %s", e.Test, test.Outcome, e.Action)
	default:
		test.Outcome = e.Action
		if seconds, err := strconv.ParseFloat(string(e.Elapsed), 64); err == nil { // only shown
			test.Elapsed = time.Duration(seconds * float64(time.Second))
		}
		if test.Outcome == "pass" { // nobody asks what it said
			t.kept -= len(test.Output)
			test.Output = ""
		}
	}
}

func (t *transcript) output(e testEvent) {
	test, ok := t.byName[e.Test]
	if !ok {
		if e.Test == "" {
			t.spoken(e.Output)
		}
		t.tail = tail(t.tail + e.Output)
		return
	}
	longer := tail(test.Output + e.Output)
	if t.room(len(longer) - len(test.Output)) {
		test.Output = longer
	}
}

// spoken looks for the words of the testing package and of the go command.
func (t *transcript) spoken(text string) {
	switch {
	case text == "PASS\n" || text == "FAIL\n":
		t.said = true
	case strings.HasPrefix(text, "ok  \t") && strings.Contains(text, "\t(cached)"):
		t.cached = true
	}
}

// tail trims amortised: only when twice the wanted size has gathered.
func tail(text string) string {
	if len(text) <= 2*tailBytes {
		return text
	}
	return strings.ToValidUTF8(text[len(text)-tailBytes:], "")
}

func trimPart(value string) string { return strings.TrimSuffix(value, suite.AttrPartEnd) }

func (t *transcript) attribute(e testEvent) {
	if e.Key != suite.AttrKey {
		return
	}
	var record suite.Record
	switch err := json.Unmarshal([]byte(e.Value), &record); {
	case err != nil:
		t.problem("%s reported a record that cannot be read: %v", e.Test, err)
	case len(t.records) >= mostRecords || !t.room(len(e.Value)):
		t.problem("it reports more than %d records, or they take more than %d bytes", mostRecords, keptBytes)
	default:
		t.records = append(t.records, judged{test: e.Test, record: record})
	}
}

func (t *transcript) problem(format string, args ...any) {
	if len(t.problems) < mostProblem {
		t.problems = append(t.problems, fmt.Sprintf(format, args...))
	}
}

// running lists the tests that never ended, innermost only: a parent waits for
// its subtests.
func (t *transcript) running() []string {
	waits := map[string]bool{}
	for _, test := range t.tests {
		if test.Outcome == "" {
			for _, parent := range parents(test.Name) {
				waits[parent] = true
			}
		}
	}
	var names []string
	for _, test := range t.tests {
		if test.Outcome == "" && !waits[test.Name] {
			names = append(names, test.Name)
		}
	}
	return names
}

// parents lists the names of the tests that a test runs in.
func parents(name string) []string {
	var names []string
	for i := range name {
		if name[i] == '/' {
			names = append(names, name[:i])
		}
	}
	return names
}

// result copies the tests for callers.
func (t *transcript) result() []Test {
	tests := make([]Test, 0, len(t.tests))
	for _, test := range t.tests {
		tests = append(tests, *test)
	}
	return tests
}
