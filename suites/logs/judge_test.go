package logs_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/barq-platform/barqgate/fixtures/barq"
	"github.com/barq-platform/barqgate/fixtures/podlog"
	"github.com/barq-platform/barqgate/harness/judge"
	"github.com/barq-platform/barqgate/harness/suite"
	"github.com/barq-platform/barqgate/harness/verdict"
)

func testErrorRate(t *testing.T, s *scene) {
	env := suite.Env()
	threshold := env.Thresholds.ErrorRate
	c := suite.Criterion(t, "logs.errors.rate-within-threshold", fmt.Sprintf("The release logs an error for less than %g %% of the requests it serves.", 100*threshold))
	c.Needs(env.Logs.MinimumRequests)
	image, pods := s.current(t, c)
	all := sum(pods)
	for version, accounts := range s.versions() {
		c.EvidenceJSON("version-"+tag(version)+".json", sum(accounts))
	}
	c.Measured("errors", all.Errors)
	c.Measured("requests-logged", all.Requests)
	found := fmt.Sprintf("the logs of %d pods of %s hold %d errors in %d requests: %s", len(pods), image, all.Errors, all.Requests, worst(all, kindsOf(all)))
	// This suite's own requests are easy ones. They make a sample where nobody else
	// asks, but must not thin out the errors of those who do.
	judgements := []judge.Judgement{judge.ErrorRate(min(all.Errors, all.Requests), all.Requests, threshold, judge.Confidence)}
	if others := all.Requests - all.Marked; all.Errors > 0 && others > 0 {
		judgements = append(judgements, judge.ErrorRate(min(all.Errors, others), others, threshold, judge.Confidence))
	}
	for _, p := range pods {
		a := p.Account
		if lower := judge.LowerShare(min(a.Errors, a.Requests), a.Requests, judge.Confidence); lower >= threshold {
			c.Require(false, "%s; pod %s alone has %d in %d", found, p.Pod, a.Errors, a.Requests)
		}
	}
	for _, j := range judgements {
		c.Require(j.Verdict != verdict.Fail && j.Verdict != verdict.Error, "%s; the threshold is %g %%", found, 100*threshold)
	}
	for _, j := range judgements {
		if j.Verdict == verdict.Inconclusive {
			c.Inconclusive("%s; that does not tell whether the share lies below %g %%", found, 100*threshold)
		}
	}
	c.WouldCatch("%s in the logs", judgements[0].WouldCatch)
	c.Observed(all.Requests, "requests in the logs")
}

// tag is an image's tag, as a part of a file's name.
func tag(image string) string {
	for i := len(image) - 1; i >= 0; i-- {
		if image[i] == ':' || image[i] == '/' {
			return image[i+1:]
		}
	}
	return image
}

func testNoNewKind(t *testing.T, s *scene) {
	c := suite.Criterion(t, "logs.errors.no-new-kind", "The release logs no kind of error that the one before did not have.")
	c.WouldCatch("one error of a kind that the old release never had")
	var before podlog.Baseline
	require.NoError(t, json.Unmarshal([]byte(c.Fact(barq.FactBaselineLogs)), &before))
	image, pods := s.current(t, c)
	all := sum(pods)
	fresh := all.NewKinds(before)
	if len(fresh) > 0 {
		samples := map[string][]string{}
		for _, kind := range fresh {
			samples[kind] = all.Samples[kind]
		}
		c.EvidenceJSON("new-kinds.json", samples)
	}
	c.Require(len(fresh) == 0, "%s logs %d new kinds of error, which the release before did not: %s", image, len(fresh), worst(all, fresh))
	c.Observed(all.Records, "records without a new kind of error")
}

// testNoRestarts watches for a while: what kills a container may come back.
func testNoRestarts(t *testing.T, s *scene) {
	const interval = 250 * time.Millisecond
	env := suite.Env()
	c := suite.Criterion(t, "logs.pods.not-killed", "No container was restarted or killed for want of memory since the rollout began.")
	c.Needs(int(env.Logs.Window / interval / 2))
	c.WouldCatch("one container that was killed, or has restarted more than %d times", env.Kubernetes.MaxRestarts)
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for end := time.Now().Add(env.Logs.Window); time.Now().Before(end); <-tick.C {
		pods, err := s.cluster.Pods(t.Context())
		c.Require(err == nil, "%v", err)
		running := 0
		for _, p := range pods {
			if p.Terminating {
				continue
			}
			running++
			c.Require(p.LastEnd != "OOMKilled", "the container of pod %s was killed because it used more memory than its limit (OOMKilled)", p.Name)
			c.Require(int(p.Restarts) <= env.Kubernetes.MaxRestarts, "the container of pod %s has restarted %d times (%s); expected at most %d", p.Name, p.Restarts, p.LastEnd, env.Kubernetes.MaxRestarts)
		}
		c.Require(running >= env.Kubernetes.Replicas, "%d pods are running; expected %d", running, env.Kubernetes.Replicas)
		c.Observed(1, "looks at all pods")
	}
}
