package gotest

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/barq-platform/barqgate/harness/redact"
	"github.com/barq-platform/barqgate/harness/suite"
)

// longestEvent bounds one line of the stream. test2json writes events of little
// more than 4 kB.
const longestEvent = 1 << 20

// testEvent is one line of the stream that `go test -json` and test2json write;
// see `go doc test2json` and `go help buildjson`.
type testEvent struct {
	Time        json.RawMessage `json:",omitempty"`
	Action      string
	Package     string          `json:",omitempty"`
	ImportPath  string          `json:",omitempty"` // of build events
	Test        string          `json:",omitempty"`
	Elapsed     json.RawMessage `json:",omitempty"` // seconds
	Output      string          `json:",omitempty"`
	Key         string          `json:",omitempty"`
	Value       string          `json:",omitempty"`
	Path        string          `json:",omitempty"` // of artifacts
	FailedBuild string          `json:",omitempty"`

	line []byte // as it was read, while nothing has been taken out of it
}

// recorder reads a stream of test events into a transcript and stores what it
// holds, without secrets.
type recorder struct {
	transcript *transcript
	redactor   *redact.Redactor
	watch      func(test, action string) // may be nil

	mu     sync.Mutex // guards the stores, which take the notes as well
	events *store
	log    *store

	held    map[string]*redact.Stream // output that may be the beginning of a secret, by test
	parts   map[string]string         // beginnings of records too long for one attribute, by test
	repeats map[string]string         // output that only repeats an attribute, by test
}

func newRecorder(redactor *redact.Redactor, events, log *store) *recorder {
	return &recorder{
		transcript: newTranscript(), redactor: redactor, events: events, log: log,
		held: map[string]*redact.Stream{}, parts: map[string]string{}, repeats: map[string]string{},
	}
}

// read consumes the stream to its end, whatever it holds and whatever becomes of
// the stores, so that the writer is never blocked.
func (r *recorder) read(stream io.Reader) error {
	lines := bufio.NewReaderSize(stream, 64<<10)
	for number := 1; ; number++ {
		line, tooLong, err := readLine(lines)
		switch {
		case tooLong:
			r.transcript.problem("event %d is longer than %d bytes", number, longestEvent)
		case len(line) > 0:
			r.line(number, line, err == nil)
		}
		if errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return fmt.Errorf("read the test events: %w", err)
		}
	}
	for test := range r.held {
		r.release(test)
	}
	for test := range r.parts {
		r.transcript.problem("%s reported only the beginning of a record", test)
	}
	return nil
}

// readLine returns the next line without its end, and what kept it from having
// one. A line that is too long is skipped.
func readLine(lines *bufio.Reader) (line []byte, tooLong bool, err error) {
	for {
		piece, err := lines.ReadSlice('\n')
		if tooLong = tooLong || len(line)+len(piece) > longestEvent; !tooLong {
			line = append(line, piece...)
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return bytes.TrimSuffix(line, []byte("\n")), tooLong, err
		}
	}
}

// line takes one line of the stream. ended says that a line end followed it.
func (r *recorder) line(number int, line []byte, ended bool) {
	var e testEvent
	if err := json.Unmarshal(line, &e); err != nil {
		where := "is no event"
		if !ended {
			where = "breaks off, and the stream with it"
		}
		r.transcript.problem("line %d of the test events %s: %q", number, where, r.redactor.Text(string(line[:min(len(line), 80)])))
		return
	}
	if text := string(line); r.redactor.Text(text) == text {
		e.line = line
	}
	e.Test = r.redactor.Text(e.Test)
	switch e.Action {
	case "output":
		r.output(e)
	case "attr":
		r.attribute(e)
	default:
		if e.Action == "pass" || e.Action == "fail" || e.Action == "skip" {
			r.release(e.Test)
		}
		e.Output = r.redactor.Text(e.Output) // of the build
		r.keep(e)
		if r.watch != nil {
			r.watch(e.Test, e.Action)
		}
	}
}

// output takes a piece of a test's output. The line with which the testing
// package prints an attribute is not kept: it repeats the attribute.
func (r *recorder) output(e testEvent) {
	if rest := r.repeats[e.Test]; rest != "" {
		if len(e.Output) <= len(rest) && rest[:len(e.Output)] == e.Output {
			r.repeats[e.Test] = rest[len(e.Output):]
			return
		}
		delete(r.repeats, e.Test)
	}
	held, ok := r.held[e.Test]
	if !ok {
		held = r.redactor.Stream()
		r.held[e.Test] = held
	}
	safe := held.Next(e.Output)
	if safe != e.Output {
		e.Output, e.line = safe, nil
	}
	if safe != "" {
		r.keep(e)
	}
}

// release stores the output of a test that was held back; it has ended.
func (r *recorder) release(test string) {
	held, ok := r.held[test]
	if !ok {
		return
	}
	delete(r.held, test)
	delete(r.repeats, test)
	if rest := held.Rest(); rest != "" {
		r.keep(testEvent{Action: "output", Test: test, Output: rest})
	}
}

// attribute gathers the parts of a record and keeps the whole as one attribute.
func (r *recorder) attribute(e testEvent) {
	r.repeats[e.Test] = fmt.Sprintf("=== ATTR  %s %s %s\n", e.Test, e.Key, e.Value)
	switch e.Key {
	case suite.AttrKeyPart:
		if r.parts[e.Test] += trimPart(e.Value); len(r.parts[e.Test]) > longestEvent {
			r.transcript.problem("%s reported a record of more than %d bytes", e.Test, longestEvent)
			r.parts[e.Test] = ""
		}
	case suite.AttrKey:
		e.Value, e.line = r.redactor.JSON(r.parts[e.Test]+e.Value), nil
		delete(r.parts, e.Test)
		r.keep(e)
	default:
		e.Value = r.redactor.Text(e.Value)
		r.keep(e)
	}
}

// keep hands an event to the transcript and to the stores.
func (r *recorder) keep(e testEvent) {
	r.transcript.add(e)
	line, err := e.line, error(nil)
	if line == nil {
		line, err = json.Marshal(e)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if err != nil {
		r.events.fail(err)
		return
	}
	isOutput := e.Action == "output" || e.Action == "build-output"
	r.events.write(append(line, '\n'), !isOutput)
	if isOutput {
		r.log.write([]byte(e.Output), false)
	}
}

// notes stores what the go command says beside the stream, and consumes it to
// its end.
func (r *recorder) notes(stream io.Reader) error {
	held := r.redactor.Stream()
	buffer := make([]byte, 32<<10)
	store := func(text string) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.log.write([]byte(text), false)
	}
	for {
		n, err := stream.Read(buffer)
		store(held.Next(string(buffer[:n])))
		if err != nil {
			store(held.Rest())
			if errors.Is(err, io.EOF) {
				return nil
			}
			return fmt.Errorf("read what the go command says: %w", err)
		}
	}
}

// close ends the stores and returns what kept them from storing everything.
func (r *recorder) close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return errors.Join(r.events.close(), r.log.close())
}
