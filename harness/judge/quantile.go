package judge

import (
	"fmt"
	"math"
	"slices"
	"sort"
	"time"

	"gonum.org/v1/gonum/mathext"
)

// Bounds are a quantile of a sample and one-sided confidence bounds, which are
// values of the sample, too. Small samples have no bound on one side or both.
type Bounds struct {
	Low, Point, High time.Duration
	HasLow, HasHigh  bool
}

// Quantile returns a quantile of the sorted values with its bounds from order
// statistics, which hold whatever the distribution.
func Quantile(sorted []time.Duration, q, confidence float64) (Bounds, error) {
	n := len(sorted)
	if n == 0 || q <= 0 || q >= 1 || confidence <= 0 || confidence >= 1 || !slices.IsSorted(sorted) {
		return Bounds{}, fmt.Errorf("cannot take quantile %v at confidence %v of %d values; expected sorted values and shares between 0 and 1", q, confidence, n)
	}
	b := Bounds{Point: sorted[max(int(math.Ceil(q*float64(n)-1e-9)), 1)-1]}
	// The k-th smallest value is above the quantile if fewer than k of the n
	// values lie below it; their number is binomial.
	above := sort.Search(n, func(i int) bool { return atMost(i, n, q) >= confidence })
	if above < n {
		b.High, b.HasHigh = sorted[above], true
	}
	below := sort.Search(n, func(i int) bool { return atMost(i, n, q) > 1-confidence })
	if below > 0 {
		b.Low, b.HasLow = sorted[below-1], true
	}
	return b, nil
}

// atMost is the probability that a binomial number of n trials with probability
// p is at most k.
func atMost(k, n int, p float64) float64 {
	if k >= n {
		return 1
	}
	return mathext.RegIncBeta(float64(n-k), float64(k+1), 1-p)
}
