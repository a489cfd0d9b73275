package load_test

import (
	"encoding/csv"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/barq-platform/barqgate/harness/load"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// samples are requests whose latencies are given, all sent in time.
func samples(latencies []time.Duration) []load.Sample {
	due := time.Date(2025, 11, 1, 12, 0, 0, 0, time.UTC)
	made := make([]load.Sample, len(latencies))
	for i, latency := range latencies {
		made[i] = load.Sample{Route: "r", Status: 200, Due: due, Sent: due, Done: due.Add(latency)}
	}
	return made
}

func TestQuantilesKeepThePrecisionOfTheHistogram(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		micros := rapid.SliceOfN(rapid.Int64Range(1, 60_000_000), 1, 400).Draw(t, "latencies in µs")
		latencies := make([]time.Duration, len(micros))
		for i, m := range micros {
			latencies[i] = time.Duration(m) * time.Microsecond
		}
		got := load.Summarise(samples(latencies))
		slices.Sort(latencies)
		exact := float64(latencies[(len(latencies)*95+99)/100-1]) / float64(time.Millisecond)
		require.InEpsilon(t, exact, got.P95, 0.002)
		require.Equal(t, len(latencies), got.Requests)
	})
}

func TestSummaryCountsStatusesAndMissingAnswers(t *testing.T) {
	all := samples([]time.Duration{time.Millisecond, time.Millisecond, time.Millisecond})
	all[1].Status, all[1].Kind, all[1].Failure = 500, "status 500", "status 500; expected 200"
	all[2].Status, all[2].Kind, all[2].Failure = 0, "connection refused", "dial tcp: connection refused"
	got := load.Summarise(all)
	require.Equal(t, 2, got.Failed)
	require.Equal(t, map[string]int{"200": 1, "500": 1, "none": 1}, got.Statuses)
	text := load.Explain(all)
	require.Contains(t, text, "1 with connection refused, 1 with status 500")
	require.Contains(t, text, "expected 200")
	require.Equal(t, "no request failed", load.Explain(all[:1]))
	require.Zero(t, load.Summarise(nil).Requests)
}

func TestGeneratorReportsOnItself(t *testing.T) {
	recording, err := load.Run(t.Context(), stream(t, func(http.ResponseWriter, *http.Request) {}))
	require.NoError(t, err)
	g := recording.Generator()
	require.InDelta(t, 200, g.IntendedRate, 0.1)
	require.Equal(t, 40, g.Requests)

	fit := load.Generator{IntendedRate: 100, AchievedRate: 99, LagP99: 5, Requests: 1000}
	require.NoError(t, fit.Unfit(50*time.Millisecond, 0.95))
	late := fit
	late.LagP99 = 60
	require.ErrorContains(t, late.Unfit(50*time.Millisecond, 0.95), "60 ms late")
	slow := fit
	slow.AchievedRate = 90
	require.ErrorContains(t, slow.Unfit(50*time.Millisecond, 0.95), "90.0 requests a second of 100.0")
	require.Error(t, load.Generator{IntendedRate: 100}.Unfit(time.Hour, 0.01))
}

func TestRecordingOfSeveralStreams(t *testing.T) {
	first := stream(t, func(http.ResponseWriter, *http.Request) {})
	second := first
	second.Name, second.Offset = "second", 2500*time.Microsecond
	recording, err := load.Run(t.Context(), first, second)
	require.NoError(t, err)
	require.Len(t, recording.Samples, 80)
	require.InDelta(t, 400, recording.Generator().IntendedRate, 0.1)
	require.True(t, slices.IsSortedFunc(recording.Samples, func(a, b load.Sample) int { return a.Sent.Compare(b.Sent) }))
	require.Equal(t, []string{"thing"}, recording.Routes())
	require.Len(t, recording.Route("thing"), 80)

	late := recording.After(100 * time.Millisecond)
	require.Len(t, late.Samples, 40, "half of each stream was due in the first 100 ms of 200")

	data, err := recording.CSV()
	require.NoError(t, err)
	rows, err := csv.NewReader(strings.NewReader(string(data))).ReadAll()
	require.NoError(t, err)
	require.Len(t, rows, 81)
}
