package phases

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/barq-platform/barqgate/fixtures/barq"
	"github.com/barq-platform/barqgate/fixtures/lab/github"
	"github.com/barq-platform/barqgate/fixtures/vcs"
	"github.com/barq-platform/barqgate/harness/environment/environmenttest"
	"github.com/barq-platform/barqgate/harness/plan"
)

// hub serves a repository with v2.0.0 and v2.1.0, and returns a step's context for it.
func hub(t *testing.T) (*github.Store, *plan.StepContext, string) {
	t.Helper()
	dir := t.TempDir()
	var served http.Handler
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { served.ServeHTTP(w, r) }))
	t.Cleanup(server.Close)
	store, err := github.Create(dir, server.URL+"/barq-platform/barq.git", []github.Release{{Tag: "v2.0.0"}, {Tag: "v2.1.0"}})
	require.NoError(t, err)
	served = github.Handler(github.Options{Repository: "barq-platform/barq", Token: "not-a-secret", Store: store, Checks: []string{"unit"}})
	sc, _ := stepContext(t, map[string]string{})
	sc.Env = fixed(t, map[string]any{"source": map[string]any{"path": dir, "github": server.URL + "/"}})
	sc.Run = "20261128T093015Z-ab12"
	return store, sc, dir
}

func TestTheRunningReleaseIsTaggedOnce(t *testing.T) {
	store, sc, dir := hub(t)
	step := tagRunning{running: "v2.0.0"}
	require.ErrorContains(t, step.Run(t.Context(), sc), barq.FactReleaseCommit, "nothing is tagged before it was judged")
	repo, err := vcs.Open("", sc.Env.Source)
	require.NoError(t, err)
	judged, err := repo.Target("v2.1.0")
	require.NoError(t, err)
	require.NoError(t, sc.SetFact(barq.FactReleaseCommit, judged))
	done, err := step.Observe(t.Context(), sc)
	require.NoError(t, err)
	require.False(t, done)
	require.NoError(t, step.Run(t.Context(), sc))
	done, err = step.Observe(t.Context(), sc)
	require.NoError(t, err)
	require.True(t, done, "a resume does not do it again")
	tags, err := store.Tags()
	require.NoError(t, err)
	object := tags["v2026.11.28.0930-15ab12"]
	require.NotEmpty(t, object)
	require.NoError(t, step.Run(t.Context(), sc))
	tags, err = store.Tags()
	require.NoError(t, err)
	require.Equal(t, object, tags["v2026.11.28.0930-15ab12"])
	_, undoable := plan.Step(step).(plan.Undoer)
	require.False(t, undoable, "the tag says what ran before, which stays true")

	require.NoError(t, os.WriteFile(filepath.Join(dir, "README.md"), []byte("changed"), 0o600))
	require.ErrorIs(t, step.Run(t.Context(), sc), vcs.ErrDirty)
	require.NoError(t, sc.SetFact(barq.FactReleaseCommit, "0000"))
	require.ErrorIs(t, step.Run(t.Context(), sc), vcs.ErrMoved)
}

func TestWhatAReleaseChanges(t *testing.T) {
	_, sc, _ := hub(t)
	repo, err := vcs.Open(environmenttest.Repository(t), sc.Env.Source)
	require.NoError(t, err)
	commit := func(tag string) string {
		id, err := repo.Commit(tag)
		require.NoError(t, err)
		return id
	}
	for _, c := range []struct{ from, to, base string }{
		{"v2.0.0", "v2.1.0", "v2.0.0"}, // forwards
		{"v2.1.0", "v2.0.0", "v1.9.0"}, // back to an older one: what that one brought
		{"v2.0.0", "v2.0.0", "v1.9.0"}, // itself
	} {
		base, err := baseOf(repo, c.from, commit(c.to))
		require.NoError(t, err)
		require.Equal(t, commit(c.base), base, "from %s to %s", c.from, c.to)
	}
	_, err = baseOf(repo, "v9", commit("v2.1.0"))
	require.ErrorIs(t, err, vcs.ErrUnknownRelease)
}
