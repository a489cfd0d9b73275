// Package judge turns samples into verdicts and says how sure they are: shares
// with exact bounds, quantiles with order statistics, and outages with the
// resolution at which they were looked for. Everything is one-sided at a named
// confidence and exact for independent samples; requests that share a server are
// not quite independent, so the bounds are a minimum of doubt, not all of it.
//
// It must never pass on too few samples: what they do not exclude is
// inconclusive.
package judge

import (
	"fmt"
	"time"

	"github.com/barq-platform/barqgate/harness/verdict"
)

// Confidence is the one-sided confidence of the gates' judgements.
const Confidence = 0.95

// Judgement is a verdict with its grounds.
type Judgement struct {
	Verdict verdict.Verdict
	// Reason says what was found and expected, whatever the verdict.
	Reason string
	// WouldCatch is the smallest defect that a pass excludes.
	WouldCatch string
}

// ErrorRate judges whether the share of failures lies below the threshold. It
// passes if the upper confidence bound does, and fails if the observed share
// does not although there were enough samples to see it; in between, the
// samples do not decide.
func ErrorRate(failures, n int, threshold, confidence float64) Judgement {
	if n <= 0 || failures < 0 || failures > n || threshold <= 0 || threshold >= 1 {
		return Judgement{Verdict: verdict.Error, Reason: fmt.Sprintf("cannot judge %d failures in %d samples against a share of %v", failures, n, threshold)}
	}
	upper := UpperShare(failures, n, confidence)
	observed := float64(failures) / float64(n)
	found := fmt.Sprintf("%d of %d requests failed (%s; at most %s with %.0f %% confidence), the threshold is %s",
		failures, n, percent(observed), percent(upper), 100*confidence, percent(threshold))
	switch {
	case upper <= threshold:
		return Judgement{verdict.Pass, found, fmt.Sprintf("an error rate of %s or more", percent(upper))}
	case observed >= threshold && n >= SamplesForShare(0, threshold, confidence):
		return Judgement{Verdict: verdict.Fail, Reason: found}
	case LowerShare(failures, n, confidence) >= threshold:
		return Judgement{Verdict: verdict.Fail, Reason: found}
	default:
		return Judgement{Verdict: verdict.Inconclusive, Reason: fmt.Sprintf("%s; with %d failures it takes %d samples to tell",
			found, failures, SamplesForShare(failures, threshold, confidence))}
	}
}

// QuantileWithin judges whether a quantile of the sorted values lies within the
// limit. It passes if the upper confidence bound does, and fails if the quantile
// of the sample does not.
func QuantileWithin(sorted []time.Duration, q float64, limit time.Duration, confidence float64) Judgement {
	bounds, err := Quantile(sorted, q, confidence)
	if err != nil {
		return Judgement{Verdict: verdict.Error, Reason: err.Error()}
	}
	found := fmt.Sprintf("%s in %d samples is %s, the limit is %s", quantileName(q), len(sorted), milliseconds(bounds.Point), milliseconds(limit))
	switch {
	case bounds.Point > limit:
		return Judgement{Verdict: verdict.Fail, Reason: found}
	case !bounds.HasHigh:
		return Judgement{Verdict: verdict.Inconclusive, Reason: fmt.Sprintf("%s; it takes %d samples to bound it", found, SamplesForQuantile(q, confidence))}
	case bounds.High > limit:
		return Judgement{Verdict: verdict.Inconclusive, Reason: fmt.Sprintf("%s, and with %.0f %% confidence it is only known to be below %s", found, 100*confidence, milliseconds(bounds.High))}
	default:
		return Judgement{verdict.Pass, found, fmt.Sprintf("a %s above %s", quantileName(q), milliseconds(bounds.High))}
	}
}

// Regression judges whether a quantile of the sorted values has grown by more
// than the factor over its baseline. Below the floor nothing is called a
// regression: small times vary by large factors.
func Regression(sorted []time.Duration, q float64, baseline, floor time.Duration, factor, confidence float64) Judgement {
	if baseline <= 0 || factor < 1 {
		return Judgement{Verdict: verdict.Error, Reason: fmt.Sprintf("cannot compare with a baseline of %s by a factor of %v; expected a time above 0 and a factor of at least 1", baseline, factor)}
	}
	limit := max(time.Duration(float64(baseline)*factor), floor)
	bounds, err := Quantile(sorted, q, confidence)
	if err != nil {
		return Judgement{Verdict: verdict.Error, Reason: err.Error()}
	}
	found := fmt.Sprintf("%s in %d samples is %s, the baseline %s; a regression begins at %s (%.2g times the baseline, at least %s)",
		quantileName(q), len(sorted), milliseconds(bounds.Point), milliseconds(baseline), milliseconds(limit), factor, milliseconds(floor))
	switch {
	case bounds.HasLow && bounds.Low > limit:
		return Judgement{Verdict: verdict.Fail, Reason: found}
	case bounds.HasHigh && bounds.High <= limit:
		return Judgement{verdict.Pass, found, fmt.Sprintf("a %s above %s", quantileName(q), milliseconds(bounds.High))}
	default:
		return Judgement{Verdict: verdict.Inconclusive, Reason: found + "; the samples do not tell on which side it lies"}
	}
}

func percent(share float64) string { return fmt.Sprintf("%.3g %%", 100*share) }

func quantileName(q float64) string { return fmt.Sprintf("p%g", 100*q) }

func milliseconds(d time.Duration) string {
	return fmt.Sprintf("%.3g ms", float64(d)/float64(time.Millisecond))
}
