// Package load sends requests on a fixed schedule, on vegeta's attacker, and
// keeps what became of each. The schedule does not wait for answers, and
// latencies count from the time at which a request was due, so that a stall of
// the platform shows in every request that it delayed.
//
// It must never cap its workers, never follow a redirect, never retry, and never
// call a figure measured while the generator itself was late.
package load

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"
)

// Call is one request of a stream.
type Call struct {
	Request *http.Request
	Route   string // what the request counts as, such as "list tasks"
	Key     string // identifies the request for whoever sends it; may be empty
	// Accept says why the answer is not a success. Nil accepts any 2xx.
	Accept func(status int, body []byte) error
}

// Stream is a sequence of requests at a constant rate.
type Stream struct {
	Name string
	// Rate is in requests a second.
	Rate float64
	// Offset delays the first request, so that several streams interleave.
	Offset time.Duration
	// Requests is how many are sent; 0 means until the context ends.
	Requests uint64
	// Call makes the request at a position of the schedule, counted from 0. It is
	// called concurrently when the request is due, and must be quick.
	Call func(seq uint64) (Call, error)
	// Transport carries the requests.
	Transport http.RoundTripper
	// Timeout is the deadline of one request, from sending to the body's end.
	Timeout time.Duration
	// BodyLimit is how many bytes of a body are read and handed to Accept.
	BodyLimit int64
}

// initialWorkers is only where vegeta starts; it adds workers without limit.
const initialWorkers = 16

// Run sends the streams side by side until each has sent its requests or the
// context ends, waits for the answers that are still due, and returns what
// became of every request, in the order of sending. The context's end is not an
// error.
func Run(ctx context.Context, streams ...Stream) (*Recording, error) {
	if len(streams) == 0 {
		return nil, errors.New("run load: no stream given")
	}
	for _, s := range streams {
		if err := s.validate(); err != nil {
			return nil, err
		}
	}
	recordings := make([]*Recording, len(streams))
	var running sync.WaitGroup
	for i, s := range streams {
		running.Go(func() { recordings[i] = s.run(ctx) })
	}
	running.Wait()
	return merge(recordings), nil
}

func (s Stream) validate() error {
	switch {
	case s.Rate <= 0:
		return fmt.Errorf("stream %q: its rate is %v; expected more than 0 a second", s.Name, s.Rate)
	case s.Call == nil || s.Transport == nil:
		return fmt.Errorf("stream %q: it needs a Call and a Transport", s.Name)
	case s.Timeout <= 0 || s.BodyLimit <= 0:
		return fmt.Errorf("stream %q: its timeout is %s and its body limit %d; expected both above 0", s.Name, s.Timeout, s.BodyLimit)
	}
	return nil
}

// interval is the time between two requests.
func (s Stream) interval() time.Duration {
	return time.Duration(float64(time.Second) / s.Rate)
}

func (s Stream) run(ctx context.Context) *Recording {
	pacer := &schedule{stream: s}
	sender := &sender{stream: s, sent: map[uint64]attempt{}}
	attacker := vegeta.NewAttacker(
		vegeta.Workers(initialWorkers),
		vegeta.MaxBody(s.BodyLimit),
		vegeta.Client(&http.Client{
			Transport:     sender,
			Timeout:       s.Timeout,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		}),
	)
	ended := context.AfterFunc(ctx, func() { attacker.Stop() })
	defer ended()
	recording := &Recording{interval: s.interval()}
	if ctx.Err() != nil {
		return recording
	}
	for result := range attacker.Attack(placeholder, pacer, 0, "") {
		recording.Samples = append(recording.Samples, sender.sample(result, pacer.due(result.Seq)))
	}
	return recording
}

// placeholder stands for the request that the sender makes from the position in
// the schedule, which vegeta tells no targeter.
func placeholder(target *vegeta.Target) error {
	target.Method, target.URL = http.MethodGet, "http://placeholder.invalid/"
	return nil
}

// schedule is a vegeta pacer that knows when each request is due. Its start is
// set before the first request is sent and read when a result has come.
type schedule struct {
	stream Stream
	start  time.Time
}

// Pace implements vegeta.Pacer.
func (s *schedule) Pace(elapsed time.Duration, sent uint64) (wait time.Duration, stop bool) {
	if s.start.IsZero() {
		s.start = time.Now().Add(-elapsed)
	}
	if s.stream.Requests > 0 && sent >= s.stream.Requests {
		return 0, true
	}
	return max(s.offset(sent)-elapsed, 0), false
}

// Rate implements vegeta.Pacer.
func (s *schedule) Rate(time.Duration) float64 { return s.stream.Rate }

// offset is the due time from the start. It is computed in floating point from
// the position, so that rounding the interval does not add up.
func (s *schedule) offset(seq uint64) time.Duration {
	return s.stream.Offset + time.Duration(float64(seq)*float64(time.Second)/s.stream.Rate)
}

func (s *schedule) due(seq uint64) time.Time {
	return s.start.Add(s.offset(seq))
}
