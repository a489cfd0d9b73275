package judge

import (
	"fmt"
	"math"
	"time"

	"github.com/barq-platform/barqgate/harness/verdict"
)

// The functions of this file may be asked after every sample, as often as anybody
// likes, and the run may be ended at the first answer: the probability that they
// are ever wrong is at most 1 - confidence, over all looks together. The others
// promise it for one look at a sample size that was fixed before: asked every
// second, they find something in everything.
//
// They rest on a confidence sequence for a share: the shares p whose likelihood
// has not fallen behind that of a beta mixture by a factor of 1/(1-confidence).
// For the true share that ratio is a martingale that starts at 1, so by Ville's
// inequality it exceeds the factor at any time with probability 1 - confidence.
//
//   - Ville, Étude critique de la notion de collectif, 1939
//   - Robbins, Statistical methods related to the law of the iterated logarithm,
//     Annals of Mathematical Statistics 41(5), 1970
//   - Howard and Ramdas, Sequential estimation of quantiles with applications to
//     A/B testing and best-arm identification, Bernoulli 28(3), 2022: a quantile is
//     judged by the share of samples beyond a value
//   - Lindon, Sanden and Shirikian, Rapid regression detection in software
//     deployments through sequential testing, KDD 2022

// ShareAtAnyTime returns bounds of a share that hold for all sample sizes together.
// They are tightest for shares near the expected one, which has to be chosen before
// the first sample; they hold whatever it is.
func ShareAtAnyTime(failures, n int, expected, confidence float64) (low, high float64) {
	if n <= 0 || failures < 0 || failures > n || expected <= 0 || expected >= 1 || confidence <= 0 || confidence >= 1 {
		return 0, 1 // nothing is known
	}
	k, good := float64(failures), float64(n-failures)
	// A prior worth half an expected failure.
	a, b := 0.5, 0.5*(1-expected)/expected
	limit := logBeta(a+k, b+good) - logBeta(a, b) + math.Log(1-confidence)
	rejected := func(p float64) bool { return xlogy(k, p)+xlogy(good, 1-p) <= limit }
	share := k / (k + good)
	if high = 1; failures < n {
		high = boundary(share, 1, rejected)
	}
	if failures > 0 {
		low = boundary(share, 0, rejected)
	}
	return low, high
}

// boundary finds where, between a share that is not rejected and one that is, the
// rejection begins. It errs towards the rejected side.
func boundary(kept, rejected float64, isRejected func(float64) bool) float64 {
	for range 60 { // to the precision of a float64
		middle := (kept + rejected) / 2
		if isRejected(middle) {
			rejected = middle
		} else {
			kept = middle
		}
	}
	return rejected
}

// xlogy is x times the logarithm of y, and 0 for x = 0.
func xlogy(x, y float64) float64 {
	if x == 0 {
		return 0
	}
	return x * math.Log(y)
}

func logBeta(a, b float64) float64 {
	first, _ := math.Lgamma(a)
	second, _ := math.Lgamma(b)
	both, _ := math.Lgamma(a + b)
	return first + second - both
}

// ErrorRateAtAnyTime judges, at any time, whether the share of failures lies below
// the threshold. Until the samples tell, it is Inconclusive.
func ErrorRateAtAnyTime(failures, n int, threshold, confidence float64) Judgement {
	if n < 0 || failures < 0 || failures > n || threshold <= 0 || threshold >= 1 {
		return Judgement{Verdict: verdict.Error, Reason: fmt.Sprintf("cannot judge %d failures in %d samples against a share of %v", failures, n, threshold)}
	}
	low, high := ShareAtAnyTime(failures, n, threshold, confidence)
	found := fmt.Sprintf("%d of %d requests failed (between %s and %s with %.0f %% confidence at any time), the threshold is %s",
		failures, n, percent(low), percent(high), 100*confidence, percent(threshold))
	return decide(low, high, threshold, found, fmt.Sprintf("an error rate of %s or more", percent(high)))
}

// QuantileAtAnyTime judges, at any time, whether a quantile of the latency lies
// within the limit, by how many samples were slower than the limit: the quantile
// q exceeds it exactly if more than the share 1-q is.
func QuantileAtAnyTime(slower, n int, q float64, limit time.Duration, confidence float64) Judgement {
	if n < 0 || slower < 0 || slower > n || q <= 0 || q >= 1 || limit <= 0 {
		return Judgement{Verdict: verdict.Error, Reason: fmt.Sprintf("cannot judge %s by %d of %d samples slower than %s", quantileName(q), slower, n, limit)}
	}
	low, high := ShareAtAnyTime(slower, n, 1-q, confidence)
	found := fmt.Sprintf("%d of %d requests took longer than %s (between %s and %s with %.0f %% confidence at any time); %s lies within it if at most %s do",
		slower, n, milliseconds(limit), percent(low), percent(high), 100*confidence, quantileName(q), percent(1-q))
	return decide(low, high, 1-q, found, fmt.Sprintf("%s or more of the requests taking longer than %s", percent(high), milliseconds(limit)))
}

func decide(low, high, threshold float64, found, wouldCatch string) Judgement {
	switch {
	case high <= threshold:
		return Judgement{verdict.Pass, found, wouldCatch}
	case low >= threshold:
		return Judgement{Verdict: verdict.Fail, Reason: found}
	default:
		return Judgement{Verdict: verdict.Inconclusive, Reason: found + "; the samples do not tell yet"}
	}
}
