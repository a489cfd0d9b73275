package load_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/barq-platform/barqgate/harness/load"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// stream sends GET requests to a server that the handler serves.
func stream(t *testing.T, handler http.HandlerFunc) load.Stream {
	t.Helper()
	server := httptest.NewServer(handler)
	transport := &http.Transport{MaxIdleConnsPerHost: 64}
	t.Cleanup(server.Close)
	t.Cleanup(transport.CloseIdleConnections)
	return load.Stream{
		Name: "test", Rate: 200, Requests: 40, Transport: transport, Timeout: 5 * time.Second, BodyLimit: 1 << 16,
		Call: func(uint64) (load.Call, error) {
			request, err := http.NewRequest(http.MethodGet, server.URL+"/thing", nil)
			return load.Call{Request: request, Route: "thing"}, err
		},
	}
}

func TestEveryPositionOfTheScheduleIsSentOnceAndUnmarked(t *testing.T) {
	var seen atomic.Int64
	s := stream(t, func(_ http.ResponseWriter, r *http.Request) {
		for name := range r.Header {
			if strings.Contains(name, "Vegeta") {
				t.Errorf("the platform sees the generator's header %s", name)
			}
		}
		seen.Add(1)
	})
	recording, err := load.Run(t.Context(), s)
	require.NoError(t, err)
	require.Len(t, recording.Samples, 40)
	require.EqualValues(t, 40, seen.Load())
	positions := map[uint64]bool{}
	for _, sample := range recording.Samples {
		require.False(t, sample.Failed(), sample.Failure)
		positions[sample.Seq] = true
	}
	require.Len(t, positions, 40)
}

func TestDueTimesFollowTheRateWhateverTheServerDoes(t *testing.T) {
	release := make(chan struct{})
	var arrived atomic.Int64
	s := stream(t, func(http.ResponseWriter, *http.Request) {
		if arrived.Add(1) == 40 {
			close(release) // a server that answers nobody before all have come
		}
		<-release
	})
	recording, err := load.Run(t.Context(), s)
	require.NoError(t, err)
	first := recording.Samples[0]
	for _, sample := range recording.Samples {
		require.Equal(t, time.Duration(sample.Seq-first.Seq)*5*time.Millisecond, sample.Due.Sub(first.Due))
	}
	// The first caller waited while the other 39 were sent, 5 ms apart.
	require.GreaterOrEqual(t, first.Latency(), 39*5*time.Millisecond)
}

func TestLatencyCountsFromTheDueTime(t *testing.T) {
	due := time.Now()
	sample := load.Sample{Due: due, Sent: due.Add(2 * time.Second), Done: due.Add(2*time.Second + time.Millisecond)}
	require.Equal(t, 2*time.Second+time.Millisecond, sample.Latency())
	require.Equal(t, 2*time.Second, sample.Lag())
}

func TestWhatCountsAsFailure(t *testing.T) {
	tests := []struct {
		name    string
		handler http.HandlerFunc
		accept  func(int, []byte) error
		want    string
		kind    string
	}{
		{"2xx", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }, nil, "", ""},
		{"a redirect is no success and is not followed", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/login", http.StatusFound) }, nil, "status 302", "status 302"},
		{"5xx", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) }, nil, "status 502", "status 502"},
		{"an expected refusal", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotFound) },
			func(status int, _ []byte) error {
				if status == http.StatusNotFound {
					return nil
				}
				return errors.New("unexpected")
			}, "", ""},
		{"a body that is not accepted", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "lie") },
			func(_ int, body []byte) error { return errors.New("found " + string(body)) }, "found lie", "status 200"},
		{"a connection cut before the answer", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, nil, "EOF", "connection closed"},
		{"a body cut short", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			_, _ = io.WriteString(w, "half")
		}, nil, "unexpected EOF", "incomplete answer"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := stream(t, test.handler)
			s.Requests = 3
			call := s.Call
			s.Call = func(seq uint64) (load.Call, error) {
				c, err := call(seq)
				c.Accept = test.accept
				return c, err
			}
			recording, err := load.Run(t.Context(), s)
			require.NoError(t, err)
			require.Len(t, recording.Samples, 3)
			for _, sample := range recording.Samples {
				require.Equal(t, test.want != "", sample.Failed())
				require.Contains(t, sample.Failure, test.want)
				require.Equal(t, test.kind, sample.Kind)
				require.NotContains(t, sample.Failure, "placeholder")
			}
		})
	}
}

func TestAServerThatIsGoneOrSilent(t *testing.T) {
	gone := stream(t, func(http.ResponseWriter, *http.Request) {})
	gone.Requests = 2
	server := httptest.NewServer(nil)
	server.Close()
	gone.Call = func(uint64) (load.Call, error) {
		request, err := http.NewRequest(http.MethodGet, server.URL, nil)
		return load.Call{Request: request}, err
	}
	recording, err := load.Run(t.Context(), gone)
	require.NoError(t, err)
	require.Equal(t, "connection refused", recording.Samples[0].Kind)

	silent := stream(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	silent.Requests, silent.Timeout = 2, 50*time.Millisecond
	recording, err = load.Run(t.Context(), silent)
	require.NoError(t, err)
	require.Equal(t, "timeout", recording.Samples[1].Kind)
}

func TestTheContextsEndStopsSendingAndWaitsForAnswers(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	var arrived, answered atomic.Int64
	s := stream(t, func(http.ResponseWriter, *http.Request) {
		if arrived.Add(1) == 10 {
			cancel()
		}
		answered.Add(1)
	})
	s.Requests = 0
	recording, err := load.Run(ctx, s)
	require.NoError(t, err)
	require.EqualValues(t, answered.Load(), len(recording.Samples))
	require.Empty(t, recording.Failures())
}

func TestARequestThatCannotBeMadeIsAFailure(t *testing.T) {
	s := stream(t, func(http.ResponseWriter, *http.Request) {})
	s.Requests = 2
	s.Call = func(uint64) (load.Call, error) { return load.Call{}, errors.New("no more keys") }
	recording, err := load.Run(t.Context(), s)
	require.NoError(t, err)
	require.Len(t, recording.Failures(), 2)
	require.Contains(t, recording.Samples[0].Failure, "no more keys")
}

func TestAnIncompleteStreamIsRefused(t *testing.T) {
	_, err := load.Run(t.Context())
	require.Error(t, err)
	whole := stream(t, func(http.ResponseWriter, *http.Request) {})
	for name, spoil := range map[string]func(*load.Stream){
		"rate":      func(s *load.Stream) { s.Rate = 0 },
		"call":      func(s *load.Stream) { s.Call = nil },
		"transport": func(s *load.Stream) { s.Transport = nil },
		"timeout":   func(s *load.Stream) { s.Timeout = 0 },
		"limit":     func(s *load.Stream) { s.BodyLimit = 0 },
	} {
		t.Run(name, func(t *testing.T) {
			s := whole
			spoil(&s)
			_, err := load.Run(t.Context(), s)
			require.ErrorContains(t, err, `stream "test"`)
		})
	}
}
