// Package tenancy_test proves that nothing of one tenant reaches another: by id,
// in lists, in searches, by writing, or by claiming the other tenant in a
// header. A marker planted in everything tenant A owns must not occur in any
// byte that tenant B receives.
package tenancy_test

import (
	"fmt"
	"net/http"
	"slices"
	"testing"

	"github.com/barq-platform/barqgate/fixtures/barq"
	"github.com/barq-platform/barqgate/harness/environment"
	"github.com/barq-platform/barqgate/harness/suite"
	"github.com/stretchr/testify/require"
)

func TestMain(m *testing.M) {
	suite.Main(m, suite.Suite{
		Name:    "tenancy",
		About:   "Nothing that belongs to one tenant can be read, found or changed by another.",
		Effects: []environment.Effect{environment.Write, environment.Provision},
	})
}

// TestIsolation plants tenant A's data once; its subtests attack it as tenant B.
// Attempts to change it come after all that only read, because one that succeeds
// spoils what the others look for; the last one searches everything received.
func TestIsolation(t *testing.T) {
	s := plant(t)
	t.Run("objects cannot be read by id", s.objectsCannotBeRead)
	t.Run("lists hold own objects only", s.listsHoldOwnObjectsOnly)
	t.Run("searches find own objects only", s.searchesFindOwnObjectsOnly)
	t.Run("the tenant header is not believed", s.headerIsNotBelieved)
	t.Run("the tenant's record is private", s.recordIsPrivate)
	t.Run("objects cannot be changed by id", s.objectsCannotBeChanged)
	t.Run("the marker is in no answer", s.markerIsInNoAnswer)
}

// denied asserts that an attack was answered with one of the codes of a refusal.
func denied(c *suite.Check, what string, e *barq.Exchange) {
	codes := suite.Env().API.DeniedCodes
	c.Require(slices.Contains(codes, e.Status), "%s by another tenant is answered %d (%s); expected one of %v", what, e.Status, e.Excerpt(), codes)
	c.Observed(1, "refused attempts")
}

func (s *scene) objectsCannotBeRead(t *testing.T) {
	c := suite.Criterion(t, "tenancy.object.not-readable", "No object of another tenant can be read by its id.")
	c.Needs(len(s.objects))
	c.WouldCatch("one kind of object that is looked up by id without its tenant")
	for _, o := range s.objects {
		e := s.do(t, s.a.Client, barq.Request{Method: http.MethodGet, Path: o.path})
		c.Require(e.Status == http.StatusOK, "the owner cannot read %s (%d), so refusing others would prove nothing", o.kind, e.Status)
		for _, r := range o.reads {
			denied(c, fmt.Sprintf("%s %s", r.Method, o.kind), s.do(t, s.b, r))
		}
	}
}

func (s *scene) objectsCannotBeChanged(t *testing.T) {
	c := suite.Criterion(t, "tenancy.object.not-writable", "No object of another tenant can be changed or deleted, and trying leaves it as it was.")
	c.WouldCatch("one write that does not look at the tenant")
	attempts := 0
	for _, o := range s.objects {
		before := s.do(t, s.a.Client, barq.Request{Method: http.MethodGet, Path: o.path})
		for _, r := range o.writes {
			denied(c, fmt.Sprintf("%s %s", r.Method, r.Path), s.do(t, s.b, r))
			attempts++
		}
		after := s.do(t, s.a.Client, barq.Request{Method: http.MethodGet, Path: o.path})
		c.Require(after.Status == http.StatusOK, "after another tenant's attempts the owner's %s is answered %d", o.kind, after.Status)
		c.Require(string(before.Body) == string(after.Body), "another tenant's refused attempt changed the owner's %s", o.kind)
	}
	bulk := s.do(t, s.b, barq.Request{Method: http.MethodPost, Path: "/api/Tasks/bulk-delete", JSON: map[string]any{"ids": []string{s.task.ID}}})
	kept, err := s.a.Task(t.Context(), s.task.ID)
	c.Require(err == nil && kept.Name == s.task.Name, "a bulk delete by another tenant (answered %d) took the owner's task: %v", bulk.Status, err)
	c.Observed(1, "refused attempts")
	c.Needs(attempts + 1)
}

func (s *scene) listsHoldOwnObjectsOnly(t *testing.T) {
	c := suite.Criterion(t, "tenancy.list.own-only", "Lists hold the caller's own objects only.")
	c.Needs(len(s.lists))
	c.WouldCatch("one list without a tenant condition")
	for _, l := range s.lists {
		own := s.do(t, s.a.Client, l.request)
		c.Require(own.Status == http.StatusOK, "the owner's list of %s is answered %d", l.kind, own.Status)
		c.Require(!l.holdsMarker || s.marker.In(own.Body), "the owner's own list of %s lacks the planted object, so its absence elsewhere would prove nothing", l.kind)
		foreign := s.do(t, s.b, l.request)
		c.Require(foreign.Status < 500, "the list of %s is answered %d", l.kind, foreign.Status)
		c.Require(!s.marker.In(foreign.Body), "the list of %s shows another tenant's object: %s", l.kind, foreign.Excerpt())
		c.Observed(1, "lists without foreign objects")
	}
}

func (s *scene) searchesFindOwnObjectsOnly(t *testing.T) {
	c := suite.Criterion(t, "tenancy.search.own-only", "Searches find the caller's own objects only.")
	c.Needs(len(s.searches))
	c.WouldCatch("one search without a tenant condition")
	for _, l := range s.searches {
		own := s.do(t, s.a.Client, l.request)
		c.Require(own.Status == http.StatusOK && s.marker.In(own.Body), "the owner's own search of %s (%d) does not find the planted object", l.kind, own.Status)
		foreign := s.do(t, s.b, l.request)
		c.Require(!s.marker.In(foreign.Body), "a search of %s finds another tenant's object: %s", l.kind, foreign.Excerpt())
		c.Observed(1, "searches without foreign objects")
	}
}

// headerIsNotBelieved repeats the reading attacks while claiming tenant A.
func (s *scene) headerIsNotBelieved(t *testing.T) {
	c := suite.Criterion(t, "tenancy.header.ignored", "Claiming another tenant in a header gives no access to it.")
	c.WouldCatch("a tenant that is taken from the request instead of the token")
	forged := s.b.WithTenantHeader(s.tenants.A.ID)
	for _, l := range s.lists {
		e := s.do(t, forged, l.request)
		c.Require(!s.marker.In(e.Body), "with %s naming tenant A the list of %s shows A's object", suite.Env().Tenancy.Header, l.kind)
		c.Observed(1, "attempts with a forged header")
	}
	for _, o := range s.objects {
		e := s.do(t, forged, barq.Request{Method: http.MethodGet, Path: o.path})
		c.Require(e.Status != http.StatusOK, "with %s naming tenant A its %s can be read", suite.Env().Tenancy.Header, o.kind)
		c.Observed(1, "attempts with a forged header")
	}
	name := barq.NewMarker("forged").String()
	created := s.do(t, forged, barq.CreateTaskRequest(barq.NewTask{Name: name, TaskType: "Review"}))
	page, err := s.a.Tasks(t.Context(), barq.TaskList{List: barq.List{SearchTerm: name}})
	require.NoError(t, err)
	for _, task := range page.Items {
		c.Require(task.TenantID == s.tenants.B.ID, "a task created (%d) with a forged %s lands in tenant A", created.Status, suite.Env().Tenancy.Header)
	}
	c.Observed(1, "attempts with a forged header")
	c.Needs(len(s.lists) + len(s.objects) + 1)
}

func (s *scene) recordIsPrivate(t *testing.T) {
	c := suite.Criterion(t, "tenancy.record.private", "A tenant's own record (contacts, subscription) cannot be read or changed by another tenant.")
	c.Needs(3)
	c.WouldCatch("tenant records that every authenticated user can read")
	path := "/api/Tenants/" + s.tenants.A.ID
	denied(c, "GET the tenant's record", s.do(t, s.b, barq.Request{Method: http.MethodGet, Path: path}))
	denied(c, "PUT the tenant's record", s.do(t, s.b, barq.Request{Method: http.MethodPut, Path: path, JSON: barq.TenantChange{DisplayName: "taken over", IsActive: true}}))
	denied(c, "DELETE the tenant's record", s.do(t, s.b, barq.Request{Method: http.MethodDelete, Path: path}))
}

func (s *scene) markerIsInNoAnswer(t *testing.T) {
	c := suite.Criterion(t, "tenancy.marker.never-sent", "A marker in everything that tenant A owns occurs in no byte sent to tenant B.")
	c.WouldCatch("%s anywhere in a body or header, in any letter case or in base64", "the marker")
	leaks := s.received.Containing(s.marker)
	exchanges := s.received.Exchanges()
	c.Measured("bytes-searched", s.received.Bytes())
	c.EvidenceJSON("answers-to-tenant-b.json", exchanges)
	if len(leaks) > 0 {
		c.EvidenceJSON("leaks.json", leaks)
		c.Require(false, "%d of %d answers to tenant B contain tenant A's data; the first: %s %s answered %d: %s", len(leaks), len(exchanges), leaks[0].Method, leaks[0].URL, leaks[0].Status, leaks[0].Excerpt())
	}
	c.Observed(len(exchanges), "answers to tenant B searched")
	c.Needs(30)
}
