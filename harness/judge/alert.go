package judge

import (
	"fmt"
	"time"
)

// Level is how bad what one look has shown is, by the runbook's alert thresholds.
type Level int

// The levels, from good to bad.
const (
	Quiet Level = iota
	Warning
	Critical
)

// String returns the level's name.
func (l Level) String() string {
	switch l {
	case Quiet:
		return "quiet"
	case Warning:
		return "warning"
	case Critical:
		return "critical"
	default:
		return fmt.Sprintf("level %d", int(l))
	}
}

// Look is what one look has shown.
type Look struct {
	At        time.Time     `json:"at"`
	Requests  int           `json:"requests"`
	Failed    int           `json:"failed"`
	ErrorRate float64       `json:"errorRate"` // share
	P95       time.Duration `json:"p95"`       // nanoseconds
	Level     Level         `json:"level"`     // of this look alone
	Alert     Level         `json:"alert"`     // that is raised after it
}

// AlertLimits are the thresholds above which a look is of a level.
type AlertLimits struct {
	WarningErrorRate, CriticalErrorRate float64 // shares
	WarningP95, CriticalP95             time.Duration
}

// Of returns the level of an error rate and a response time on their own.
func (l AlertLimits) Of(errorRate float64, p95 time.Duration) Level {
	switch {
	case errorRate > l.CriticalErrorRate || p95 > l.CriticalP95:
		return Critical
	case errorRate > l.WarningErrorRate || p95 > l.WarningP95:
		return Warning
	}
	return Quiet
}

// Alerts raises and clears an alert with hysteresis: one bad look is no alert, and
// one good look does not end it.
type Alerts struct {
	Limits       AlertLimits
	Raise, Clear int // looks in a row

	raised Level
	above  [Critical + 1]int // looks in a row at the level or a worse one
	below  [Critical + 1]int // looks in a row below it
}

// Add judges a look and returns it with its level and the alert that stands after
// it. A look without requests is critical: nobody could ask anything.
func (a *Alerts) Add(look Look) Look {
	look.Level = Critical
	if look.Requests > 0 {
		look.ErrorRate = float64(look.Failed) / float64(look.Requests)
		look.Level = a.Limits.Of(look.ErrorRate, look.P95)
	}
	for level := Warning; level <= Critical; level++ {
		if look.Level >= level {
			a.above[level], a.below[level] = a.above[level]+1, 0
		} else {
			a.above[level], a.below[level] = 0, a.below[level]+1
		}
		if a.above[level] >= a.Raise {
			a.raised = max(a.raised, level)
		}
	}
	for a.raised > Quiet && a.below[a.raised] >= a.Clear {
		a.raised--
	}
	look.Alert = a.raised
	return look
}
