package judge_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/barq-platform/barqgate/harness/judge"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

var noon = time.Date(2025, 11, 1, 12, 0, 0, 0, time.UTC)

// series are probes 10 ms apart; x is a failed one.
func series(pattern string) []judge.Probe {
	probes := make([]judge.Probe, len(pattern))
	for i, c := range pattern {
		sent := noon.Add(time.Duration(i) * 10 * time.Millisecond)
		probes[i] = judge.Probe{Sent: sent, Done: sent.Add(time.Millisecond), Failed: c == 'x', Kind: "status 502"}
	}
	return probes
}

func TestOutages(t *testing.T) {
	ms := time.Millisecond
	tests := []struct {
		pattern         string
		outages, failed int
		longest, total  time.Duration
		open            bool
	}{
		{"........", 0, 0, 0, 0, false},
		{"...x....", 1, 1, 20 * ms, 20 * ms, false},
		{"..xxx...", 1, 3, 40 * ms, 40 * ms, false},
		{".x.xx...", 2, 3, 30 * ms, 50 * ms, false},
		{"xx......", 1, 2, 20 * ms, 20 * ms, true},
		{"......xx", 1, 2, 21 * ms, 21 * ms, true},
		{"xxxx", 1, 4, 31 * ms, 31 * ms, true},
		{"", 0, 0, 0, 0, false},
	}
	for _, test := range tests {
		t.Run(test.pattern, func(t *testing.T) {
			got := judge.FindOutages(series(test.pattern))
			require.Equal(t, len(test.pattern), got.Probes)
			require.Equal(t, test.failed, got.Failed)
			require.Len(t, got.Outages, test.outages)
			require.Equal(t, test.longest, got.Longest)
			require.Equal(t, test.total, got.Total)
			if test.outages > 0 {
				require.Equal(t, test.open, got.Outages[0].Open)
				require.Equal(t, got.Outages[0].Probes, got.Outages[0].Kinds["status 502"])
			}
		})
	}
}

func TestResolutionIsTheLongestGap(t *testing.T) {
	probes := series("....")
	probes[3].Sent = probes[3].Sent.Add(100 * time.Millisecond)
	require.Equal(t, 110*time.Millisecond, judge.FindOutages(probes).Resolution)
}

// A real outage that lasts longer than the resolution is always found, its
// bounds enclose the truth, and the order of the probes does not matter.
func TestALongEnoughOutageCannotHide(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		gaps := rapid.SliceOfN(rapid.IntRange(1, 30), 20, 80).Draw(t, "gaps in ms")
		var probes []judge.Probe
		at := noon
		for _, gap := range gaps {
			at = at.Add(time.Duration(gap) * time.Millisecond)
			probes = append(probes, judge.Probe{Sent: at, Done: at.Add(time.Millisecond)})
		}
		resolution := judge.FindOutages(probes).Resolution
		span := probes[len(probes)-1].Sent.Sub(probes[0].Sent)
		start := probes[0].Sent.Add(time.Duration(rapid.Int64Range(1, int64(span/3)).Draw(t, "start")))
		length := resolution + time.Duration(rapid.Int64Range(1, int64(50*time.Millisecond)).Draw(t, "beyond the resolution"))
		end := start.Add(length)
		if !end.Before(probes[len(probes)-1].Sent) {
			t.Skip("the outage would outlast the observation")
		}
		for i := range probes {
			probes[i].Failed = !probes[i].Sent.Before(start) && probes[i].Sent.Before(end)
		}
		rand.New(rand.NewPCG(5, 6)).Shuffle(len(probes), func(i, j int) { probes[i], probes[j] = probes[j], probes[i] })
		got := judge.FindOutages(probes)
		require.Len(t, got.Outages, 1)
		require.LessOrEqual(t, got.Outages[0].AtLeast, length)
		require.GreaterOrEqual(t, got.Outages[0].AtMost, length)
	})
}
