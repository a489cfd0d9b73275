package retrospective

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/barq-platform/barqgate/harness/journal/history"
)

// Figures are the four of DORA (https://dora.dev/guides/dora-metrics-four-keys/), as
// far as the journals at hand tell of them.
type Figures struct {
	Since       time.Time     // the period's beginning; its end is the latest run's
	Deployments int           // that were promoted in the period
	Changes     int           // deployments that put the new release before users
	Failures    int           // of them, taken back, by themselves or later
	LeadTime    time.Duration // of this release: from its first run anywhere to its promotion
	Restored    []time.Duration
}

// period is what the figures look back on.
const period = 30 * 24 * time.Hour

// The exit codes of a run that the figures tell apart.
const (
	exitPromoted   = 0
	exitRolledBack = 1
)

// FiguresOf computes the figures for one deployment from all runs at hand. Changed
// says which runs put a new release before users, and Restoring which ones brought
// an old one back.
func FiguresOf(deployment history.Run, runs []history.Run, kind func(history.Run) Kind) Figures {
	runs = slices.SortedFunc(slices.Values(runs), func(a, b history.Run) int { return a.Started.Compare(b.Started) })
	f := Figures{Since: deployment.Started.Add(-period)}
	first := deployment.Started
	for _, r := range runs {
		if r.To == deployment.To && kind(r) == Deployment && r.Started.Before(first) {
			first = r.Started
		}
	}
	if deployment.Ended() && deployment.Exit == exitPromoted {
		f.LeadTime = deployment.Finished.Sub(first)
	}
	latest := "" // the release that was promoted last
	for _, r := range runs {
		if r.Environment != deployment.Environment || r.Started.Before(f.Since) || !r.Ended() {
			continue
		}
		switch kind(r) {
		case Other:
		case Deployment:
			f.deployed(r)
			if r.Exit == exitPromoted {
				latest = r.To
			}
		case Rollback, Watch:
			// A rollback that holds, or a watch that ended in one, takes the latest back.
			if latest != "" && (kind(r) == Rollback && r.Exit == exitPromoted || kind(r) == Watch && r.Exit == exitRolledBack) {
				f.Failures++
				f.Restored = append(f.Restored, restoring(r))
				latest = ""
			}
		}
	}
	return f
}

// deployed counts one deployment.
func (f *Figures) deployed(r history.Run) {
	switch {
	case r.Exit == exitPromoted:
		f.Deployments, f.Changes = f.Deployments+1, f.Changes+1
	case r.Exit == exitRolledBack && r.Facts[factTaken] != "":
		f.Changes, f.Failures = f.Changes+1, f.Failures+1
		f.Restored = append(f.Restored, restoring(r))
	}
}

// factTaken is what a deployment records once the new release may have taken
// traffic.
const factTaken = "traffic.taken"

// restoring is the time from when something was seen not to hold until the run that
// mended it had ended. A run that saw nothing itself counts from its beginning.
func restoring(r history.Run) time.Duration {
	from := r.Started
	for _, g := range r.Gates {
		if !g.Verdict.Passed() {
			from = g.When
			break
		}
	}
	return r.Finished.Sub(from)
}

// Kind is what a run was for.
type Kind int

// The kinds of runs that a retrospective tells apart.
const (
	Other Kind = iota
	Deployment
	Rollback
	Watch
)

// FrequencyText is how often there was a deployment.
func (f Figures) FrequencyText() string {
	return fmt.Sprintf("%d in %d days, %.1f a week", f.Deployments, int(period.Hours()/24), float64(f.Deployments)/(period.Hours()/24/7))
}

// FailureText is the change failure rate.
func (f Figures) FailureText() string {
	if f.Changes == 0 {
		return "no release was put before users"
	}
	return fmt.Sprintf("%.0f %% (%d of %d)", 100*float64(f.Failures)/float64(f.Changes), f.Failures, f.Changes)
}

// LeadText is the lead time for changes.
func (f Figures) LeadText() string {
	if f.LeadTime <= 0 {
		return "not promoted"
	}
	return f.LeadTime.Round(time.Second).String()
}

// RestoreText is the time to restore: the median of those there were.
func (f Figures) RestoreText() string {
	if len(f.Restored) == 0 {
		return "nothing had to be restored"
	}
	sorted := slices.SortedFunc(slices.Values(f.Restored), cmp.Compare[time.Duration])
	return fmt.Sprintf("%s (median of %d)", sorted[len(sorted)/2].Round(time.Second), len(sorted))
}
