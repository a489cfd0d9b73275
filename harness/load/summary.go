package load

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Summary is a set of samples in figures. Times are milliseconds from the due
// time to the answer's end.
type Summary struct {
	Requests int            `json:"requests"`
	Failed   int            `json:"failed"`
	P50      float64        `json:"p50Ms"`
	P90      float64        `json:"p90Ms"`
	P95      float64        `json:"p95Ms"`
	P99      float64        `json:"p99Ms"`
	Max      float64        `json:"maxMs"`
	Statuses map[string]int `json:"statuses"` // "none" counts requests without an answer
}

// Summarise computes the figures of the samples.
func Summarise(samples []Sample) Summary {
	s := Summary{Requests: len(samples), Statuses: map[string]int{}}
	for _, sample := range samples {
		if sample.Failed() {
			s.Failed++
		}
		s.Statuses[statusName(sample.Status)]++
	}
	if len(samples) == 0 {
		return s
	}
	h := Histogram(samples)
	at := func(percent int) float64 {
		// The histogram rounds to the nearest rank; a threshold needs the rank
		// that at least so many percent do not exceed.
		rank := (len(samples)*percent + 99) / 100
		return float64(h.ValueAtQuantile(100*float64(rank)/float64(len(samples)))) / 1000
	}
	s.P50, s.P90, s.P95, s.P99, s.Max = at(50), at(90), at(95), at(99), float64(h.Max())/1000
	return s
}

func statusName(status int) string {
	if status == 0 {
		return "none"
	}
	return fmt.Sprint(status)
}

// shownExamples is how many failures an explanation quotes.
const shownExamples = 3

// Explain says in one line how many samples failed, in which ways, and
// quotes the first ones.
func Explain(samples []Sample) string {
	kinds := map[string]int{}
	var examples []string
	for _, s := range samples {
		if !s.Failed() {
			continue
		}
		kinds[s.Kind]++
		if len(examples) < shownExamples {
			examples = append(examples, fmt.Sprintf("%s at %s: %s", s.Route, s.Sent.UTC().Format("15:04:05.000"), s.Failure))
		}
	}
	if len(examples) == 0 {
		return "no request failed"
	}
	var counts []string
	for _, kind := range slices.Sorted(maps.Keys(kinds)) {
		counts = append(counts, fmt.Sprintf("%d with %s", kinds[kind], kind))
	}
	return fmt.Sprintf("failed requests: %s; first: %s", strings.Join(counts, ", "), strings.Join(examples, "; "))
}

// Generator is the generator's report on itself.
type Generator struct {
	IntendedRate float64 `json:"intendedRate"` // requests a second
	AchievedRate float64 `json:"achievedRate"`
	LagP99       float64 `json:"lagP99Ms"` // how late requests were sent
	LagMax       float64 `json:"lagMaxMs"`
	Requests     int     `json:"requests"`
}

// Generator computes the generator's report on itself.
func (r *Recording) Generator() Generator {
	g := Generator{IntendedRate: float64(time.Second) / float64(r.interval), Requests: len(r.Samples)}
	if len(r.Samples) == 0 {
		return g
	}
	lags := make([]time.Duration, len(r.Samples))
	last := r.Samples[0].Sent
	for i, s := range r.Samples {
		lags[i] = s.Lag()
		if s.Sent.After(last) {
			last = s.Sent
		}
	}
	slices.Sort(lags)
	milliseconds := func(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
	g.LagP99 = milliseconds(lags[(len(lags)*99+99)/100-1])
	g.LagMax = milliseconds(lags[len(lags)-1])
	// The last request stands for one interval, too.
	g.AchievedRate = float64(len(r.Samples)) / (last.Sub(r.begin()) + r.interval).Seconds()
	return g
}

// Unfit says why nothing may be concluded from the recording: the generator sent
// too late or too little. It returns nil if the generator did its work.
func (g Generator) Unfit(maxLagP99 time.Duration, minAchievedShare float64) error {
	if g.Requests == 0 {
		return errors.New("the load generator sent no request")
	}
	var problems []error
	if limit := float64(maxLagP99) / float64(time.Millisecond); g.LagP99 > limit {
		problems = append(problems, fmt.Errorf("the load generator sent 1 %% of its requests more than %.0f ms late; its limit is %.0f ms", g.LagP99, limit))
	}
	if g.AchievedRate < g.IntendedRate*minAchievedShare {
		problems = append(problems, fmt.Errorf("the load generator reached %.1f requests a second of %.1f; it needs %.0f %%", g.AchievedRate, g.IntendedRate, 100*minAchievedShare))
	}
	return errors.Join(problems...)
}
