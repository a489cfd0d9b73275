// Package kill shows on a real platform what harness/run shows on a scripted one:
// barqgate is killed at every record of its journal, and resumed, and it comes to
// the same as if nothing had happened.
package kill

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/barq-platform/barqgate/fixtures/frontend"
	"github.com/barq-platform/barqgate/fixtures/kube"
	"github.com/barq-platform/barqgate/fixtures/mssql"
	"github.com/barq-platform/barqgate/harness/environment"
	"github.com/barq-platform/barqgate/harness/journal"
	"github.com/barq-platform/barqgate/harness/journal/event"
)

const (
	before = "v2.0.0"       // runs before every deployment
	good   = "v2.1.0"       // is promoted
	bad    = "v2.1.0-crash" // is rolled back
)

// overrides cut a deployment down to what a drill of barqgate needs: every step
// with the smallest load, and one suite behind every phase. Only an environment
// where faults may be injected accepts them.
const overrides = `{
  "run": {"onlySuites": ["preflight", "health", "database", "rollout", "tenancy"]},
  "health": {"attempts": 30, "interval": "1s", "samples": 2},
  "load": {"rate": 50, "duration": "1s", "warmup": "100ms", "minimumSamples": 30, "soak": "1s"}
}`

// world is the lab, and barqgate as a process.
type world struct {
	root   string
	binary string
	env    *environment.Environment
	backup string // of the database before everything
}

func newWorld(t *testing.T) *world {
	t.Helper()
	root, err := environment.Root()
	require.NoError(t, err)
	w := &world{root: root, binary: filepath.Join(root, ".barqgate", "bin", "barqgate")}
	build := exec.Command("go", "build", "-o", w.binary, "./cmd/barqgate")
	build.Dir = root
	out, err := build.CombinedOutput()
	require.NoError(t, err, "build barqgate: %s", out)
	w.env, err = environment.Load(t.Context(), root, "local")
	require.NoError(t, err)
	w.backup = filepath.Join(w.env.Database.BackupDir, "kill-test.bak")
	w.onServer(t, func(server *mssql.Server) {
		_, err := server.Backup(t.Context(), w.env.Database.Name, w.backup)
		require.NoError(t, err)
	})
	return w
}

func (w *world) onServer(t *testing.T, use func(*mssql.Server)) {
	t.Helper()
	server, err := mssql.OpenServer(t.Context(), w.env.Database)
	require.NoError(t, err)
	defer func() { require.NoError(t, server.Close()) }()
	use(server)
}

func (w *world) cluster(t *testing.T) *kube.Cluster {
	t.Helper()
	cluster, err := kube.Connect(t.Context(), w.env.Kubernetes)
	require.NoError(t, err)
	return cluster
}

// reset brings back release, frontend and database of before, without barqgate.
func (w *world) reset(t *testing.T) {
	t.Helper()
	cluster, ctx := w.cluster(t), t.Context()
	require.NoError(t, cluster.Scale(ctx, 0))
	w.onServer(t, func(server *mssql.Server) {
		name := w.env.Database.Name
		require.NoError(t, server.WaitNoConnections(ctx, name))
		require.NoError(t, server.Restore(ctx, mssql.Restoration{Source: name, Target: name, Path: w.backup, Replace: true}))
	})
	if now, err := cluster.Deployment(ctx); err != nil || now.Image != w.env.Image(before) {
		require.NoError(t, err)
		_, err = cluster.SetImage(ctx, w.env.Image(before))
		require.NoError(t, err)
	}
	require.NoError(t, cluster.Scale(ctx, int32(w.env.Kubernetes.Replicas)))
	require.NoError(t, cluster.WatchRollout(ctx, w.env.Kubernetes.RolloutTimeout, func(string) {}))
	w.resetFrontend(t)
}

func (w *world) resetFrontend(t *testing.T) {
	t.Helper()
	ctx, quiet := t.Context(), func(string, ...any) {}
	dist, err := frontend.LoadDist(ctx, frontend.Folder(w.env.Frontend, w.root, before))
	require.NoError(t, err)
	_, err = w.published(t).Publish(ctx, dist, before, quiet)
	require.NoError(t, err)
	edges, err := frontend.OpenDistribution(ctx, w.env.Frontend)
	require.NoError(t, err)
	_, err = edges.Invalidate(ctx, "kill-test "+time.Now().Format(time.RFC3339Nano), quiet)
	require.NoError(t, err)
}

func (w *world) published(t *testing.T) *frontend.Store {
	t.Helper()
	store, err := frontend.OpenStore(t.Context(), w.env.Frontend.S3)
	require.NoError(t, err)
	return store
}

// state is what can be seen of the platform.
type state struct {
	Image     string
	Revisions int64 // made since the last reset: a change done twice would show
	Replicas  int32
	Complete  bool
	Frontend  string           // release that is published
	Applied   []string         // migrations
	Rows      map[string]int64 // of the critical tables
	Databases bool             // the scratch database of the restore drill is left
}

func (w *world) state(t *testing.T, since int64) state {
	t.Helper()
	d, err := w.cluster(t).Deployment(t.Context())
	require.NoError(t, err)
	s := state{Image: d.Image, Revisions: d.Revision - since, Replicas: d.Replicas, Complete: d.Complete}
	s.Frontend, err = w.published(t).Release(t.Context())
	require.NoError(t, err)
	db, err := mssql.Open(t.Context(), w.env.Database, w.env.Database.Name)
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	s.Applied, err = db.AppliedMigrations(t.Context())
	require.NoError(t, err)
	s.Rows, err = db.RowCounts(t.Context(), w.env.Database.Critical)
	require.NoError(t, err)
	if scratch, err := mssql.Open(t.Context(), w.env.Database, w.env.Database.ScratchName); err == nil {
		s.Databases = true
		require.NoError(t, scratch.Close())
	}
	return s
}

func (w *world) revision(t *testing.T) int64 {
	t.Helper()
	d, err := w.cluster(t).Deployment(t.Context())
	require.NoError(t, err)
	return d.Revision
}

// command is barqgate with the cut-down environment.
func (w *world) command(t *testing.T, drill string, arguments ...string) *exec.Cmd {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, w.binary, arguments...)
	cmd.Dir = w.root
	cmd.Env = append(os.Environ(), environment.OverridesVariable+"="+overrides, "BARQGATE_DRILL="+drill)
	return cmd
}

// barqgate runs it to its end. The exit status is -1 if it was killed.
func (w *world) barqgate(t *testing.T, drill string, arguments ...string) (exit int, output string) {
	t.Helper()
	cmd := w.command(t, drill, arguments...)
	out, err := cmd.CombinedOutput()
	if failed := (*exec.ExitError)(nil); err != nil && !errors.As(err, &failed) {
		require.NoError(t, err)
	}
	return cmd.ProcessState.ExitCode(), string(out)
}

// runLine is where the live view names the run.
var runLine = regexp.MustCompile(`run (\d{8}T\d{6}Z-[0-9a-f]{4}):`)

func runOf(t *testing.T, output string) string {
	t.Helper()
	found := runLine.FindStringSubmatch(output)
	require.NotNil(t, found, "the run is named: %s", output)
	return found[1]
}

// journal returns the run's events.
func (w *world) journal(t *testing.T, run string) []event.Event {
	t.Helper()
	chain, err := journal.Replay(filepath.Join(w.root, ".barqgate", "runs", run))
	require.NoError(t, err)
	var events []event.Event
	for _, record := range chain.Records {
		e, err := event.Decode(record)
		require.NoError(t, err)
		events = append(events, e)
	}
	return events
}

// ended returns how the run ended, without what an interruption changes and without
// what is another in every run: its name, the cluster's words for pods of chance
// names, and the numbers of revisions, which count from the one before it.
func ended(t *testing.T, events []event.Event, run string, since int64) string {
	t.Helper()
	last, ok := events[len(events)-1].(event.RunFinished)
	require.True(t, ok, "the journal ends with %T", events[len(events)-1])
	last.Duration, last.Caveats = 0, nil
	last.Reason = clusterWords.ReplaceAllString(last.Reason, "$1")
	data, err := json.MarshalIndent(last, "", "  ")
	require.NoError(t, err)
	text := strings.ReplaceAll(string(data), run, "<run>")
	return revisionWords.ReplaceAllStringFunc(text, func(words string) string {
		number, err := strconv.ParseInt(strings.TrimPrefix(words, "revision "), 10, 64)
		require.NoError(t, err)
		return fmt.Sprintf("revision <%+d>", number-since)
	})
}

var (
	clusterWords  = regexp.MustCompile(`(?s)(will not finish: ).*`)
	revisionWords = regexp.MustCompile(`revision \d+`)
)
