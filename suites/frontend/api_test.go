package frontend_test

import (
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/barq-platform/barqgate/harness/suite"
)

// otherAPI matches whole addresses of an API in built code.
var otherAPI = regexp.MustCompile("[\"'`](https?://[^\"'`\\s]+?/api)\\b")

// TestAPIIsTheEnvironmentsOwn: a build for staging that reaches production looks
// right until somebody logs in.
func TestAPIIsTheEnvironmentsOwn(t *testing.T) {
	c := declare(t, "frontend.api.configured", "The frontend's code names the API of this environment and no other, and that API answers there.")
	site := served(t, c)
	base := strings.TrimRight(suite.Env().Frontend.APIBase, "/")
	c.Needs(2)
	c.WouldCatch("a build for another environment, or a host that does not pass requests on to the API")
	named := regexp.MustCompile("[\"'`]" + regexp.QuoteMeta(base) + "[/\"'`]")
	found := named.Match(site.Index.Body)
	for _, answer := range files(site) {
		if path.Ext(answer.Path) != ".js" {
			continue
		}
		found = found || named.Match(answer.Body)
		for _, other := range otherAPI.FindAllSubmatch(answer.Body, -1) {
			c.Require(string(other[1]) == base, "%s names the API %s; expected %s", answer.Path, other[1], base)
		}
	}
	c.Require(found, "no script of the frontend names its API as %q; expected frontend.apiBase", base)
	c.Observed(1, "answers of the API that the code names")
	address := base
	if strings.HasPrefix(base, "/") {
		address = strings.TrimRight(suite.Env().Frontend.URL, "/") + base
	}
	answer, err := newVisitor(t).GetURL(t.Context(), address+"/Tasks")
	c.Require(err == nil, "%v", err)
	c.Require(slices.Contains(suite.Env().API.UnauthorizedCodes, answer.Status) && !answer.HTML(),
		"%s/Tasks is answered %d as %q to a caller without a token; expected one of %v from the API", address, answer.Status, answer.Header.Get("Content-Type"), suite.Env().API.UnauthorizedCodes)
	c.Observed(1, "answers of the API that the code names")
}
