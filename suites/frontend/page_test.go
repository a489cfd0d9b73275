package frontend_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/barq-platform/barqgate/fixtures/barq"
	"github.com/barq-platform/barqgate/fixtures/frontend"
	"github.com/barq-platform/barqgate/fixtures/frontend/browser"
	"github.com/barq-platform/barqgate/harness/environment"
	"github.com/barq-platform/barqgate/harness/suite"
)

// open starts a browser, or skips the criterion where there is none and the
// environment does not insist on one.
func open(t *testing.T, c *suite.Check) *browser.Page {
	t.Helper()
	if _, err := browser.Find(); err != nil && suite.Env().Frontend.Browser == environment.BrowserOptional {
		c.Skip("%v", err)
	}
	page, err := browser.Open(t.Context(), suite.Env().Frontend)
	c.Require(err == nil, "%v", err)
	t.Cleanup(page.Close)
	return page
}

// conclude keeps what the page looked like, and fails on everything that went
// wrong in it.
func conclude(t *testing.T, c *suite.Check, page *browser.Page, failure error) {
	t.Helper()
	c.EvidenceJSON("requests.json", page.Requests())
	if image, err := page.Screenshot(); err == nil {
		c.Evidence("page.png", image)
	}
	problems := page.Problems()
	c.EvidenceJSON("problems.json", problems)
	c.Require(failure == nil, "%v; the browser says: %s", failure, strings.Join(problems, "; "))
	c.Require(len(problems) == 0, "the page works, but the browser says: %s", strings.Join(problems, "; "))
}

// TestPage opens the page once for both criteria.
func TestPage(t *testing.T) {
	t.Run("loads", func(t *testing.T) {
		c := declare(t, frontend.PageLoads, "A browser shows the page without an error in its console and without a failed request.")
		c.Needs(2)
		c.WouldCatch("one script error, one request that fails, or a page that stays empty")
		page := open(t, c)
		conclude(t, c, page, page.Load())
		c.Observed(len(page.Requests()), "requests of the page, all answered")
	})
	t.Run("login", func(t *testing.T) {
		c := declare(t, frontend.PageLogin, "A user logs in through the page and sees what only users see.")
		c.Needs(2)
		c.WouldCatch("a login form that does not reach the API, or a page that breaks after it")
		page := open(t, c)
		user := barq.MustProvision(t, suite.Env(), "frontend").A.User()
		require.True(t, user.Password.IsSet())
		err := page.Load()
		if err == nil {
			err = page.Login(user.UserName, user.Email, user.Password.Reveal())
		}
		conclude(t, c, page, err)
		c.Require(page.Asked("POST", suite.Env().Auth.LoginPath), "the page shows a logged-in user, but it never sent POST %s to the API", suite.Env().Auth.LoginPath)
		c.Observed(len(page.Requests()), "requests of the page, all answered")
	})
}
