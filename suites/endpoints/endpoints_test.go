// Package endpoints_test calls every route of the platform, as the runbook's
// endpoint-health-check.sh should have: protected routes refuse callers without
// a token or a role, open ones answer, and none redirects or breaks.
package endpoints_test

import (
	"fmt"
	"net/http"
	"slices"
	"testing"

	"github.com/barq-platform/barqgate/fixtures/barq"
	"github.com/barq-platform/barqgate/fixtures/barq/routes"
	"github.com/barq-platform/barqgate/harness/environment"
	"github.com/barq-platform/barqgate/harness/suite"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"
)

// The suite declares that it writes: a platform that lets strangers in would
// carry out what the refused requests ask for.
func TestMain(m *testing.M) {
	suite.Main(m, suite.Suite{
		Name:    "endpoints",
		About:   "Every route refuses, answers and fails in the way the contract says.",
		Effects: []environment.Effect{environment.Write, environment.Provision},
	})
}

// result is the answer of one route.
type result struct {
	Route    string `json:"route"`
	Access   string `json:"access"`
	Status   int    `json:"status"`
	Location string `json:"location,omitempty"`
	roles    []string
	access   routes.Access
}

func TestRoutes(t *testing.T) {
	client, err := barq.NewClient(suite.Env())
	require.NoError(t, err)
	t.Cleanup(client.CloseIdleConnections)
	anonymous := sweep(t, client, routes.All())
	require.Greater(t, len(anonymous), 200, "the table of routes lost most of its entries")

	t.Run("protected routes refuse strangers", func(t *testing.T) { protectedRoutesRefuse(t, anonymous) })
	t.Run("no route redirects", func(t *testing.T) { noRouteRedirects(t, anonymous) })
	t.Run("no route breaks", func(t *testing.T) { noRouteBreaks(t, client, anonymous) })
	t.Run("open routes answer", func(t *testing.T) { openRoutesAnswer(t, anonymous) })
	t.Run("roles are enforced", func(t *testing.T) { rolesAreEnforced(t, client) })
	t.Run("unknown paths are not found", func(t *testing.T) { unknownPathsAreNotFound(t, client) })
}

// atOnce is how many routes are asked at the same time: enough that a slow
// platform does not take minutes, and few enough to be no load test.
const atOnce = 8

// sweep calls each route once, without a body.
func sweep(t *testing.T, client *barq.Client, table []routes.Route) []result {
	t.Helper()
	results := make([]result, len(table))
	group, ctx := errgroup.WithContext(t.Context())
	group.SetLimit(atOnce)
	for i, r := range table {
		group.Go(func() error {
			exchange, err := client.Do(ctx, barq.Request{Method: r.Method, Path: r.Path()})
			results[i] = result{
				Route: r.String(), Access: r.Access.String(), Status: exchange.Status, Location: exchange.Header.Get("Location"),
				roles: r.Roles, access: r.Access,
			}
			return err
		})
	}
	require.NoError(t, group.Wait())
	return results
}

func protectedRoutesRefuse(t *testing.T, results []result) {
	c := suite.Criterion(t, "endpoints.protected.refused", "Every protected route refuses callers without a token.")
	c.WouldCatch("one of %d routes open to strangers", len(results))
	c.EvidenceJSON("answers.json", results)
	protected := 0
	var wrong []string
	for _, r := range results {
		if r.access == routes.Anonymous {
			continue
		}
		protected++
		if !slices.Contains(suite.Env().API.UnauthorizedCodes, r.Status) {
			wrong = append(wrong, fmt.Sprintf("%s answered %d", r.Route, r.Status))
			continue
		}
		c.Observed(1, "protected routes that refused")
	}
	c.Require(len(wrong) == 0, "%d protected routes do not refuse a caller without a token (expected %v): %s", len(wrong), suite.Env().API.UnauthorizedCodes, first(wrong))
	c.Needs(protected)
}

func noRouteRedirects(t *testing.T, results []result) {
	c := suite.Criterion(t, "endpoints.routes.not-redirected", "No route redirects a caller without a token.")
	c.Needs(len(results))
	c.WouldCatch("one route behind a login page, which many probes take for success")
	var wrong []string
	for _, r := range results {
		if r.Status >= 300 && r.Status < 400 {
			wrong = append(wrong, fmt.Sprintf("%s answered %d to %q", r.Route, r.Status, r.Location))
			continue
		}
		c.Observed(1, "routes that did not redirect")
	}
	c.Require(len(wrong) == 0, "%d routes redirect: %s", len(wrong), first(wrong))
}

// noRouteBreaks looks at what strangers got, and at every route that only reads
// as a logged-in user.
func noRouteBreaks(t *testing.T, client *barq.Client, anonymous []result) {
	c := suite.Criterion(t, "endpoints.routes.no-server-error", "No route answers with a server error.")
	c.WouldCatch("one route that breaks for strangers or for users")
	results := slices.Concat(anonymous, sweep(t, login(t, client).Client, readers()))
	c.Needs(len(results))
	c.EvidenceJSON("answers.json", results)
	var wrong []string
	for _, r := range results {
		if r.Status >= 500 || r.Status == 0 {
			wrong = append(wrong, fmt.Sprintf("%s answered %d", r.Route, r.Status))
			continue
		}
		c.Observed(1, "answers without a server error")
	}
	c.Require(len(wrong) == 0, "%d answers are server errors: %s", len(wrong), first(wrong))
}

func openRoutesAnswer(t *testing.T, results []result) {
	c := suite.Criterion(t, "endpoints.open.answered", "Every open route answers callers without a token.")
	c.WouldCatch("one open route that asks for a token")
	open := 0
	for _, r := range results {
		if r.access != routes.Anonymous {
			continue
		}
		open++
		refused := slices.Contains(suite.Env().API.UnauthorizedCodes, r.Status) || r.Status == http.StatusForbidden
		c.Require(!refused, "%s is open to everybody but answered %d", r.Route, r.Status)
		c.Observed(1, "open routes that answered")
	}
	c.Needs(open)
}

func rolesAreEnforced(t *testing.T, client *barq.Client) {
	c := suite.Criterion(t, "endpoints.roles.enforced", "Routes for a role refuse users without it.")
	c.WouldCatch("one route for administrators that every user can call")
	session := login(t, client)
	var guarded []routes.Route
	for _, r := range readers() {
		if r.Access == routes.Role && !r.Allows(session.User.Roles) {
			guarded = append(guarded, r)
		}
	}
	c.Needs(max(len(guarded), 20))
	results := sweep(t, session.Client, guarded)
	c.EvidenceJSON("answers.json", results)
	for _, r := range results {
		c.Require(r.Status == http.StatusForbidden, "%s needs one of the roles %v but answers %d to a user with %v; expected 403", r.Route, r.roles, r.Status, session.User.Roles)
		c.Observed(1, "refusals for lack of a role")
	}
}

func unknownPathsAreNotFound(t *testing.T, client *barq.Client) {
	c := suite.Criterion(t, "endpoints.unknown.not-found", "Paths that do not exist are not found, instead of answered with a page.")
	paths := []string{"/no-such-page", "/api/NoSuchController", "/health/nothing", "/metrics", "/api/Auth/refresh", "/Account/Login"}
	c.Needs(len(paths))
	c.WouldCatch("a fallback page that makes every probe green")
	allowed := append([]int{http.StatusNotFound}, suite.Env().API.UnauthorizedCodes...)
	for _, path := range paths {
		exchange, err := client.Do(t.Context(), barq.Request{Method: http.MethodGet, Path: path})
		require.NoError(t, err)
		c.Require(slices.Contains(allowed, exchange.Status), "%s does not exist but answered %d (%s); expected one of %v", path, exchange.Status, exchange.Header.Get("Content-Type"), allowed)
		c.Observed(1, "unknown paths not found")
	}
}

// readers returns the routes that change nothing.
func readers() []routes.Route {
	var table []routes.Route
	for _, r := range routes.All() {
		if r.Method == http.MethodGet {
			table = append(table, r)
		}
	}
	return table
}

func login(t *testing.T, client *barq.Client) *barq.Session {
	t.Helper()
	tenants := barq.MustProvision(t, suite.Env(), "endpoints")
	session, err := client.Login(t.Context(), tenants.A.User().Credentials())
	require.NoError(t, err)
	return session
}

// first shows at most five of the findings.
func first(findings []string) string {
	if len(findings) > 5 {
		return fmt.Sprintf("%q and %d more", findings[:5], len(findings)-5)
	}
	return fmt.Sprintf("%q", findings)
}
