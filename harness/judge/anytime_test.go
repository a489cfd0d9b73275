package judge_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/barq-platform/barqgate/harness/judge"
	"github.com/barq-platform/barqgate/harness/verdict"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// watch looks after every 50 requests until the judge decides, or there are no
// more requests. It returns what was decided, and after how many requests.
func watch(random *rand.Rand, share float64, most int, judged func(failures, n int) verdict.Verdict) (verdict.Verdict, int) {
	failures := 0
	for n := 1; n <= most; n++ {
		if random.Float64() < share {
			failures++
		}
		if n%50 != 0 {
			continue
		}
		if v := judged(failures, n); v != verdict.Inconclusive {
			return v, n
		}
	}
	return verdict.Inconclusive, most
}

// The threshold and how many requests are watched: the mistakes of a judge that
// does not promise anything for many looks show with far fewer.
const (
	watchedThreshold = 0.02
	watchedRequests  = 10_000
	watchedRuns      = 400
)

func atAnyTime(failures, n int) verdict.Verdict {
	return judge.ErrorRateAtAnyTime(failures, n, watchedThreshold, 0.95).Verdict
}

// decisions counts what is decided in many runs, and the requests that it took.
func decisions(runs int, share float64, judged func(failures, n int) verdict.Verdict) (counts map[verdict.Verdict]int, average int) {
	random := rand.New(rand.NewPCG(1, 7))
	counts = map[verdict.Verdict]int{}
	for range runs {
		v, n := watch(random, share, watchedRequests, judged)
		counts[v]++
		average += n
	}
	return counts, average / runs
}

// Exactly at the threshold every decision is wrong. However often one looks, there
// is one in at most 5 % of the runs. The seed is fixed: this is arithmetic.
func TestLookingAllTheTimeDoesNotMakeMistakesLikely(t *testing.T) {
	counts, _ := decisions(watchedRuns, watchedThreshold, atAnyTime)
	wrong := watchedRuns - counts[verdict.Inconclusive]
	t.Logf("200 looks at the threshold: %d of %d runs were decided wrongly", wrong, watchedRuns)
	require.LessOrEqual(t, wrong, watchedRuns*5/100)

	const few = 30 // it is slow, and needs no more
	counts, _ = decisions(few, watchedThreshold, func(failures, n int) verdict.Verdict {
		return judge.ErrorRate(failures, n, watchedThreshold, 0.95).Verdict
	})
	wrong = few - counts[verdict.Inconclusive]
	t.Logf("the same with the judge for one look: %d of %d", wrong, few)
	require.Greater(t, wrong, few*20/100, "the judge for one look must not be used for many")
}

func TestLookingAllTheTimeFindsWhatIsThere(t *testing.T) {
	for _, test := range []struct {
		share  float64
		want   verdict.Verdict
		within int // requests, on average
	}{
		{0.002, verdict.Pass, 1000},
		{0.01, verdict.Pass, 3000},
		{0.04, verdict.Fail, 1500},
		{0.2, verdict.Fail, 100},
	} {
		counts, average := decisions(watchedRuns, test.share, atAnyTime)
		t.Logf("a share of %v: %v after %d requests on average", test.share, test.want, average)
		require.Equal(t, watchedRuns, counts[test.want], "a share of %v: %v", test.share, counts)
		require.LessOrEqual(t, average, test.within)
	}
}

// Over all sample sizes together the bounds lose the truth as rarely as promised,
// whatever was expected.
func TestBoundsHoldAtAllTimesTogether(t *testing.T) {
	for _, expected := range []float64{0.001, 0.05, 0.5} {
		random, lost := rand.New(rand.NewPCG(3, 9)), 0
		for range watchedRuns {
			failures := 0
			for n := 1; n <= 2000; n++ {
				if random.Float64() < 0.05 {
					failures++
				}
				if n%10 != 0 {
					continue
				}
				if low, high := judge.ShareAtAnyTime(failures, n, expected, 0.95); low > 0.05 || high < 0.05 {
					lost++
					break
				}
			}
		}
		// The promise can be kept to the last percent, and the runs are a sample.
		require.LessOrEqual(t, judge.LowerShare(lost, watchedRuns, 0.99), 0.05, "expected %v: lost in %d runs", expected, lost)
	}
}

func TestBoundsAtAnyTimeEncloseTheBoundsOfOneLook(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 5000).Draw(t, "n")
		failures := rapid.IntRange(0, n).Draw(t, "failures")
		expected := rapid.Float64Range(0.0001, 0.9).Draw(t, "expected")
		low, high := judge.ShareAtAnyTime(failures, n, expected, 0.95)
		share := float64(failures) / float64(n)
		require.LessOrEqual(t, low, share)
		require.GreaterOrEqual(t, high, share)
		require.LessOrEqual(t, low, judge.LowerShare(failures, n, 0.95))
		require.GreaterOrEqual(t, high, judge.UpperShare(failures, n, 0.95))
	})
}

func TestJudgementsAtAnyTime(t *testing.T) {
	limit := 500 * time.Millisecond
	require.Equal(t, verdict.Pass, judge.QuantileAtAnyTime(20, 2000, 0.95, limit, 0.95).Verdict)
	require.Contains(t, judge.QuantileAtAnyTime(20, 2000, 0.95, limit, 0.95).WouldCatch, "of the requests taking longer than 500 ms")
	require.Equal(t, verdict.Inconclusive, judge.QuantileAtAnyTime(100, 2000, 0.95, limit, 0.95).Verdict)
	failed := judge.QuantileAtAnyTime(200, 2000, 0.95, limit, 0.95)
	require.Equal(t, verdict.Fail, failed.Verdict)
	require.Contains(t, failed.Reason, "200 of 2000 requests took longer than 500 ms")
	require.Equal(t, verdict.Inconclusive, judge.ErrorRateAtAnyTime(0, 0, 0.001, 0.95).Verdict, "nothing has been seen yet")
	require.Equal(t, verdict.Inconclusive, judge.ErrorRateAtAnyTime(0, 3000, 0.001, 0.95).Verdict, "looking all the time has its price")
	require.Equal(t, verdict.Pass, judge.ErrorRateAtAnyTime(0, 4300, 0.001, 0.95).Verdict)
	require.Equal(t, verdict.Fail, judge.ErrorRateAtAnyTime(10, 10, 0.001, 0.95).Verdict)
	for _, j := range []judge.Judgement{
		judge.ErrorRateAtAnyTime(5, 4, 0.001, 0.95), judge.ErrorRateAtAnyTime(0, 9, 0, 0.95),
		judge.QuantileAtAnyTime(1, 0, 0.95, limit, 0.95), judge.QuantileAtAnyTime(0, 9000, 0.95, 0, 0.95), judge.QuantileAtAnyTime(0, 9000, 1, limit, 0.95),
	} {
		require.Equal(t, verdict.Error, j.Verdict)
	}
}
