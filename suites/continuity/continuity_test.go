// Package continuity_test stays on the platform while it is being changed: it
// reads and writes at a steady rate over new and reused connections, shows every
// outage, and afterwards looks for every write that was acknowledged.
package continuity_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/barq-platform/barqgate/fixtures/barq/ledger"
	"github.com/barq-platform/barqgate/harness/environment"
	"github.com/barq-platform/barqgate/harness/judge"
	"github.com/barq-platform/barqgate/harness/load"
	"github.com/barq-platform/barqgate/harness/suite"
	"github.com/barq-platform/barqgate/harness/verdict"
	"github.com/stretchr/testify/require"
)

func TestMain(m *testing.M) {
	suite.Main(m, suite.Suite{
		Name:    "continuity",
		About:   "While the platform is changed, no request fails and no acknowledged write is lost, repeated or altered.",
		Effects: []environment.Effect{environment.LoadTest, environment.Provision, environment.Write},
	})
}

const (
	// minimumRate is how many probes a second it takes to see a short outage.
	minimumRate = 50
	// minimumWrites is how many acknowledged writes a judgement on them needs.
	minimumWrites = 100
	// evidenceFailures is how many failed requests the evidence lists at most.
	evidenceFailures = 1000
)

// needed is how many probes it takes to see that the error rate stays below the
// level of a warning.
func needed(env *environment.Environment) int {
	return judge.SamplesForShare(0, env.Thresholds.WarningErrorRate, judge.Confidence)
}

// One observation is judged five times: the steps it accompanies happen once.
func TestContinuity(t *testing.T) {
	o := observe(t)
	t.Run("probe", func(t *testing.T) { judgeProbe(t, o) })
	t.Run("availability", func(t *testing.T) { judgeAvailability(t, o) })
	t.Run("errors", func(t *testing.T) { judgeErrors(t, o) })
	t.Run("exactly-once", func(t *testing.T) { judgeExactlyOnce(t, o) })
	t.Run("unchanged", func(t *testing.T) { judgeUnchanged(t, o) })
}

func judgeProbe(t *testing.T, o *observation) {
	env := suite.Env()
	c := suite.Criterion(t, "continuity.probe.dense-enough", fmt.Sprintf("At least %d requests a second are sent, and on time.", minimumRate))
	c.Observed(len(o.recording.Samples), "requests")
	c.EvidenceJSON("generator.json", o.generator)
	c.Measured("rate", o.generator.AchievedRate)
	c.Measured("resolution-ms", milliseconds(o.outages.Resolution))
	c.Measured("lag-p99-ms", o.generator.LagP99)
	if err := o.generator.Unfit(env.Load.MaxSendLag, env.Load.MinAchievedShare); err != nil {
		c.Inconclusive("%v", err)
	}
	if o.generator.AchievedRate < minimumRate-0.5 { // the rate is known to about a request
		c.Inconclusive("%.1f requests a second were sent, and it takes %d to see short outages; raise load.continuityRate", o.generator.AchievedRate, minimumRate)
	}
	c.WouldCatch("any outage of %s or longer", o.outages.Resolution.Round(time.Millisecond))
}

func judgeAvailability(t *testing.T, o *observation) {
	env := suite.Env()
	requirement := "No request fails while the platform is changed."
	if env.Load.MaxOutage > 0 {
		requirement = fmt.Sprintf("No outage lasts longer than %s while the platform is changed.", env.Load.MaxOutage)
	}
	c := suite.Criterion(t, "continuity.availability.no-outage", requirement)
	c.Observed(o.outages.Probes, fmt.Sprintf("requests, of which %d failed in %d outages", o.outages.Failed, len(o.outages.Outages)))
	c.EvidenceJSON("outages.json", o.outages)
	csv, err := o.recording.CSV()
	require.NoError(t, err)
	c.Evidence("requests.csv", csv)
	c.Measured("requests", o.outages.Probes)
	c.Measured("failed", o.outages.Failed)
	c.Measured("outages", len(o.outages.Outages))
	c.Measured("longest-outage-ms", milliseconds(o.outages.Longest))
	c.Measured("resolution-ms", milliseconds(o.outages.Resolution))
	c.Measured("slowest-ms", load.Summarise(o.recording.Samples).Max)
	tolerated := env.Load.MaxOutage > 0 && o.outages.Longest <= env.Load.MaxOutage
	c.Require(o.outages.Failed == 0 || tolerated, "%d of %d requests failed in %d outages, expected none longer than %s; %s; %s",
		o.outages.Failed, o.outages.Probes, len(o.outages.Outages), env.Load.MaxOutage,
		longest(o.outages.Outages), load.Explain(o.recording.Samples))
	c.WouldCatch("an outage of %s or longer", o.outages.Resolution.Round(time.Millisecond))
}

// longest describes the longest outage.
func longest(outages []judge.Outage) string {
	if len(outages) == 0 {
		return "there was none"
	}
	worst := slices.MaxFunc(outages, func(a, b judge.Outage) int { return int(a.AtMost - b.AtMost) })
	return fmt.Sprintf("the longest began at %s and lasted between %s and %s (%d requests)",
		worst.Start.UTC().Format("15:04:05.000"), worst.AtLeast.Round(time.Millisecond), worst.AtMost.Round(time.Millisecond), worst.Probes)
}

func judgeErrors(t *testing.T, o *observation) {
	threshold := suite.Env().Thresholds.WarningErrorRate
	c := suite.Criterion(t, "continuity.errors.rate-within-threshold", fmt.Sprintf("While the platform is changed, fewer than %g %% of the requests fail: no alert would warn.", 100*threshold))
	failures := o.recording.Failures()
	c.Needs(needed(suite.Env()))
	c.Observed(len(o.recording.Samples), "requests")
	c.EvidenceJSON("failed.json", failures[:min(evidenceFailures, len(failures))])
	c.Measured("requests", len(o.recording.Samples))
	c.Measured("failed", len(failures))
	judgement := judge.ErrorRate(len(failures), len(o.recording.Samples), threshold, judge.Confidence)
	if judgement.Verdict != verdict.Pass {
		judgement.Reason += "; " + load.Explain(o.recording.Samples)
	}
	c.Judged(judgement)
}

func judgeExactlyOnce(t *testing.T, o *observation) {
	c := suite.Criterion(t, "continuity.writes.exactly-once", "Every acknowledged write is there once, and every other write at most once.")
	recordWrites(t, c, o)
	c.Measured("unacknowledged-writes", o.found.Unacknowledged)
	c.Measured("unacknowledged-and-stored", len(o.found.Applied))
	for _, view := range o.views() {
		c.Require(len(view.Missing) == 0, "%d of %d acknowledged writes are not in %s: %s", len(view.Missing), view.Acknowledged, view.name, some(view.Missing))
		c.Require(len(view.Repeated) == 0, "%d of %d writes are more than once in %s: %s", len(view.Repeated), view.Acknowledged+view.Unacknowledged, view.name, some(view.Repeated))
		c.Require(len(view.Unknown) == 0, "%s holds %d tasks that nobody has written: %s", view.name, len(view.Unknown), some(view.Unknown))
	}
	c.WouldCatch("a loss or repetition of 1 in %.0f writes", 1/judge.UpperShare(0, o.found.Acknowledged, judge.Confidence))
}

func judgeUnchanged(t *testing.T, o *observation) {
	c := suite.Criterion(t, "continuity.writes.unchanged", "Every write that is there has the content that was sent.")
	recordWrites(t, c, o)
	for _, view := range o.views() {
		c.Require(len(view.Changed) == 0, "%d of %d writes have another content in %s: %s", len(view.Changed), view.Acknowledged, view.name, some(view.Changed))
	}
	c.WouldCatch("an alteration of 1 in %.0f writes", 1/judge.UpperShare(0, o.found.Acknowledged, judge.Confidence))
}

// recordWrites stores the ledger and its reconciliation with a criterion.
func recordWrites(t *testing.T, c *suite.Check, o *observation) {
	t.Helper()
	lines, err := o.ledger.JSONLines()
	require.NoError(t, err)
	c.Evidence("ledger.jsonl", lines)
	c.Require(o.unread == nil, "the writes could not be read back: %v", o.unread)
	if o.found.Acknowledged == 0 {
		c.Inconclusive("none of %d writes was acknowledged, so there is nothing that must be there", o.found.Unacknowledged)
	}
	c.EvidenceJSON("findings.json", map[string]ledger.Findings{"database": o.found, "list": o.listed})
	c.Measured("ledger", "ledger.jsonl")
	c.Measured("acknowledged-writes", o.found.Acknowledged)
	c.Needs(minimumWrites)
	c.Observed(o.found.Acknowledged, "acknowledged writes read back from the database and the task list")
}

// view is one of the two ways in which writes are read back.
type view struct {
	name string
	ledger.Findings
}

func (o *observation) views() []view {
	return []view{{"the database", o.found}, {"the task list", o.listed}}
}

// some quotes the first keys of a list.
func some(keys []string) string {
	const shown = 3
	if len(keys) > shown {
		return strings.Join(keys[:shown], ", ") + ", …"
	}
	return strings.Join(keys, ", ")
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
