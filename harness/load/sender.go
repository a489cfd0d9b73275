package load

import (
	"fmt"
	"net/http"
	"strconv"
	"sync"
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
	calls  map[uint64]Call
}

// RoundTrip implements http.RoundTripper.
func (s *sender) RoundTrip(placeholder *http.Request) (*http.Response, error) {
	seq, err := strconv.ParseUint(placeholder.Header.Get(seqHeader), 10, 64)
	if err != nil {
		return nil, fmt.Errorf("read the position from vegeta's header %s: %w", seqHeader, err)
	}
	call, err := s.stream.Call(seq)
	if err != nil {
		return nil, fmt.Errorf("make request %d of stream %s: %w", seq, s.stream.Name, err)
	}
	s.mu.Lock()
	s.calls[seq] = call
	s.mu.Unlock()
	return s.stream.Transport.RoundTrip(call.Request.WithContext(placeholder.Context()))
}

// sample turns a result of vegeta into what became of the call.
func (s *sender) sample(result *vegeta.Result, due time.Time) Sample {
	s.mu.Lock()
	call := s.calls[result.Seq]
	delete(s.calls, result.Seq)
	s.mu.Unlock()
	sample := Sample{
		Stream: s.stream.Name, Seq: result.Seq, Route: call.Route, Key: call.Key,
		Due: due, Sent: result.Timestamp, Done: result.End(), Status: int(result.Code),
	}
	sample.Failure = failure(call, result)
	return sample
}

// failure says why the result is not a success, or nothing. Vegeta fills Error
// for statuses from 400 on, too; those are for Accept to judge.
func failure(call Call, result *vegeta.Result) string {
	if result.Code == 0 {
		if result.Error == "" {
			return "no answer"
		}
		return result.Error
	}
	if call.Accept == nil {
		if result.Code < 200 || result.Code > 299 {
			return fmt.Sprintf("status %d", result.Code)
		}
		return ""
	}
	if err := call.Accept(int(result.Code), result.Body); err != nil {
		return err.Error()
	}
	return ""
}
