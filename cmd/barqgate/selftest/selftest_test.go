// Package selftest runs the real barqgate on suites that misbehave, in a module of
// its own, against a cluster of which only the Deployment can be read. For each it
// checks what a pipeline and a person get to see: exit status, verdict and reason.
package selftest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/barq-platform/barqgate/harness/environment/environmenttest"
	"github.com/barq-platform/barqgate/harness/report"
	"github.com/stretchr/testify/require"
)

// gate is a barqgate with the module that it is run in.
type gate struct {
	binary, root string
}

// suites are the misbehaving suites, with a criterion of each: the gate wants to
// know a mutant for it.
var suites = map[string]string{
	"behaviour": "behaviour.first.holds", "broken": "broken.thing.holds", "elsewhere": "elsewhere.thing.holds",
	"empty": "empty.thing.holds", "plain": "plain.thing.holds", "race": "race.thing.holds",
}

func newGate(t *testing.T) gate {
	t.Helper()
	repository, err := filepath.Abs(environmenttest.Repository(t))
	require.NoError(t, err)
	g := gate{binary: filepath.Join(t.TempDir(), "barqgate")}
	build := exec.CommandContext(t.Context(), "go", "build", "-o", g.binary, "./cmd/barqgate")
	build.Dir = repository
	out, err := build.CombinedOutput()
	require.NoError(t, err, "%s", out)

	g.root = environmenttest.Root(t, map[string]any{"kubernetes": map[string]any{"kubeconfig": kubeconfig(t)}})
	g.write(t, "go.mod", strings.Replace(read(t, filepath.Join(repository, "go.mod")), "module github.com/barq-platform/barqgate\n",
		"module fixed.test\n\nrequire github.com/barq-platform/barqgate v0.0.0\n\nreplace github.com/barq-platform/barqgate => "+repository+"\n", 1))
	g.write(t, "go.sum", read(t, filepath.Join(repository, "go.sum")))
	for suite, criterion := range suites {
		source := filepath.Join(repository, "harness", "gotest", "testdata", "bad", suite)
		require.NoError(t, os.CopyFS(filepath.Join(g.root, "suites", suite), os.DirFS(source)))
		g.write(t, "testdata/mutants/"+suite+".yaml", fmt.Sprintf("- {criterion: %s, faults: [none], says: nothing}\n", criterion))
	}
	return g
}

func (g gate) write(t *testing.T, name, text string) {
	t.Helper()
	path := filepath.Join(g.root, name)
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
}

func read(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(data)
}

// kubeconfig leads to a cluster that knows one complete Deployment.
func kubeconfig(t *testing.T) string {
	t.Helper()
	const deployment = `{"apiVersion": "apps/v1", "kind": "Deployment",
		"metadata": {"name": "barq-api", "namespace": "barq-local", "generation": 1, "annotations": {"deployment.kubernetes.io/revision": "3"}},
		"spec": {"replicas": 1, "template": {"spec": {"containers": [{"name": "api", "image": "ghcr.io/alsairy/barq-api:v2.0.0"}]}}},
		"status": {"observedGeneration": 1, "replicas": 1, "updatedReplicas": 1, "availableReplicas": 1, "readyReplicas": 1}}`
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet || r.URL.Path != "/apis/apps/v1/namespaces/barq-local/deployments/barq-api" {
			http.Error(w, "a check has no business here: "+r.Method+" "+r.URL.Path, http.StatusTeapot)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(deployment))
	}))
	t.Cleanup(server.Close)
	path := filepath.Join(t.TempDir(), "kubeconfig")
	text := fmt.Sprintf("{apiVersion: v1, kind: Config, current-context: c, contexts: [{name: c, context: {cluster: c, user: u}}], clusters: [{name: c, cluster: {server: %q}}], users: [{name: u, user: {}}]}", server.URL)
	require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
	return path
}

// seen is what one execution of barqgate shows.
type seen struct {
	exit    int
	verdict string // of the suite; "" if none was run
	reason  string // of the suite, or what the command said
}

// check runs `barqgate check` on a suite.
func (g gate) check(t *testing.T, suite, bad string, environ []string, flags ...string) seen {
	t.Helper()
	args := append([]string{"check", "-env=" + environmenttest.Name, "--output=json", suite}, flags...)
	cmd := exec.CommandContext(t.Context(), g.binary, args...)
	cmd.Dir = g.root
	cmd.Env = append(append(os.Environ(), "BAD="+bad, "GITHUB_STEP_SUMMARY="), environ...)
	var out, messages bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &messages
	err := cmd.Run()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		require.NoError(t, err)
	}
	s := seen{exit: cmd.ProcessState.ExitCode(), reason: messages.String()}
	if out.Len() == 0 {
		return s
	}
	var r report.Report
	require.NoError(t, json.Unmarshal(out.Bytes(), &r), "%s", out.String())
	require.NotNil(t, r.Result, "the run says how it ended")
	require.Equal(t, s.exit, r.Result.Exit, "the exit status is the one in the report")
	require.Len(t, r.Phases[0].Suites, 1)
	result := r.Phases[0].Suites[0].Result
	require.NotNil(t, result)
	s.verdict, s.reason = result.Verdict.String(), result.Reason
	if s.exit != 0 {
		require.Contains(t, r.Result.Reason, result.Reason, "the last screen says why")
	}
	return s
}

// What the exit statuses mean is in the README.
const (
	passed, failed, usage, held, harness = 0, 1, 2, 3, 4
)

// The modes in which a case is run.
var (
	both     = []string{"compiled", "source"}
	compiled = both[:1]
	source   = both[1:]
)

type trial struct {
	name, suite, bad string
	modes            []string
	exit             int
	verdict          string
	says             string
	flags            []string
}

func trials() []trial {
	const b = "behaviour"
	return []trial{
		{"pass", b, "nothing", both, passed, "pass", "", nil},
		{"fail", b, "fail", both, failed, "fail", "behaviour.second.holds: found 3, expected 4", nil},
		{"panic", b, "panic", both, harness, "error", "panic: out of luck", nil},
		{"panic in a goroutine", b, "panic in a goroutine", both, harness, "error", "TestSecond was still running: panic: out of luck", nil},
		{"hang", b, "hang", compiled, harness, "error", "did not end within 10s: TestSecond/inner was still running; the goroutines are in its output", []string{"--timeout=10s"}},
		// The go command links the suite first, and its time counts.
		{"hang", b, "hang", source, harness, "error", "did not end within 45s: TestSecond/inner was still running; the goroutines are in its output", []string{"--timeout=45s"}},
		{"hang ignoring SIGTERM", b, "hang ignoring SIGTERM", compiled, harness, "error", "did not end within 10s: TestSecond was still running", []string{"--timeout=10s"}},
		{"os.Exit(0) in a test", b, "exit 0 in a test", both, harness, "error", "panic: unexpected call to os.Exit(0)", nil},
		{"os.Exit(0) in TestMain", b, "exit 0 in TestMain", both, harness, "error", "TestFirst was planned and never ran", nil},
		{"exit(0) behind Go's back", b, "exit without Go noticing", both, harness, "error", "", nil},
		{"TestMain that drops the code", b, "code dropped", both, harness, "error", "but the exit status is 0: does its TestMain drop the code of m.Run?", nil},
		{"no tests", "empty", "", both, harness, "", "the suite has no tests", nil},
		{"no tests for this system", "elsewhere", "", both, harness, "", "the suite has no tests", nil},
		{"all skipped", b, "everything skipped", both, held, "inconclusive", "behaviour.first.holds was skipped, which the gate does not allow: not today", nil},
		{"mistyped -run", b, "mistyped -run", both, harness, "error", "", nil},
		{"nothing judged", "plain", "", both, harness, "error", "it judged no criterion", nil},
		{"build error", "broken", "", both, harness, "", "undefined: undefined", nil},
		{"missing package", "missing", "", both, usage, "", `unknown suite "missing": expected one of behaviour, broken`, nil},
		{"killed by SIGKILL", b, "killed", both, harness, "error", "signal: killed", nil},
		{"out of memory", b, "out of memory", both, harness, "error", "fatal error: ", nil},
		{"race report", "race", "", source, failed, "fail", "WARNING: DATA RACE", []string{"--race"}},
		{"output of 100 MB", b, "output of 100 MB", compiled, passed, "pass", "", nil},
		{"a line of 10 MB", b, "a line of 10 MB", both, passed, "pass", "", nil},
		{"fails in a cleanup", b, "fails in a cleanup", both, failed, "fail", "behaviour.second.holds", nil},
		// A requirement was seen to be violated as well, which says something about the release.
		{"fails after its record", b, "fails after the record", compiled, failed, "error", `its record says "pass", but its test TestSecond/late did not end as pass`, nil},
		{"a criterion declared twice", b, "judged twice", both, harness, "error", "criterion behaviour.first.holds was judged twice, by TestFirst and by TestSecond", nil},
		{"too few samples", b, "too few samples", both, held, "inconclusive", "only 1 of the 3000 observations that a judgement needs", nil},
		{"nothing observed", b, "nothing observed", compiled, harness, "error", "without observing anything", nil},
		{"evidence changed", b, "evidence changed", compiled, harness, "error", "was changed after it was recorded", nil},
	}
}

func TestBarqgateOnBadSuites(t *testing.T) {
	g := newGate(t)
	flags := map[string][]string{"compiled": nil, "source": {"--source"}}
	for _, test := range trials() {
		for _, mode := range test.modes {
			t.Run(test.name+", "+mode, func(t *testing.T) {
				got := g.check(t, test.suite, test.bad, nil, append(flags[mode], test.flags...)...)
				require.Equal(t, test.exit, got.exit, got.reason)
				require.Equal(t, test.verdict, got.verdict, got.reason)
				require.Contains(t, got.reason, test.says)
			})
		}
	}
	t.Run("a required criterion missing", func(t *testing.T) {
		g.write(t, "testdata/mutants/behaviour.yaml", "- {criterion: behaviour.second.holds, faults: [none], says: nothing}\n")
		got := g.check(t, "behaviour", "required criterion missing", nil)
		require.Equal(t, harness, got.exit, got.reason)
		require.Contains(t, got.reason, "the required criterion behaviour.second.holds was not judged")
	})
	t.Run("no proof that it can fail", func(t *testing.T) {
		require.NoError(t, os.Remove(filepath.Join(g.root, "testdata", "mutants", "behaviour.yaml")))
		got := g.check(t, "behaviour", "nothing", nil)
		require.Equal(t, harness, got.exit, got.reason)
		require.Contains(t, got.reason, "suite behaviour has no mutant")
	})
	goCommand(t, g)
}

// goCommand puts something in the place of the go command that does to the stream
// what a broken pipe or a helpful wrapper would.
func goCommand(t *testing.T, g gate) {
	t.Helper()
	real, err := exec.LookPath("go")
	require.NoError(t, err)
	for _, test := range []struct{ name, script, says string }{
		{"cached", `exec "$REAL" test -json ./suites/plain`, "its result comes from the cache of the go command"},
		{"truncated JSON", `"$REAL" "$@" | head -c 300`, "TestSomething started and never ended"},
		{"no JSON", `"$REAL" "$@"; echo "thank you for using go"`, `is no event: "thank you for using go"`},
		{"nothing at all", `exit 0`, "was planned and never ran"},
		{"no go command left", `exit 127`, "its process ended with exit status 127"},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			script := fmt.Sprintf("#!/bin/sh\nREAL=%s\ncase \"$*\" in *-json*) ;; *) exec \"$REAL\" \"$@\" ;; esac\n%s\n", real, test.script)
			require.NoError(t, os.WriteFile(filepath.Join(dir, "go"), []byte(script), 0o755))
			environ := []string{"PATH=" + dir + string(os.PathListSeparator) + os.Getenv("PATH")}
			if test.name == "cached" {
				g.check(t, "plain", "", environ, "--source") // now there is something to show again
			}
			got := g.check(t, "plain", "", environ, "--source")
			require.Equal(t, harness, got.exit, got.reason)
			require.Equal(t, "error", got.verdict)
			require.Contains(t, got.reason, test.says)
		})
	}
}
