package gotest

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/barq-platform/barqgate/harness/suite"
)

// testEvent is one line of the stream that `go test -json` and test2json write;
// see `go doc test2json`.
type testEvent struct {
	Action  string
	Test    string
	Elapsed float64 // seconds
	Output  string
	Key     string
	Value   string
}

// tailBytes is how much of a test's output is kept in memory; all of it is in
// the log.
const tailBytes = 8 << 10

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
	parts    map[string]string // beginnings of records too long for one attribute
	outcome  string            // the package's: pass, fail, skip, or "" if it never ended
	tail     string            // the last part of the output outside tests
	problems []string          // contradictions within the stream
}

func newTranscript() *transcript {
	return &transcript{byName: map[string]*Test{}, parts: map[string]string{}}
}

// sinks are where the parts of a stream go besides the transcript.
type sinks struct {
	raw   io.Writer                 // the stream as it is
	log   io.Writer                 // the output, as a person would have seen it
	watch func(test, action string) // may be nil
}

// read consumes the stream to its end, whatever it holds and whatever becomes of
// the sinks, so that the writer is never blocked.
func (t *transcript) read(stream io.Reader, to sinks) error {
	err := t.decode(json.NewDecoder(io.TeeReader(stream, to.raw)), to)
	_, drained := io.Copy(io.Discard, stream)
	return errors.Join(err, drained)
}

func (t *transcript) decode(decoder *json.Decoder, to sinks) error {
	for {
		var e testEvent
		if err := decoder.Decode(&e); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return fmt.Errorf("read and store the test events: %w", err)
		}
		t.add(e)
		switch {
		case e.Action == "output" && !isAttribute(e.Output):
			if _, err := io.WriteString(to.log, e.Output); err != nil {
				return fmt.Errorf("store the output: %w", err)
			}
		case e.Action != "output" && e.Action != "attr" && to.watch != nil:
			to.watch(e.Test, e.Action)
		}
	}
}

// isAttribute reports whether a line of output only repeats an attribute.
func isAttribute(line string) bool { return strings.HasPrefix(line, "=== ATTR") }

func (t *transcript) add(e testEvent) {
	switch e.Action {
	case "run":
		t.start(e.Test)
	case "pass", "fail", "skip":
		t.end(e)
	case "output":
		t.output(e)
	case "attr":
		t.attribute(e)
	}
}

func (t *transcript) start(name string) {
	if _, again := t.byName[name]; again {
		t.problem("%s started twice", name)
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
		test.Outcome, test.Elapsed = e.Action, time.Duration(e.Elapsed*float64(time.Second))
	}
}

func (t *transcript) output(e testEvent) {
	if isAttribute(e.Output) {
		return
	}
	if test, ok := t.byName[e.Test]; ok {
		test.Output = tail(test.Output + e.Output)
		return
	}
	t.tail = tail(t.tail + e.Output)
}

// tail trims amortised: only when twice the wanted size has gathered.
func tail(text string) string {
	if len(text) <= 2*tailBytes {
		return text
	}
	return strings.ToValidUTF8(text[len(text)-tailBytes:], "")
}

func (t *transcript) attribute(e testEvent) {
	switch e.Key {
	case suite.AttrKeyPart:
		t.parts[e.Test] += strings.TrimSuffix(e.Value, suite.AttrPartEnd)
	case suite.AttrKey:
		text := t.parts[e.Test] + e.Value
		delete(t.parts, e.Test)
		var record suite.Record
		if err := json.Unmarshal([]byte(text), &record); err != nil {
			t.problem("%s reported a record that cannot be read: %v", e.Test, err)
			return
		}
		t.records = append(t.records, judged{test: e.Test, record: record})
	}
}

func (t *transcript) problem(format string, args ...any) {
	t.problems = append(t.problems, fmt.Sprintf(format, args...))
}

// running lists the tests that never ended, innermost only: a parent waits for
// its subtests.
func (t *transcript) running() []string {
	var names []string
	for _, test := range t.tests {
		if test.Outcome != "" {
			continue
		}
		waits := false
		for _, other := range t.tests {
			waits = waits || other.Outcome == "" && strings.HasPrefix(other.Name, test.Name+"/")
		}
		if !waits {
			names = append(names, test.Name)
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
