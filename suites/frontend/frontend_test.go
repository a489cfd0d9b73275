// Package frontend_test checks what users of the web frontend are served: the
// index of the release, everything that it leads to, what pages that are still
// open need, and how the host answers for what is not there.
package frontend_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/barq-platform/barqgate/fixtures/barq"
	"github.com/barq-platform/barqgate/fixtures/frontend"
	"github.com/barq-platform/barqgate/harness/environment"
	"github.com/barq-platform/barqgate/harness/suite"
)

func TestMain(m *testing.M) {
	suite.Main(m, suite.Suite{
		Name:    "frontend",
		About:   "Users are served the release's frontend whole, and what pages that are still open need.",
		Effects: []environment.Effect{environment.Write, environment.Provision},
	})
}

// declare declares a criterion and skips it where it does not apply.
func declare(t *testing.T, id, requirement string) *suite.Check {
	t.Helper()
	c := suite.Criterion(t, id, requirement)
	if suite.Env().Frontend.Kind == environment.NoFrontend {
		c.Skip("this environment has no frontend (frontend.kind)")
	}
	if reason := frontend.Exceptions(suite.Env())[id]; reason != "" {
		c.Skip("%s", reason)
	}
	return c
}

func newVisitor(t *testing.T) *frontend.Visitor {
	t.Helper()
	visitor, err := frontend.NewVisitor(suite.Env().Frontend)
	require.NoError(t, err)
	t.Cleanup(visitor.Close)
	return visitor
}

// crawled is the frontend as its users find it, read once for the whole suite.
var crawled struct {
	once sync.Once
	site *frontend.Site
	err  error
}

// served returns the frontend as its users find it.
func served(t *testing.T, c *suite.Check) *frontend.Site {
	t.Helper()
	crawled.once.Do(func() { crawled.site, crawled.err = frontend.Crawl(t.Context(), newVisitor(t)) })
	c.Require(crawled.err == nil, "%v", crawled.err)
	return crawled.site
}

// account is what evidence tells of an answer.
type account struct {
	Path         string   `json:"path"`
	Status       int      `json:"status"`
	ContentType  string   `json:"contentType"`
	CacheControl string   `json:"cacheControl"`
	SHA256       string   `json:"sha256"`
	NamedBy      []string `json:"namedBy,omitempty"`
}

func accountOf(answers ...*frontend.Answer) []account {
	var all []account
	for _, a := range answers {
		all = append(all, account{
			Path: a.Path, Status: a.Status, ContentType: a.Header.Get("Content-Type"), CacheControl: a.Header.Get("Cache-Control"),
			SHA256: a.Digest(), NamedBy: a.NamedBy,
		})
	}
	return all
}

// files lists the answers of a site, without its index.
func files(site *frontend.Site) []*frontend.Answer {
	var all []*frontend.Answer
	for _, path := range site.Paths() {
		all = append(all, site.Files[path])
	}
	return all
}

// TestIndexIsCurrent asks many times: a host may be many servers.
func TestIndexIsCurrent(t *testing.T) {
	c := declare(t, "frontend.index.current", "Users are served the index that the deployment has published, every time.")
	c.Needs(suite.Env().Health.Samples)
	c.WouldCatch("one of %d answers with another index, as after an invalidation that was forgotten", suite.Env().Health.Samples)
	want := c.Fact(barq.FactFrontendIndex)
	visitor := newVisitor(t)
	for range suite.Env().Health.Samples {
		index, err := visitor.Get(t.Context(), "/")
		c.Require(err == nil, "%v", err)
		c.Require(index.Status == http.StatusOK, "the index is answered %d; expected 200", index.Status)
		if index.Digest() != want {
			c.Evidence("index.html", index.Body)
			c.Failf("the index has SHA-256 %.12s…; expected %.12s…: the edge still holds another version, or another was published", index.Digest(), want)
			return
		}
		c.Observed(1, "answers with the published index")
	}
}

func TestEveryFileOfTheIndexIsServed(t *testing.T) {
	c := declare(t, "frontend.files.served", "Every file that the index leads to is served, also those that scripts load on demand.")
	site := served(t, c)
	c.Needs(2)
	c.WouldCatch("one missing script, style sheet or picture")
	c.EvidenceJSON("files.json", accountOf(append([]*frontend.Answer{site.Index}, files(site)...)...))
	missing := site.Missing()
	c.Require(len(missing) == 0, "%s; expected 200", strings.Join(missing, "; "))
	c.Observed(len(site.Files), "files served")
}

// TestFilesOfThePreviousIndexAreServed: who has opened the page before the
// deployment goes on to load what that page names.
func TestFilesOfThePreviousIndexAreServed(t *testing.T) {
	c := declare(t, "frontend.previous.served", "Every file that the index before the deployment leads to is still served, unchanged.")
	c.WouldCatch("one file that pages opened before the deployment need, gone or changed")
	var before map[string]string
	require.NoError(t, json.Unmarshal([]byte(c.Fact(barq.FactFrontendBefore)), &before))
	c.Needs(max(1, len(before)))
	visitor := newVisitor(t)
	for path, want := range before {
		answer, err := visitor.Get(t.Context(), path)
		c.Require(err == nil, "%v", err)
		c.Require(answer.Status == http.StatusOK && (!answer.HTML() || strings.HasSuffix(path, ".html")),
			"%s is gone: it is answered %d as %q; pages opened before the deployment break when they need it", path, answer.Status, answer.Header.Get("Content-Type"))
		c.Require(answer.Digest() == want || !frontend.Hashed(path), "%s has other content than before the deployment", path)
		c.Observed(1, "files of the index before")
	}
}

// TestFilesAreWhatTheyAreCalled: a host that answers its index for whatever it
// lacks makes a browser run HTML as a script.
func TestFilesAreWhatTheyAreCalled(t *testing.T) {
	c := declare(t, "frontend.types.match", "Every file is served as what it is: scripts as scripts, style sheets as style sheets.")
	site := served(t, c)
	c.Needs(2)
	c.WouldCatch("one script that is answered as HTML or as plain text")
	c.EvidenceJSON("types.json", accountOf(files(site)...))
	for _, answer := range files(site) {
		if answer.Status != http.StatusOK {
			continue // frontend.files.served reports it
		}
		media := answer.Header.Get("Content-Type")
		c.Require(frontend.TypeIs(answer.Path, media), "%s (named by %s) is served as %q; expected %s: browsers refuse to run it", answer.Path, strings.Join(answer.NamedBy, ", "), media, strings.Join(frontend.MediaTypes(answer.Path), " or "))
		c.Observed(1, "files with the right type")
	}
}

func TestCachingIsSafe(t *testing.T) {
	c := declare(t, "frontend.caching.safe", "Browsers ask for the index each time, and keep only files whose name changes with their content.")
	site := served(t, c)
	c.Needs(2)
	c.WouldCatch("an index that a browser keeps, or a hashed file that it does not")
	c.EvidenceJSON("caching.json", accountOf(append([]*frontend.Answer{site.Index}, files(site)...)...))
	for _, answer := range append([]*frontend.Answer{site.Index}, files(site)...) {
		if answer.Status != http.StatusOK {
			continue // frontend.files.served reports it
		}
		header := answer.Header.Get("Cache-Control")
		problem := frontend.WrongCaching(answer.Path, header)
		c.Require(problem == "", "%s has Cache-Control %q: %s", answer.Path, header, problem)
		c.Observed(1, "files with the right Cache-Control")
	}
}

func TestMissingFilesAreRefused(t *testing.T) {
	c := declare(t, "frontend.missing.refused", "A file that does not exist is refused, and not answered with the index.")
	extensions := []string{".js", ".css", ".svg"}
	c.Needs(len(extensions))
	c.WouldCatch("a host that answers 200 with HTML for a script that it does not have")
	visitor := newVisitor(t)
	for _, extension := range extensions {
		path := fmt.Sprintf("/assets/missing-%.8s%s", uuid.NewString(), extension)
		answer, err := visitor.Get(t.Context(), path)
		c.Require(err == nil, "%v", err)
		c.Require(slices.Contains(suite.Env().Frontend.MissingCodes, answer.Status), "%s does not exist but is answered %d as %q; expected one of %v", path, answer.Status, answer.Header.Get("Content-Type"), suite.Env().Frontend.MissingCodes)
		c.Observed(1, "missing files refused")
	}
}

func TestEdgeAndOriginAgree(t *testing.T) {
	c := declare(t, "frontend.origin.agrees", "The bucket holds the same frontend as users are served: the same index, files, types and caching.")
	site := served(t, c)
	c.Needs(2)
	c.WouldCatch("one file that differs between the bucket and the CDN")
	store, err := frontend.OpenStore(t.Context(), suite.Env().Frontend.S3)
	require.NoError(t, err)
	origin, err := frontend.Crawl(t.Context(), store)
	c.Require(err == nil, "read the bucket: %v", err)
	c.EvidenceJSON("origin.json", accountOf(append([]*frontend.Answer{origin.Index}, files(origin)...)...))
	missing := origin.Missing()
	c.Require(len(missing) == 0, "in the bucket: %s", strings.Join(missing, "; "))
	c.Require(origin.Index.Digest() == site.Index.Digest(), "the index in the bucket is not the one that users are served; the CDN was not invalidated")
	c.Observed(1, "files equal in bucket and CDN")
	for _, path := range origin.Paths() {
		own, edge := origin.Files[path], site.Files[path]
		c.Require(edge != nil && edge.Status == http.StatusOK, "%s is in the bucket and not at the CDN", path)
		c.Require(edge.Digest() == own.Digest(), "%s has other bytes at the CDN than in the bucket", path)
		c.Require(frontend.TypeIs(path, own.Header.Get("Content-Type")), "%s is %q in the bucket", path, own.Header.Get("Content-Type"))
		problem := frontend.WrongCaching(path, own.Header.Get("Cache-Control"))
		c.Require(problem == "", "%s has Cache-Control %q in the bucket: %s", path, own.Header.Get("Cache-Control"), problem)
		c.Observed(1, "files equal in bucket and CDN")
	}
}

func TestSecurityHeadersAreSet(t *testing.T) {
	c := declare(t, "frontend.headers.secure", "The index comes with the security headers that the environment names.")
	wanted := suite.Env().Frontend.SecurityHeaders
	c.Needs(len(wanted))
	c.WouldCatch("one header missing or weaker")
	index, err := newVisitor(t).Get(t.Context(), "/")
	c.Require(err == nil, "%v", err)
	for name, value := range wanted {
		found := index.Header.Get(name)
		c.Require(strings.Contains(found, value), "the header %s is %q; expected it to contain %q", name, found, value)
		c.Observed(1, "security headers")
	}
}
