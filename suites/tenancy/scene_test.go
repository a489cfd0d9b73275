package tenancy_test

import (
	"context"
	"net/http"
	"net/url"
	"testing"

	"github.com/barq-platform/barqgate/fixtures/barq"
	"github.com/barq-platform/barqgate/harness/suite"
	"github.com/stretchr/testify/require"
)

// object is one thing that tenant A owns, with the requests that read and write it.
type object struct {
	kind   string
	path   string
	reads  []barq.Request
	writes []barq.Request
}

// listing is one request that returns several objects.
type listing struct {
	kind        string
	request     barq.Request
	holdsMarker bool // the owner's own answer must contain the marker
}

// scene is what the suite works on: tenant A's planted data, and tenant B, whose
// every answer is recorded.
type scene struct {
	tenants  *barq.Tenants
	a        *barq.Session
	b        *barq.Client
	received *barq.Transcript // everything sent to B
	marker   barq.Marker
	word     string // planted beside the marker, so that a search need not name it

	task     barq.Task
	objects  []object
	lists    []listing
	searches []listing
}

// plant creates tenant A's data and logs both tenants in.
func plant(t *testing.T) *scene {
	t.Helper()
	client, err := barq.NewClient(suite.Env())
	require.NoError(t, err)
	t.Cleanup(client.CloseIdleConnections)
	s := &scene{
		tenants:  barq.MustProvision(t, suite.Env(), "tenancy"),
		received: barq.NewTranscript(),
		marker:   barq.NewMarker("tenant-a"),
		word:     barq.NewMarker("word").String(),
	}
	s.a, err = client.Login(t.Context(), s.tenants.A.User().Credentials())
	require.NoError(t, err)
	b, err := client.WithTranscript(s.received).Login(t.Context(), s.tenants.B.User().Credentials())
	require.NoError(t, err)
	s.b = b.Client
	s.plantTask(t)
	project := s.plantProject(t)
	file := s.plantFile(t)
	s.objects = []object{taskObject(s.task), projectObject(project), fileObject(file), userObject(s.a.User)}
	s.lists = []listing{
		{"tasks", barq.TasksRequest(barq.TaskList{List: barq.List{PageSize: 1000}}), true},
		{"projects", barq.ProjectsRequest(barq.List{PageSize: 1000}), true},
		{"files", get("/api/Files", "pageSize", "1000"), true},
		{"users", get("/api/Users", "pageSize", "1000"), false},
		{"project templates", get("/api/Projects/templates"), true},
		{"notifications", get("/api/Notifications"), false},
		{"audit logs", get("/api/AuditReports/audit-logs"), false},
		{"quarantined files", get("/api/Files/quarantined"), false},
	}
	s.searches = []listing{
		{"tasks", get("/api/Tasks", "searchTerm", s.word), true},
		{"projects", get("/api/Projects", "searchTerm", s.word), true},
		{"files", get("/api/Files", "searchTerm", s.word), true},
		{"tasks by tag", get("/api/Tasks", "tags", s.word), true},
	}
	return s
}

// text holds both the marker and the word to search for.
func (s *scene) text() string { return s.marker.String() + " " + s.word }

func (s *scene) plantTask(t *testing.T) {
	t.Helper()
	task, err := s.a.CreateTask(t.Context(), barq.NewTask{
		Name: s.text(), Description: s.text(), TaskType: "Review", Notes: s.marker.String(), Tags: s.text(), Requirements: s.marker.String(),
	})
	require.NoError(t, err)
	s.task = task
	s.undo(t, "/api/Tasks/"+task.ID)
}

func (s *scene) plantProject(t *testing.T) barq.Project {
	t.Helper()
	project, err := s.a.CreateProject(t.Context(), barq.NewProject{Name: s.text(), Description: s.text(), Objectives: s.marker.String()})
	require.NoError(t, err)
	s.undo(t, "/api/Projects/"+project.ID)
	template, err := s.a.CreateProject(t.Context(), barq.NewProject{Name: "template " + s.marker.String(), IsTemplate: true})
	require.NoError(t, err)
	s.undo(t, "/api/Projects/"+template.ID)
	return project
}

func (s *scene) plantFile(t *testing.T) barq.UploadedFile {
	t.Helper()
	file, err := s.a.UploadFile(t.Context(), barq.Upload{Name: s.word + "-" + s.marker.String() + ".txt", ContentType: "text/plain", Content: []byte("secret of A: " + s.text())})
	require.NoError(t, err)
	s.undo(t, "/api/Files/"+file.FileID)
	return file
}

// undo deletes an object at the end where tenants are not removed as a whole.
func (s *scene) undo(t *testing.T, path string) {
	t.Helper()
	if s.tenants.Provisioned {
		return
	}
	t.Cleanup(func() {
		e, err := s.a.Do(context.WithoutCancel(t.Context()), barq.Request{Method: http.MethodDelete, Path: path})
		require.NoError(t, err)
		require.Contains(t, []int{http.StatusOK, http.StatusNotFound}, e.Status, "remove %s", path)
	})
}

// do sends a request; an attack that gets no answer at all proves nothing.
func (s *scene) do(t *testing.T, client *barq.Client, r barq.Request) *barq.Exchange {
	t.Helper()
	e, err := client.Do(t.Context(), r)
	require.NoError(t, err)
	return e
}

func get(path string, query ...string) barq.Request {
	values := url.Values{}
	for i := 0; i+1 < len(query); i += 2 {
		values.Set(query[i], query[i+1])
	}
	return barq.Request{Method: http.MethodGet, Path: path, Query: values}
}

func send(method, path string, body any) barq.Request {
	return barq.Request{Method: method, Path: path, JSON: body}
}

func taskObject(task barq.Task) object {
	path := "/api/Tasks/" + task.ID
	return object{
		kind:  "task",
		path:  path,
		reads: []barq.Request{get(path)},
		writes: []barq.Request{
			send(http.MethodPut, path, barq.TaskChange{Name: "taken over", Status: "Draft", Priority: "Low"}),
			send(http.MethodPost, path+"/status", map[string]string{"status": "Completed"}),
			send(http.MethodPost, path+"/assign", map[string]string{"userId": task.ID}),
			send(http.MethodDelete, path, nil),
		},
	}
}

func projectObject(project barq.Project) object {
	path := "/api/Projects/" + project.ID
	return object{
		kind:  "project",
		path:  path,
		reads: []barq.Request{get(path)},
		writes: []barq.Request{
			send(http.MethodPut, path, barq.ProjectChange{Name: "taken over", Status: "Planning", Priority: "Low"}),
			send(http.MethodPost, "/api/Projects/from-template", map[string]string{"templateId": project.ID, "name": "copy"}),
			send(http.MethodDelete, path, nil),
		},
	}
}

func fileObject(file barq.UploadedFile) object {
	path := "/api/Files/" + file.FileID
	return object{
		kind: "file",
		path: path,
		reads: []barq.Request{
			get(path), get(path+"/download", "accessToken", "guess"), get(path + "/preview"), get(path + "/thumbnail"),
			send(http.MethodPost, path+"/access", map[string]any{"accessType": "Download"}),
		},
		writes: []barq.Request{
			send(http.MethodPut, path+"/metadata", map[string]string{"metadata": "taken over"}),
			send(http.MethodPost, path+"/quarantine", map[string]string{"reason": "taken over"}),
			send(http.MethodDelete, path, nil),
		},
	}
}

func userObject(user barq.UserAccount) object {
	path := "/api/Users/" + user.ID
	return object{
		kind:   "user",
		path:   path,
		reads:  []barq.Request{get(path)},
		writes: []barq.Request{send(http.MethodPut, path, barq.UserChange{FirstName: "Taken", LastName: "Over", IsActive: false})},
	}
}
