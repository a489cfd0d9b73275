package judge_test

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/barq-platform/barqgate/harness/judge"
	"github.com/barq-platform/barqgate/harness/verdict"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestErrorRate(t *testing.T) {
	tests := []struct {
		name        string
		failures, n int
		want        verdict.Verdict
	}{
		{"no failure in enough samples", 0, 3000, verdict.Pass},
		{"no failure in too few", 0, 2900, verdict.Inconclusive},
		{"one failure needs more", 1, 3500, verdict.Inconclusive},
		{"one failure in more", 1, 4800, verdict.Pass},
		{"observed share at the threshold", 4, 3500, verdict.Fail},
		{"the -errors release", 17, 3500, verdict.Fail},
		{"few samples, but all failed", 10, 10, verdict.Fail},
		{"few samples and one failure", 1, 100, verdict.Inconclusive},
		{"no samples", 0, 0, verdict.Error},
		{"contradictory counts", 5, 4, verdict.Error},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := judge.ErrorRate(test.failures, test.n, 0.001, judge.Confidence)
			require.Equal(t, test.want, got.Verdict, got.Reason)
			require.NotEmpty(t, got.Reason)
			require.Equal(t, test.want == verdict.Pass, got.WouldCatch != "")
		})
	}
	require.Equal(t, verdict.Error, judge.ErrorRate(0, 3000, 0, judge.Confidence).Verdict, "a threshold that is not set must not pass")
}

func TestShareBoundsAgreeWithTheRuleOfThree(t *testing.T) {
	require.InEpsilon(t, 3.0/3000, judge.UpperShare(0, 3000, 0.95), 0.01)
	require.Equal(t, 2995, judge.SamplesForShare(0, 0.001, 0.95))
	require.Equal(t, 59, judge.SamplesForQuantile(0.95, 0.95))
	require.EqualValues(t, 1, judge.UpperShare(0, 0, 0.95))
	require.EqualValues(t, 1, judge.UpperShare(5, 5, 0.95))
	require.Zero(t, judge.LowerShare(0, 10, 0.95))
}

func TestShareBoundsEncloseTheObservedShare(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 5000).Draw(t, "n")
		failures := rapid.IntRange(0, n).Draw(t, "failures")
		share := float64(failures) / float64(n)
		upper, lower := judge.UpperShare(failures, n, 0.95), judge.LowerShare(failures, n, 0.95)
		require.LessOrEqual(t, lower, share)
		require.GreaterOrEqual(t, upper, share)
		if failures < n {
			require.LessOrEqual(t, upper, judge.UpperShare(failures+1, n, 0.95), "more failures cannot lower the bound")
		}
		require.GreaterOrEqual(t, upper, judge.UpperShare(failures, n+1, 0.95), "more samples cannot raise the bound")
	})
}

func TestSamplesForShareIsTheLeastNumberThatPasses(t *testing.T) {
	for failures := range 5 {
		n := judge.SamplesForShare(failures, 0.001, 0.95)
		require.Equal(t, verdict.Pass, judge.ErrorRate(failures, n, 0.001, 0.95).Verdict)
		require.NotEqual(t, verdict.Pass, judge.ErrorRate(failures, n-1, 0.001, 0.95).Verdict)
	}
}

// A judge at 95 % may pass a platform that lies exactly at the threshold once in
// twenty times, and no more. The seed is fixed, so this is arithmetic, not luck.
func TestFalsePassesAreAsRareAsPromised(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	const runs, n, threshold = 600, 500, 0.01
	passes := 0
	for range runs {
		failures := 0
		for range n {
			if random.Float64() < threshold {
				failures++
			}
		}
		if judge.ErrorRate(failures, n, threshold, 0.95).Verdict == verdict.Pass {
			passes++
		}
	}
	require.LessOrEqual(t, float64(passes)/runs, 0.05)
}

func TestQuantileBoundsCoverTheTruthAsOftenAsPromised(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	const runs, n = 1000, 200
	truth := 950 * time.Millisecond // of the uniform distribution up to 1 s
	above, below := 0, 0
	for range runs {
		values := make([]time.Duration, n)
		for i := range values {
			values[i] = time.Duration(random.Int64N(int64(time.Second)))
		}
		slices.Sort(values)
		bounds, err := judge.Quantile(values, 0.95, 0.95)
		require.NoError(t, err)
		if bounds.High >= truth {
			above++
		}
		if bounds.Low <= truth {
			below++
		}
	}
	require.GreaterOrEqual(t, above, runs*94/100)
	require.GreaterOrEqual(t, below, runs*94/100)
}

func TestQuantileBoundsAreOrdered(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.Int64Range(0, 1e9), 1, 300).Draw(t, "values")
		sorted := make([]time.Duration, len(values))
		for i, v := range values {
			sorted[i] = time.Duration(v)
		}
		slices.Sort(sorted)
		b, err := judge.Quantile(sorted, rapid.Float64Range(0.01, 0.99).Draw(t, "q"), 0.95)
		require.NoError(t, err)
		if b.HasLow {
			require.LessOrEqual(t, b.Low, b.Point)
		}
		if b.HasHigh {
			require.GreaterOrEqual(t, b.High, b.Point)
		}
	})
	_, err := judge.Quantile([]time.Duration{2, 1}, 0.5, 0.95)
	require.Error(t, err, "unsorted values")
	_, err = judge.Quantile(nil, 0.5, 0.95)
	require.Error(t, err, "no values")
}

// even are n latencies spread evenly up to a maximum.
func even(n int, highest time.Duration) []time.Duration {
	values := make([]time.Duration, n)
	for i := range values {
		values[i] = highest * time.Duration(i+1) / time.Duration(n)
	}
	return values
}

func TestQuantileWithin(t *testing.T) {
	limit := 500 * time.Millisecond
	require.Equal(t, verdict.Pass, judge.QuantileWithin(even(3000, 400*time.Millisecond), 0.95, limit, 0.95).Verdict)
	require.Equal(t, verdict.Fail, judge.QuantileWithin(even(3000, 600*time.Millisecond), 0.95, limit, 0.95).Verdict)
	require.Equal(t, verdict.Inconclusive, judge.QuantileWithin(even(3000, 524*time.Millisecond), 0.95, limit, 0.95).Verdict)
	require.Equal(t, verdict.Inconclusive, judge.QuantileWithin(even(58, time.Millisecond), 0.95, limit, 0.95).Verdict)
	require.Equal(t, verdict.Error, judge.QuantileWithin(nil, 0.95, limit, 0.95).Verdict)
}

func TestRegression(t *testing.T) {
	judged := func(p95, baseline, floor time.Duration) verdict.Verdict {
		return judge.Regression(even(2000, p95*100/95), 0.95, baseline, floor, 3, 0.95).Verdict
	}
	ms := time.Millisecond
	require.Equal(t, verdict.Pass, judged(200*ms, 100*ms, ms))
	require.Equal(t, verdict.Fail, judged(400*ms, 100*ms, ms))
	require.Equal(t, verdict.Pass, judged(60*ms, 5*ms, 100*ms), "below the floor nothing is a regression")
	require.Equal(t, verdict.Fail, judged(200*ms, 5*ms, 100*ms))
	require.Equal(t, verdict.Inconclusive, judged(300*ms, 100*ms, ms))
	require.Equal(t, verdict.Error, judged(10*ms, 0, 100*ms), "a baseline that is not there must not pass")
}
