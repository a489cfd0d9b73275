// Package watch_test watches a release after its deployment, as the runbook does
// at T+30 minutes: error rate, response time and alert levels look by look, the
// database, and whether people use the platform as they did before.
package watch_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/barq-platform/barqgate/fixtures/barq"
	"github.com/barq-platform/barqgate/fixtures/barq/workload"
	"github.com/barq-platform/barqgate/fixtures/mssql"
	"github.com/barq-platform/barqgate/harness/environment"
	"github.com/barq-platform/barqgate/harness/judge"
	"github.com/barq-platform/barqgate/harness/load"
	"github.com/barq-platform/barqgate/harness/suite"
)

func TestMain(m *testing.M) {
	suite.Main(m, suite.Suite{
		Name:    "watch",
		About:   "For a while after its deployment the release raises no alert, its database is fast, and people use it as before.",
		Effects: []environment.Effect{environment.Write},
	})
}

// p95 is the quantile of the runbook's response times.
const p95 = 0.95

// shift is everything that was seen while the release was watched.
type shift struct {
	begun   time.Time
	looks   []judge.Look
	samples []load.Sample
	worst   judge.Level
	window  mssql.QueryWindow
	unread  error // why the statements of the window could not be compared
	use     map[string]use
	broken  error // why a look could not be taken
}

// use is one business figure and what it is compared with.
type use struct {
	now, before int
	err         error
}

func TestWatch(t *testing.T) {
	s := &shift{use: map[string]use{}}
	s.watch(t)
	t.Run("critical", func(t *testing.T) { judgeCritical(t, s) })
	t.Run("warning", func(t *testing.T) { judgeWarning(t, s) })
	t.Run("errors", func(t *testing.T) { judgeErrors(t, s) })
	t.Run("latency", func(t *testing.T) { judgeLatency(t, s) })
	t.Run("database", func(t *testing.T) { judgeDatabase(t, s) })
	t.Run("users", func(t *testing.T) {
		c := suite.Criterion(t, "watch.business.users-as-before", "As many users are active as in the period before that the environment compares with.")
		judgeUse(c, s, users, suite.Env().Watch.Business.Users)
	})
	t.Run("transactions", func(t *testing.T) {
		c := suite.Criterion(t, "watch.business.transactions-as-before", "Users do as much as in the period before.")
		judgeUse(c, s, transactions, suite.Env().Watch.Business.Transactions)
	})
	t.Run("ai", func(t *testing.T) {
		c := suite.Criterion(t, "watch.business.ai-usage-as-before", "AI providers are used as much as in the period before.")
		judgeUse(c, s, ai, suite.Env().Watch.Business.AI)
	})
}

// window is how long to watch: what whoever started the watch wants, or what the
// environment says.
func window(t *testing.T) time.Duration {
	t.Helper()
	facts, _ := suite.Deployment()
	text := facts.Values[barq.FactWatchWindow]
	if text == "" {
		return suite.Env().Watch.Window
	}
	lasts, err := time.ParseDuration(text)
	require.NoError(t, err, "the fact %s", barq.FactWatchWindow)
	return lasts
}

// watch takes look after look until the window is over or a critical alert is
// raised: nobody has to wait for what is decided.
func (s *shift) watch(t *testing.T) {
	t.Helper()
	ctx, env := t.Context(), suite.Env()
	db, err := mssql.Open(ctx, env.Database, env.Database.Name)
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	before, err := db.QueryStats(ctx)
	require.NoError(t, err)
	traffic, err := workload.Open(ctx, env, "watch")
	require.NoError(t, err, "nothing could be watched")
	defer func() { require.NoError(t, traffic.Close(ctx)) }()
	limits := env.Thresholds
	alerts := judge.Alerts{Raise: env.Watch.Raise, Clear: env.Watch.Clear, Limits: judge.AlertLimits{
		WarningErrorRate: limits.WarningErrorRate, CriticalErrorRate: limits.CriticalErrorRate, WarningP95: limits.WarningP95, CriticalP95: limits.CriticalP95,
	}}
	lasts, warmup := window(t), env.Load.Warmup
	for s.begun = time.Now(); time.Since(s.begun) < lasts && s.worst < judge.Critical; {
		look := judge.Look{At: time.Now()}
		result, err := traffic.Measure(ctx, environment.Traffic{Rate: env.Watch.Rate, Duration: env.Watch.Look, Warmup: warmup})
		warmup = 0 // its connections are there now
		if err != nil {
			s.broken = err // a token that cannot be had any more is a look without an answer
		} else {
			s.samples = append(s.samples, result.Recording.Samples...)
			look.Requests, look.Failed = result.Summary.Requests, result.Summary.Failed
			look.P95 = time.Duration(result.Summary.P95 * float64(time.Millisecond))
		}
		look = alerts.Add(look)
		s.looks, s.worst = append(s.looks, look), max(s.worst, look.Alert)
		t.Logf("look %d: %d of %d failed, p95 %s: %s; alert: %s", len(s.looks), look.Failed, look.Requests, look.P95, look.Level, look.Alert)
	}
	s.count(ctx, db)
	if after, err := db.QueryStats(ctx); err != nil {
		s.unread = err
	} else {
		s.window, s.unread = after.Since(before)
	}
}

// judgeCritical fails on the alert at which the runbook takes a release back.
func judgeCritical(t *testing.T, s *shift) {
	limits := suite.Env().Thresholds
	c := suite.Criterion(t, "watch.alerts.none-critical", fmt.Sprintf("No critical alert is raised: error rate above %g %%, or response time above %s.", 100*limits.CriticalErrorRate, limits.CriticalP95))
	s.alerts(c)
	c.WouldCatch("%d looks in a row of %s each above either", suite.Env().Watch.Raise, suite.Env().Watch.Look)
	c.EvidenceJSON("looks.json", s.looks)
	c.Measured(suite.MeasuredRequests, len(s.samples))
	c.Require(s.worst < judge.Critical, "a critical alert was raised %s after the watch began: %s", time.Since(s.begun).Round(time.Second), s.last())
}

// judgeWarning leaves a warning to a person.
func judgeWarning(t *testing.T, s *shift) {
	limits := suite.Env().Thresholds
	c := suite.Criterion(t, "watch.alerts.none-warning", fmt.Sprintf("No warning is raised: error rate above %g %%, or response time above %s.", 100*limits.WarningErrorRate, limits.WarningP95))
	s.alerts(c)
	c.WouldCatch("%d looks in a row of %s each above either", suite.Env().Watch.Raise, suite.Env().Watch.Look)
	if s.worst >= judge.Warning {
		c.Inconclusive("an alert (%s) was raised: %s; a person decides whether the release stays", s.worst, s.last())
	}
}

// alerts says how many looks there were.
func (s *shift) alerts(c *suite.Check) {
	c.Needs(suite.Env().Watch.Raise)
	c.Observed(len(s.looks), fmt.Sprintf("looks of %s", suite.Env().Watch.Look))
}

// last describes the latest look of the worst level.
func (s *shift) last() string {
	text := "nothing was seen"
	for _, look := range s.looks {
		if look.Alert == s.worst {
			text = fmt.Sprintf("%d of %d requests failed (%.3g %%), p95 %s", look.Failed, look.Requests, 100*look.ErrorRate, look.P95.Round(time.Millisecond))
		}
	}
	if s.broken != nil {
		text += "; a look could not be taken: " + s.broken.Error()
	}
	return text
}

func judgeErrors(t *testing.T, s *shift) {
	threshold := suite.Env().Thresholds.ErrorRate
	c := suite.Criterion(t, "watch.errors.rate-within-threshold", fmt.Sprintf("Less than %g %% of the requests fail while the release is watched.", 100*threshold))
	c.Observed(len(s.samples), "requests")
	failed := 0
	for _, sample := range s.samples {
		if sample.Failed() {
			failed++
		}
	}
	c.Measured("failed", failed)
	judgement := judge.ErrorRate(failed, len(s.samples), threshold, judge.Confidence)
	if failed > 0 {
		judgement.Reason += "; " + load.Explain(s.samples)
	}
	c.Judged(judgement)
}

func judgeLatency(t *testing.T, s *shift) {
	limit := suite.Env().Thresholds.P95
	c := suite.Criterion(t, "watch.latency.p95-within-threshold", fmt.Sprintf("95 %% of the requests are answered within %s while the release is watched.", limit))
	c.Observed(len(s.samples), "requests")
	c.Measured("p95-ms", load.Summarise(s.samples).P95)
	c.Judged(judge.QuantileWithin(load.Latencies(s.samples), p95, limit, judge.Confidence))
}

func judgeDatabase(t *testing.T, s *shift) {
	limit := suite.Env().Database.AverageQuery
	c := suite.Criterion(t, "watch.database.average-within-threshold", fmt.Sprintf("While the release is watched, a statement takes less than %s on average.", limit))
	if s.unread != nil {
		c.Inconclusive("%v", s.unread)
	}
	c.Needs(suite.Env().Database.Performance.MinimumSamples)
	c.Observed(int(s.window.Executions), "executions of statements")
	c.WouldCatch("an average of %s or more", limit)
	c.EvidenceJSON("statements.json", s.window)
	c.Measured("average-ms", float64(s.window.Average().Microseconds())/1000)
	c.Require(s.window.Average() < limit, "%d statements took %s on average; expected less than %s", s.window.Executions, s.window.Average(), limit)
}

// count takes the business figures while the watch's own tenants are still there.
func (s *shift) count(ctx context.Context, db *mssql.DB) {
	conf, now := suite.Env().Watch.Business, time.Now().UTC()
	for name, metric := range map[string]environment.Metric{users: conf.Users, transactions: conf.Transactions, ai: conf.AI} {
		var u use
		u.now, u.err = db.CountBetween(ctx, metric.Query, now.Add(-conf.Period), now)
		if u.err == nil {
			u.before, u.err = db.CountBetween(ctx, metric.Query, now.Add(-conf.Back-conf.Period), now.Add(-conf.Back))
		}
		s.use[name] = u
	}
}

// The business figures.
const (
	users        = "active users"
	transactions = "transactions"
	ai           = "uses of AI"
)

// judgeUse compares a figure with that of the period before.
func judgeUse(c *suite.Check, s *shift, name string, metric environment.Metric) {
	conf, u := suite.Env().Watch.Business, s.use[name]
	c.Require(u.err == nil, "count %s: %v", name, u.err)
	c.Needs(metric.Minimum)
	c.Observed(u.before, fmt.Sprintf("%s in the %s that began %s earlier, and %d now", name, conf.Period, conf.Back, u.now))
	c.Measured("now", u.now)
	c.Measured("before", u.before)
	c.WouldCatch("a fall below %g %%", 100*metric.Share)
	if u.before < metric.Minimum {
		c.Inconclusive("there were %d %s in the period before, of which at least %d are needed to compare", u.before, name, metric.Minimum)
	}
	least := metric.Share * float64(u.before)
	c.Require(float64(u.now) >= least, "%d %s in the last %s, after %d in the same period %s before; expected at least %g", u.now, name, conf.Period, u.before, conf.Back, least)
}
