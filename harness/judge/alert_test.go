package judge

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

var alertLimits = AlertLimits{WarningErrorRate: 0.005, CriticalErrorRate: 0.01, WarningP95: time.Second, CriticalP95: 2 * time.Second}

func TestLevelsAreTheRunbooks(t *testing.T) {
	for _, c := range []struct {
		rate float64
		p95  time.Duration
		want Level
	}{
		{0, 0, Quiet}, {0.005, time.Second, Quiet}, {0.0051, 0, Warning}, {0, time.Second + 1, Warning},
		{0.01, 2 * time.Second, Warning}, {0.0101, 0, Critical}, {0, 2*time.Second + 1, Critical}, {0.0051, 3 * time.Second, Critical},
	} {
		require.Equal(t, c.want, alertLimits.Of(c.rate, c.p95), "%v %v", c.rate, c.p95)
	}
}

// lookOf is a look of the level: q, w or c; 0 is one without requests.
func lookOf(letter rune) Look {
	return map[rune]Look{'q': {Requests: 1000}, 'w': {Requests: 1000, Failed: 6}, 'c': {Requests: 1000, Failed: 50}, '0': {}}[letter]
}

func TestAlertsAreRaisedAndClearedWithHysteresis(t *testing.T) {
	for looks, want := range map[string]string{
		"qqqq":        "qqqq",
		"cqcqcq":      "qqqqqq", // never two in a row
		"cc":          "qc",
		"ccqq":        "qccc", // not yet clear
		"ccqqq":       "qcccq",
		"ww":          "qw",
		"wc":          "qw", // at least a warning, twice
		"wcc":         "qwc",
		"ccwww":       "qcccw", // critical is over, the warning is not
		"ccqqcqqq":    "qccccccq",
		"00":          "qc",
		"wwqqwqqq":    "qwwwwwwq",
		"ccqqqqwqqww": "qcccqqqqqqw",
	} {
		a := Alerts{Limits: alertLimits, Raise: 2, Clear: 3}
		var got strings.Builder
		for _, letter := range looks {
			got.WriteByte("qwc"[a.Add(lookOf(letter)).Alert])
		}
		require.Equal(t, want, got.String(), looks)
	}
}

// TestNoAlertWithoutEnoughLooks: an alert needs as many looks in a row as it says,
// whatever they are mixed with.
func TestNoAlertWithoutEnoughLooks(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		raise := rapid.IntRange(1, 5).Draw(t, "raise")
		a := Alerts{Limits: alertLimits, Raise: raise, Clear: rapid.IntRange(1, 5).Draw(t, "clear")}
		bad, before := 0, Quiet
		for _, letter := range rapid.SliceOfN(rapid.SampledFrom([]rune("qwc0")), 1, 40).Draw(t, "looks") {
			look := a.Add(lookOf(letter))
			if look.Level == Critical {
				bad++
			} else {
				bad = 0
			}
			if look.Alert == Critical && before != Critical {
				require.GreaterOrEqual(t, bad, raise)
			}
			if bad >= raise {
				require.Equal(t, Critical, look.Alert)
			}
			before = look.Alert
		}
	})
}
