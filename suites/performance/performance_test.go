// Package performance_test holds the platform to the runbook's response time and
// error rate under the environment's load, sent on a schedule that does not wait
// for answers, and compares with the baseline taken before the deployment.
package performance_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/barq-platform/barqgate/fixtures/barq"
	"github.com/barq-platform/barqgate/fixtures/barq/workload"
	"github.com/barq-platform/barqgate/harness/environment"
	"github.com/barq-platform/barqgate/harness/judge"
	"github.com/barq-platform/barqgate/harness/load"
	"github.com/barq-platform/barqgate/harness/suite"
	"github.com/barq-platform/barqgate/harness/verdict"
	"github.com/stretchr/testify/require"
)

func TestMain(m *testing.M) {
	suite.Main(m, suite.Suite{
		Name:    "performance",
		About:   "Under the environment's load the platform answers in time and without errors.",
		Effects: []environment.Effect{environment.LoadTest, environment.Provision, environment.Write},
	})
}

// p95 is the quantile of the runbook's threshold.
const p95 = 0.95

// One measurement is judged four times: what is said about it then belongs
// together.
func TestPerformance(t *testing.T) {
	result, err := workload.Measure(t.Context(), suite.Env(), "performance")
	require.NoError(t, err, "nothing could be measured")
	t.Run("errors", func(t *testing.T) { judgeErrors(t, result) })
	t.Run("latency", func(t *testing.T) { judgeLatency(t, result) })
	t.Run("routes", func(t *testing.T) { judgeRoutes(t, result) })
	t.Run("baseline", func(t *testing.T) { judgeBaseline(t, result) })
}

func judgeErrors(t *testing.T, result *workload.Result) {
	env := suite.Env()
	c := suite.Criterion(t, "performance.errors.rate-within-threshold", fmt.Sprintf("Less than %g %% of the requests fail.", 100*env.Thresholds.ErrorRate))
	record(c, result)
	c.EvidenceJSON("failed.json", first(result.Recording.Failures(), 100))
	c.Measured("requests", result.Summary.Requests)
	c.Measured("failed", result.Summary.Failed)
	judgement := judge.ErrorRate(result.Summary.Failed, result.Summary.Requests, env.Thresholds.ErrorRate, judge.Confidence)
	if result.Summary.Failed > 0 {
		judgement.Reason += "; " + load.Explain(result.Recording.Samples)
	}
	if judgement.Verdict != verdict.Fail {
		requireFitGenerator(c, result) // errors that were seen are errors, however late they were provoked
	}
	c.Judged(judgement)
}

func judgeLatency(t *testing.T, result *workload.Result) {
	env := suite.Env()
	c := suite.Criterion(t, "performance.latency.p95-within-threshold", fmt.Sprintf("95 %% of the requests are answered within %s, counted from when they were due.", env.Thresholds.P95))
	record(c, result)
	csv, err := result.Recording.CSV()
	require.NoError(t, err)
	c.Evidence("samples.csv", csv)
	c.EvidenceJSON("summary.json", map[string]any{"all": result.Summary, "routes": result.Routes, "generator": result.Generator})
	c.EvidenceJSON("histogram.json", load.Histogram(result.Recording.Samples).CumulativeDistribution())
	c.Measured("p50-ms", result.Summary.P50)
	c.Measured("p95-ms", result.Summary.P95)
	c.Measured("p99-ms", result.Summary.P99)
	c.Measured("max-ms", result.Summary.Max)
	c.Measured("rate", result.Generator.AchievedRate)
	requireFitGenerator(c, result)
	c.Judged(judge.QuantileWithin(load.Latencies(result.Recording.Samples), p95, env.Thresholds.P95, judge.Confidence))
}

func judgeRoutes(t *testing.T, result *workload.Result) {
	env := suite.Env()
	c := suite.Criterion(t, "performance.routes.each-within-threshold", fmt.Sprintf("On each route 95 %% of the requests are answered within %s.", env.Thresholds.P95))
	record(c, result)
	requireFitGenerator(c, result)
	var slow, undecided, bounds []string
	for _, route := range result.Recording.Routes() {
		c.Measured("p95-ms "+route, result.Routes[route].P95)
		judgement := judge.QuantileWithin(load.Latencies(result.Recording.Route(route)), p95, env.Thresholds.P95, judge.Confidence)
		switch judgement.Verdict {
		case verdict.Pass:
			bounds = append(bounds, route+": "+judgement.WouldCatch)
		case verdict.Inconclusive:
			undecided = append(undecided, route+": "+judgement.Reason)
		default:
			slow = append(slow, route+": "+judgement.Reason)
		}
	}
	c.Require(len(slow) == 0, "%d of %d routes are too slow: %s", len(slow), len(result.Routes), strings.Join(slow, "; "))
	if len(undecided) > 0 {
		c.Inconclusive("%s", strings.Join(undecided, "; "))
	}
	c.WouldCatch("%s", strings.Join(bounds, "; "))
}

func judgeBaseline(t *testing.T, result *workload.Result) {
	env := suite.Env()
	c := suite.Criterion(t, "performance.baseline.no-regression", fmt.Sprintf("The 95th percentile is at most %g times that before the deployment.", env.Load.MaxRegression))
	text := c.Fact(barq.FactBaselineP95)
	milliseconds, err := strconv.ParseFloat(text, 64)
	require.NoError(t, err, "the fact %s", barq.FactBaselineP95)
	record(c, result)
	c.Measured("baseline-p95-ms", milliseconds)
	c.Measured("p95-ms", result.Summary.P95)
	requireFitGenerator(c, result)
	baseline := time.Duration(milliseconds * float64(time.Millisecond))
	c.Judged(judge.Regression(load.Latencies(result.Recording.Samples), p95, baseline, env.Load.RegressionFloor, env.Load.MaxRegression, judge.Confidence))
}

// record says what was observed and how much of it a judgement needs.
func record(c *suite.Check, result *workload.Result) {
	c.Needs(suite.Env().Load.MinimumSamples)
	c.Observed(result.Summary.Requests, fmt.Sprintf("requests at %.0f/s over %d routes", result.Generator.AchievedRate, len(result.Routes)))
}

// requireFitGenerator keeps a verdict from resting on a generator that was late.
func requireFitGenerator(c *suite.Check, result *workload.Result) {
	traffic := suite.Env().Load
	if err := result.Generator.Unfit(traffic.MaxSendLag, traffic.MinAchievedShare); err != nil {
		c.Inconclusive("%v", err)
	}
}

// first returns at most n samples: failures may be as many as requests.
func first(samples []load.Sample, n int) []load.Sample { return samples[:min(n, len(samples))] }
