package load

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"sync"
	"syscall"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"
)

// seqHeader is how vegeta tells a request its position in the schedule.
const seqHeader = "X-Vegeta-Seq"

// sender is the transport that vegeta's client uses: it replaces the placeholder
// by the call that belongs to the position, so that the platform sees nothing of
// the generator, and remembers the call for the result.
type sender struct {
	stream Stream
	mu     sync.Mutex
	sent   map[uint64]attempt
}

// attempt is a call and the error that kept it from an answer. Vegeta's result
// has only its text, with the placeholder's address in it.
type attempt struct {
	Call
	err error
}

// RoundTrip implements http.RoundTripper.
func (s *sender) RoundTrip(placeholder *http.Request) (*http.Response, error) {
	seq, err := strconv.ParseUint(placeholder.Header.Get(seqHeader), 10, 64)
	if err != nil {
		return nil, fmt.Errorf("read the position from vegeta's header %s: %w", seqHeader, err)
	}
	var response *http.Response
	call, err := s.stream.Call(seq)
	if err != nil {
		err = fmt.Errorf("make request %d of stream %s: %w", seq, s.stream.Name, err)
	} else {
		response, err = s.stream.Transport.RoundTrip(call.Request.WithContext(placeholder.Context()))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sent[seq] = attempt{Call: call, err: err}
	return response, err
}

// sample turns a result of vegeta into what became of the call.
func (s *sender) sample(result *vegeta.Result, due time.Time) Sample {
	s.mu.Lock()
	attempt := s.sent[result.Seq]
	delete(s.sent, result.Seq)
	s.mu.Unlock()
	sample := Sample{
		Stream: s.stream.Name, Seq: result.Seq, Route: attempt.Route, Key: attempt.Key,
		Due: due, Sent: result.Timestamp, Done: result.End(), Status: int(result.Code),
	}
	switch {
	case attempt.err != nil:
		sample.Kind, sample.Failure = kindOf(attempt.err), attempt.err.Error()
	case result.Code == 0:
		sample.Kind, sample.Failure = "incomplete answer", "incomplete answer: "+result.Error
	default:
		sample.judge(attempt.Call, result.Body)
	}
	return sample
}

// judge decides on a complete answer. Vegeta calls statuses from 400 on errors;
// here they are for Accept to judge.
func (s *Sample) judge(call Call, body []byte) {
	accept := call.Accept
	if accept == nil {
		accept = anySuccess
	}
	if err := accept(s.Status, body); err != nil {
		s.Kind, s.Failure = fmt.Sprintf("status %d", s.Status), err.Error()
	}
}

func anySuccess(status int, _ []byte) error {
	if status < 200 || status > 299 {
		return fmt.Errorf("status %d; expected 2xx", status)
	}
	return nil
}

// kindOf names the ways in which requests get no answer, without the addresses
// that make each error different.
func kindOf(err error) string {
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return "connection refused"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return "connection reset"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "connection closed"
	case errors.Is(err, context.DeadlineExceeded):
		return "timeout"
	default:
		return "no answer"
	}
}
