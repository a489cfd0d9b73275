package load

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// Sample is what became of one request.
type Sample struct {
	Stream  string
	Seq     uint64
	Route   string
	Key     string
	Due     time.Time // when the schedule wanted it sent
	Sent    time.Time
	Done    time.Time // when its last byte had come, or it had failed
	Status  int       // 0 when no complete answer came
	Kind    string    // of the failure, such as "status 502" or "connection reset"
	Failure string    // why it is not a success; both are empty for a success
}

// Latency is what a caller who wanted the request at its due time had to wait.
func (s Sample) Latency() time.Duration { return s.Done.Sub(s.Due) }

// Lag is how late the generator was.
func (s Sample) Lag() time.Duration { return max(s.Sent.Sub(s.Due), 0) }

// Failed reports whether the request was not a success.
func (s Sample) Failed() bool { return s.Failure != "" }

// Recording is everything that one Run has seen.
type Recording struct {
	Samples  []Sample      // in the order of sending
	interval time.Duration // between two requests of all streams together
}

func merge(recordings []*Recording) *Recording {
	merged := &Recording{}
	rate := 0.0
	for _, r := range recordings {
		merged.Samples = append(merged.Samples, r.Samples...)
		rate += float64(time.Second) / float64(r.interval)
	}
	merged.interval = time.Duration(float64(time.Second) / rate)
	slices.SortStableFunc(merged.Samples, func(a, b Sample) int { return a.Sent.Compare(b.Sent) })
	return merged
}

// After returns the part of the recording that was due from some time after its
// first request on: what remains when a warm-up is left out.
func (r *Recording) After(warmup time.Duration) *Recording {
	kept := &Recording{interval: r.interval}
	if len(r.Samples) == 0 {
		return kept
	}
	start := r.begin().Add(warmup)
	for _, s := range r.Samples {
		if !s.Due.Before(start) {
			kept.Samples = append(kept.Samples, s)
		}
	}
	return kept
}

// Routes returns the names of the routes, sorted.
func (r *Recording) Routes() []string {
	seen := map[string]bool{}
	var names []string
	for _, s := range r.Samples {
		if !seen[s.Route] {
			seen[s.Route] = true
			names = append(names, s.Route)
		}
	}
	slices.Sort(names)
	return names
}

// Route returns the samples of one route.
func (r *Recording) Route(name string) []Sample {
	var samples []Sample
	for _, s := range r.Samples {
		if s.Route == name {
			samples = append(samples, s)
		}
	}
	return samples
}

// Failures returns the samples that are not a success.
func (r *Recording) Failures() []Sample {
	var failed []Sample
	for _, s := range r.Samples {
		if s.Failed() {
			failed = append(failed, s)
		}
	}
	return failed
}

func (r *Recording) begin() time.Time {
	first := r.Samples[0].Due
	for _, s := range r.Samples {
		if s.Due.Before(first) {
			first = s.Due
		}
	}
	return first
}

// The range of the histograms, in microseconds, and their precision.
const (
	histogramMin    = 1
	histogramMax    = int64(10 * time.Minute / time.Microsecond)
	histogramDigits = 3
)

// Histogram returns the latencies in microseconds.
func Histogram(samples []Sample) *hdrhistogram.Histogram {
	h := hdrhistogram.New(histogramMin, histogramMax, histogramDigits)
	for _, s := range samples {
		// Clamped values are in range, and only values out of range are an error.
		_ = h.RecordValue(min(max(s.Latency().Microseconds(), histogramMin), histogramMax))
	}
	return h
}

// Latencies returns the sorted latencies.
func Latencies(samples []Sample) []time.Duration {
	sorted := make([]time.Duration, len(samples))
	for i, s := range samples {
		sorted[i] = s.Latency()
	}
	slices.Sort(sorted)
	return sorted
}

// CSV returns one line a sample, for evidence.
func (r *Recording) CSV() ([]byte, error) {
	var out bytes.Buffer
	w := csv.NewWriter(&out)
	rows := [][]string{{"stream", "seq", "route", "due", "lag_us", "latency_us", "status", "kind", "failure"}}
	for _, s := range r.Samples {
		rows = append(rows, []string{
			s.Stream, strconv.FormatUint(s.Seq, 10), s.Route, s.Due.UTC().Format(time.RFC3339Nano),
			strconv.FormatInt(s.Lag().Microseconds(), 10), strconv.FormatInt(s.Latency().Microseconds(), 10),
			strconv.Itoa(s.Status), s.Kind, s.Failure,
		})
	}
	if err := w.WriteAll(rows); err != nil {
		return nil, fmt.Errorf("write the samples as CSV: %w", err)
	}
	return out.Bytes(), nil
}
