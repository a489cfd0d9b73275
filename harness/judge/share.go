package judge

import (
	"math"
	"sort"

	"gonum.org/v1/gonum/mathext"
)

// UpperShare returns the exact (Clopper-Pearson) upper confidence bound of a
// share of which failures were seen in n samples. Nothing is known without
// samples: the bound is then 1.
func UpperShare(failures, n int, confidence float64) float64 {
	if n <= 0 || failures >= n {
		return 1
	}
	return mathext.InvRegIncBeta(float64(failures+1), float64(n-failures), confidence)
}

// LowerShare returns the exact lower confidence bound of a share.
func LowerShare(failures, n int, confidence float64) float64 {
	if n <= 0 || failures <= 0 {
		return 0
	}
	return mathext.InvRegIncBeta(float64(failures), float64(n-failures+1), 1-confidence)
}

// maxSamples ends the search for a sample size; no gate sends as much.
const maxSamples = 1 << 26

// SamplesForShare returns how many samples, with that many failures among them,
// show with confidence that the share lies below the threshold. For no failure
// it is the rule of three: about 3 divided by the threshold at 95 %.
func SamplesForShare(failures int, threshold, confidence float64) int {
	return sort.Search(maxSamples, func(n int) bool {
		return n > failures && UpperShare(failures, n, confidence) <= threshold
	})
}

// SamplesForQuantile returns how many samples it takes until the largest of them
// bounds the quantile from above with confidence.
func SamplesForQuantile(q, confidence float64) int {
	return int(math.Ceil(math.Log(1-confidence) / math.Log(q)))
}
