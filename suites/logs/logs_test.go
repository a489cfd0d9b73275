// Package logs_test reads the pods' logs as the runbook's `kubectl logs | grep -i
// error` should have: all of them since the rollout began, with proof that they
// are whole and current, and it names what is new in them.
package logs_test

import (
	"crypto/rand"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/barq-platform/barqgate/fixtures/barq"
	"github.com/barq-platform/barqgate/fixtures/kube"
	"github.com/barq-platform/barqgate/fixtures/podlog"
	"github.com/barq-platform/barqgate/harness/environment"
	"github.com/barq-platform/barqgate/harness/suite"
)

func TestMain(m *testing.M) {
	suite.Main(m, suite.Suite{
		Name: "logs", About: "The pods' logs are whole and current, and the new release reports no more errors, no new ones, and no restarts.",
		Effects: []environment.Effect{environment.LoadTest},
	})
}

// scene is one reading of all logs.
type scene struct {
	cluster *kube.Cluster
	rules   podlog.Rules
	since   time.Time // when the rollout began; zero: the logs are read from their beginning
	mark    string    // a path that nobody else asks for
	sent    int       // marked requests that were answered
	pods    []podAccount
}

// podAccount is what one pod's log says.
type podAccount struct {
	Pod     string         `json:"pod"`
	Image   string         `json:"image"`
	Started time.Time      `json:"started"` // of the container's present run
	Account podlog.Account `json:"account"`
	Problem string         `json:"problem,omitempty"` // why the log says nothing
}

func TestLogs(t *testing.T) {
	env := suite.Env()
	cluster, err := kube.Connect(t.Context(), env.Kubernetes)
	require.NoError(t, err)
	rules, err := podlog.NewRules(env)
	require.NoError(t, err)
	s := &scene{cluster: cluster, rules: rules, mark: podlog.MarkPrefix + strings.ToLower(rand.Text())}
	if facts, deployed := suite.Deployment(); deployed && facts.Values[barq.FactDeployStarted] != "" {
		s.since, err = time.Parse(time.RFC3339Nano, facts.Values[barq.FactDeployStarted])
		require.NoError(t, err)
	}
	t.Run("readable", func(t *testing.T) { testReadable(t, s) })
	t.Run("rate", func(t *testing.T) { testErrorRate(t, s) })
	t.Run("kinds", func(t *testing.T) { testNoNewKind(t, s) })
	t.Run("restarts", func(t *testing.T) { testNoRestarts(t, s) })
}

// testReadable sends marked requests and looks for each answered one in the logs.
// It tops up what users have sent, so that there is something to judge.
func testReadable(t *testing.T, s *scene) {
	c := suite.Criterion(t, "logs.pods.readable", "The log of every pod can be read, is whole since the rollout began, and shows what is served now.")
	env := suite.Env()
	c.Needs(env.Kubernetes.Replicas)
	c.WouldCatch("one pod whose log cannot be read, is empty, was rotated, or lags behind")
	s.read(t, c)
	s.send(t, max(env.Health.Samples, env.Logs.MinimumRequests-s.total().Requests))
	c.Measured(suite.MeasuredRequests, s.sent)
	c.Require(s.sent > 0, "no marked request was answered, so nobody knows whether the logs are current")
	s.awaitMarks(t, c)
	c.EvidenceJSON("pods.json", s.pods)
	c.Require(len(s.pods) >= env.Kubernetes.Replicas, "%d pods are running; expected %d", len(s.pods), env.Kubernetes.Replicas)
	for _, p := range s.pods {
		c.Require(p.Problem == "", "the log of pod %s says nothing: %s", p.Pod, p.Problem)
		c.Observed(1, "logs read whole")
	}
	found := s.total().Marked
	c.Require(found >= s.sent, "%d marked requests were answered, and after %s the logs show %d of them: they are not current, or not those of all pods", s.sent, env.Logs.AppearsWithin, found)
}

// send asks for the marked path, which does not exist, and counts the answers.
func (s *scene) send(t *testing.T, n int) {
	t.Helper()
	client, err := barq.NewClient(suite.Env())
	require.NoError(t, err)
	defer client.CloseIdleConnections()
	const senders = 16
	work := make(chan struct{}, n)
	for range n {
		work <- struct{}{}
	}
	close(work)
	var mu sync.Mutex
	var all sync.WaitGroup
	for range senders {
		all.Go(func() {
			for range work {
				exchange, err := client.Do(t.Context(), barq.Request{Method: http.MethodGet, Path: s.mark})
				if err == nil && exchange.Status < http.StatusInternalServerError {
					mu.Lock()
					s.sent++
					mu.Unlock()
				}
			}
		})
	}
	all.Wait()
}

// awaitMarks reads until every marked request is in a log, or for as long as it
// may take.
func (s *scene) awaitMarks(t *testing.T, c *suite.Check) {
	t.Helper()
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(suite.Env().Logs.AppearsWithin); ; <-tick.C {
		s.read(t, c)
		if s.total().Marked >= s.sent || time.Now().After(end) {
			return
		}
	}
}

// read accounts for the logs of all pods that are not on their way out.
func (s *scene) read(t *testing.T, c *suite.Check) {
	t.Helper()
	pods, err := s.cluster.Pods(t.Context())
	c.Require(err == nil, "%v", err)
	s.pods = nil
	for _, pod := range pods {
		if !pod.Terminating {
			s.pods = append(s.pods, s.account(t, pod))
		}
	}
}

// account reads one pod: its present run, and the one before if there was one.
func (s *scene) account(t *testing.T, pod kube.Pod) podAccount {
	t.Helper()
	p := podAccount{Pod: pod.Name, Image: pod.Image, Started: pod.Running}
	lines, err := s.cluster.LogLines(t.Context(), pod.Name, false)
	if err != nil {
		p.Problem = err.Error()
		return p
	}
	p.Account = s.rules.Count(lines, s.since, s.mark)
	p.Problem = s.incomplete(p)
	if pod.Restarts == 0 {
		return p
	}
	before, err := s.cluster.LogLines(t.Context(), pod.Name, true)
	if err != nil {
		p.Problem = "its container has restarted, and what it said before is lost: " + err.Error()
		return p
	}
	p.Account.Add(s.rules.Count(before, s.since, s.mark))
	return p
}

// incomplete says what is missing in the log of a present run, or "".
func (s *scene) incomplete(p podAccount) string {
	limit := suite.Env().Logs.BeginsWithin
	latest := p.Started.Add(limit)
	if s.since.After(latest) {
		latest = s.since
	}
	switch {
	case p.Started.IsZero():
		return "its container does not run"
	case p.Account.Begins.IsZero():
		return "it is empty"
	case p.Account.Begins.After(latest):
		return fmt.Sprintf("it begins at %s, although its container runs since %s: it has been rotated", p.Account.Begins.Format(time.TimeOnly), p.Started.Format(time.TimeOnly))
	case p.Account.Lines > 0 && p.Account.Records == 0:
		return fmt.Sprintf("none of its %d lines is a record as logs.record describes one", p.Account.Lines)
	}
	return ""
}

func (s *scene) total() podlog.Account { return sum(s.pods) }

func sum(pods []podAccount) podlog.Account {
	var all podlog.Account
	for _, p := range pods {
		all.Add(p.Account)
	}
	return all
}

// versions groups the pods by image.
func (s *scene) versions() map[string][]podAccount {
	by := map[string][]podAccount{}
	for _, p := range s.pods {
		by[p.Image] = append(by[p.Image], p)
	}
	return by
}

// current returns the pods of the release that is judged.
func (s *scene) current(t *testing.T, c *suite.Check) (image string, pods []podAccount) {
	t.Helper()
	d, err := s.cluster.Deployment(t.Context())
	c.Require(err == nil, "%v", err)
	for _, p := range s.pods {
		if p.Problem != "" {
			c.Inconclusive("the log of pod %s says nothing: %s", p.Pod, p.Problem)
		}
		if p.Image == d.Image {
			pods = append(pods, p)
		}
	}
	if len(pods) == 0 {
		c.Inconclusive("there is no log of a pod of %s", d.Image)
	}
	return d.Image, pods
}

// worst names the kinds of errors, the most frequent first, with a sample of the
// first.
func worst(a podlog.Account, kinds []string) string {
	slices.SortFunc(kinds, func(x, y string) int { return a.Kinds[y] - a.Kinds[x] })
	const shown = 3
	var text []string
	for _, kind := range kinds[:min(shown, len(kinds))] {
		text = append(text, fmt.Sprintf("%d × %q", a.Kinds[kind], kind))
	}
	if len(kinds) > shown {
		text = append(text, fmt.Sprintf("and %d kinds more", len(kinds)-shown))
	}
	return strings.Join(text, ", ")
}

func kindsOf(a podlog.Account) []string { return slices.Collect(maps.Keys(a.Kinds)) }
