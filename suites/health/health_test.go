// Package health_test checks the platform's five health routes as the runbook's
// health-check.sh should have: with many requests, so that one unhealthy replica
// behind the load balancer is seen, and by status code and body together.
package health_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/barq-platform/barqgate/fixtures/barq"
	"github.com/barq-platform/barqgate/harness/suite"
	"github.com/stretchr/testify/require"
)

func TestMain(m *testing.M) {
	suite.Main(m, suite.Suite{Name: "health", About: "Every health route answers healthy, on every replica, to callers without a token."})
}

// answer is what one request to a health route brought.
type answer struct {
	Path     string `json:"path"`
	Status   int    `json:"status"`
	Reported string `json:"reported"` // status in the body
	Healthy  *bool  `json:"isHealthy,omitempty"`
	Pod      string `json:"pod,omitempty"`
	Problem  string `json:"problem,omitempty"`
}

// ask sends the environment's number of requests to one route.
func ask(t *testing.T, path string) []answer {
	t.Helper()
	client, err := barq.NewClient(suite.Env())
	require.NoError(t, err)
	answers := make([]answer, 0, suite.Env().Health.Samples)
	for range suite.Env().Health.Samples {
		health, exchange, err := client.Health(t.Context(), path)
		a := answer{Path: path, Status: exchange.Status, Reported: health.Status, Healthy: health.IsHealthy, Pod: exchange.Header.Get("X-BARQ-Pod")}
		if err != nil {
			a.Problem = err.Error()
		}
		answers = append(answers, a)
	}
	client.CloseIdleConnections()
	return answers
}

func TestHealthRoutes(t *testing.T) {
	routes := []struct{ id, path, requirement string }{
		{"health.overall.answers", "/health", "The overall health route answers healthy."},
		{"health.live.answers", "/health/live", "The liveness route answers healthy."},
		{"health.ready.answers", "/health/ready", "The readiness route answers healthy."},
		{"health.flowable.answers", "/health/flowable", "The route for the process engine answers healthy."},
		{"health.ai.answers", "/health/ai", "The route for the AI providers answers healthy."},
	}
	for _, route := range routes {
		t.Run(strings.TrimPrefix(route.path, "/"), func(t *testing.T) {
			c := suite.Criterion(t, route.id, route.requirement)
			c.Needs(suite.Env().Health.Samples)
			c.WouldCatch("one of %d answers with another status", suite.Env().Health.Samples)
			answers := ask(t, route.path)
			c.EvidenceJSON("answers.json", answers)
			for _, a := range answers {
				c.Require(a.Problem == "", "%s: %s", route.path, a.Problem)
				c.Require(expected(a.Status), "%s answered %d on pod %s; expected one of %v", route.path, a.Status, a.Pod, suite.Env().API.ReadyCodes)
				c.Observed(1, "answers with a healthy status")
			}
		})
	}
}

// TestBodiesAgreeWithStatus guards against a probe that answers 200 while its
// body says that something is broken, or the other way round.
func TestBodiesAgreeWithStatus(t *testing.T) {
	c := suite.Criterion(t, "health.body.agrees-with-status", "What a health body says agrees with the status code it comes with.")
	c.Needs(len(barq.HealthPaths()))
	c.WouldCatch("one route whose body contradicts its status code")
	compared := 0
	for _, path := range barq.HealthPaths() {
		answers := ask(t, path)
		c.EvidenceJSON("answers"+strings.ReplaceAll(path, "/", "-")+".json", answers)
		for _, a := range answers {
			if a.Problem != "" {
				continue // the route's own criterion reports it
			}
			good := (a.Reported == "Healthy" || a.Reported == "Ready" || a.Reported == "Degraded") && (a.Healthy == nil || *a.Healthy)
			c.Require(good == expected(a.Status), "%s answered %d but its body says %s", path, a.Status, a.claim())
			compared++
		}
	}
	if compared == 0 {
		c.Inconclusive("no route answered with a health report that could be compared with its status code")
	}
	c.Observed(compared, "answers whose body agrees")
}

// claim says what the body states.
func (a answer) claim() string {
	if a.Healthy == nil {
		return fmt.Sprintf("%q", a.Reported)
	}
	return fmt.Sprintf("%q and isHealthy %t", a.Reported, *a.Healthy)
}

// TestAnonymousCallersAreNotRedirected: a redirect to a login page counts as
// success for `curl -f`, so it is named on its own.
func TestAnonymousCallersAreNotRedirected(t *testing.T) {
	c := suite.Criterion(t, "health.anonymous.not-redirected", "No health route redirects a caller without a token.")
	c.Needs(len(barq.HealthPaths()))
	c.WouldCatch("one health route behind a login page")
	client, err := barq.NewClient(suite.Env())
	require.NoError(t, err)
	for _, path := range barq.HealthPaths() {
		exchange, err := client.Do(t.Context(), barq.Request{Method: "GET", Path: path})
		require.NoError(t, err)
		c.Require(exchange.Status < 300 || exchange.Status >= 400, "%s redirects (%d) to %q; probes and `curl -f` would call that healthy", path, exchange.Status, exchange.Header.Get("Location"))
		c.Observed(1, "routes that did not redirect")
	}
}

func expected(status int) bool {
	for _, code := range suite.Env().API.ReadyCodes {
		if status == code {
			return true
		}
	}
	return false
}
