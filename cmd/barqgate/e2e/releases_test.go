// Package e2e deploys every release of the lab with the real binary: the good
// one is promoted, and each bad one is caught where it should be, taken back,
// and leaves the old version serving with its data whole.
package e2e

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/barq-platform/barqgate/fixtures/kube"
	"github.com/barq-platform/barqgate/fixtures/mssql"
	"github.com/barq-platform/barqgate/harness/environment"
	"github.com/barq-platform/barqgate/harness/journal"
	"github.com/barq-platform/barqgate/harness/journal/event"
	"github.com/barq-platform/barqgate/harness/run"
	"github.com/barq-platform/barqgate/harness/verdict"
	"github.com/stretchr/testify/require"
)

// stable is the release that runs before and after every bad one.
const stable = "v2.0.0"

// reportLine is where the last screen says where the run's report is.
var reportLine = regexp.MustCompile(`(?m)^report\s+(\S+)[/\\]report\.html$`)

// caught says where a bad release has to be stopped: by a criterion of a gate, or
// by the step whose error contains the words.
type caught struct {
	release   string
	criterion string
	step      string
	says      string
	// overrides are changes to the environment, as JSON: what has to be given up
	// for the release to get as far as it does.
	overrides string
}

// unguarded is an environment that applies a migration whatever its SQL says, and
// does not try it first.
const unguarded = `{"database":{"migrations":{"unsafe":"accept","rehearsal":{"mode":"none"}}}}`

var badReleases = []caught{
	{release: "v2.1.0-secret", criterion: "preflight.secrets.none-in-range", says: "github-pat"},
	{release: "v2.1.0-redcheck", criterion: "preflight.tests.passed", says: "failure"},
	{release: "v2.1.0-alert", criterion: "preflight.code-scanning.clean", says: "cs/sql-injection"},
	{release: "v2.1.0-unattested", criterion: "preflight.team.told", says: "expired"},
	{release: "v2.1.0-crash", step: "watch", says: "CrashLoopBackOff"},
	{release: "v2.1.0-notready", step: "watch", says: "ProgressDeadlineExceeded"},
	{release: "v2.1.0-badmigration", step: "judge", says: "rows of Tasks are deleted"},
	{release: "v2.1.0-badmigration", criterion: "database.rows.kept", says: "are lost", overrides: unguarded},
	{release: "v2.1.0-nodrain", criterion: "continuity.availability.no-outage"},
	{release: "v2.1.0-errors", criterion: "continuity.errors.rate-within-threshold"},
	{release: "v2.1.0-dataloss", criterion: "continuity.writes.exactly-once"},
	{release: "v2.1.0-stalechunk", criterion: "frontend.previous.served", says: "is gone"},
	{release: "v2.1.0-htmlscript", criterion: "frontend.types.match", says: "text/html"},
	{release: "v2.1.0-leak", criterion: "tenancy.list.own-only"},
	{release: "v2.1.0-aikey", criterion: "ai.provider.completes", says: "the provider refuses the key"},
	{release: "v2.1.0-stuckflow", criterion: "bpm.workflow.completes", says: "it is stuck at"},
	{release: "v2.1.0-errorlog", criterion: "logs.errors.rate-within-threshold", says: "Notification <n> could not be delivered"},
	{release: "v2.1.0-memleak", criterion: "resources.memory.within-threshold", says: "of its memory limit"},
	{release: "v2.1.0-slow", criterion: "performance.latency.p95-within-threshold"},
}

// bench is one lab and the binary under test.
type bench struct {
	root   string
	binary string
	env    *environment.Environment
}

func newBench(t *testing.T) *bench {
	t.Helper()
	b := benchBinary(t)
	var err error
	b.env, err = environment.Load(t.Context(), b.root, "local")
	require.NoError(t, err)
	return b
}

// deploy runs `barqgate deploy` and returns its exit code and the run's events.
func (b *bench) deploy(t *testing.T, release, overrides string) (exit int, events []event.Event, dir string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 8*time.Minute)
	defer cancel()
	cmd := b.command(ctx, "deploy", "-env=local", "--to="+release)
	if overrides != "" {
		cmd.Env = append(os.Environ(), environment.OverridesVariable+"="+overrides)
	}
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	err := cmd.Run()
	var failed *exec.ExitError
	if err != nil && !errors.As(err, &failed) {
		require.NoError(t, err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("output of barqgate deploy --to=%s:\n%s", release, output.String())
		}
	})
	found := reportLine.FindSubmatch(output.Bytes())
	require.NotNil(t, found, "the last screen says where the report is")
	dir = string(found[1])
	chain, err := journal.Replay(dir)
	require.NoError(t, err)
	require.False(t, chain.Torn)
	for _, record := range chain.Records {
		e, err := event.Decode(record)
		require.NoError(t, err)
		events = append(events, e)
	}
	return cmd.ProcessState.ExitCode(), events, dir
}

// decide deploys, and once more if the first run was held because the machine was
// too busy to measure. The second run counts whatever it says.
func (b *bench) decide(t *testing.T, release, overrides string) (exit int, events []event.Event, dir string) {
	t.Helper()
	exit, events, dir = b.deploy(t, release, overrides)
	if exit != int(run.Held) {
		return exit, events, dir
	}
	t.Logf("%s was held as inconclusive and is deployed once more: %v", release, failures(events))
	b.backToStable(t)
	return b.deploy(t, release, overrides)
}

// backToStable takes back what an earlier test has deployed.
func (b *bench) backToStable(t *testing.T) {
	t.Helper()
	cluster, err := kube.Connect(t.Context(), b.env.Kubernetes)
	require.NoError(t, err)
	d, err := cluster.Deployment(t.Context())
	require.NoError(t, err)
	if d.Image != b.env.Image(stable) {
		out, err := b.command(t.Context(), "rollback", "-env=local").CombinedOutput()
		require.NoError(t, err, "%s", out)
	}
	b.requireServing(t, stable)
}

// command is barqgate with these arguments, in the checkout.
func (b *bench) command(ctx context.Context, arguments ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, b.binary, arguments...)
	cmd.Dir = b.root
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = time.Minute
	return cmd
}

// rows counts the critical tables.
func (b *bench) rows(t *testing.T) map[string]int64 {
	t.Helper()
	db, err := mssql.Open(t.Context(), b.env.Database, b.env.Database.Name)
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	counts, err := db.RowCounts(t.Context(), b.env.Database.Critical)
	require.NoError(t, err)
	return counts
}

// requireServing asserts that the platform runs the release and nothing else.
func (b *bench) requireServing(t *testing.T, release string) {
	t.Helper()
	cluster, err := kube.Connect(t.Context(), b.env.Kubernetes)
	require.NoError(t, err)
	d, err := cluster.Deployment(t.Context())
	require.NoError(t, err)
	require.Equal(t, b.env.Image(release), d.Image)
	require.True(t, d.Complete, d.Status)
	pods, err := cluster.Pods(t.Context())
	require.NoError(t, err)
	for _, pod := range pods {
		require.True(t, pod.Terminating || (pod.Ready && pod.Image == d.Image), "%+v", pod)
	}
}

// TestReleases goes through the bad releases and then the good one, on one lab.
func TestReleases(t *testing.T) {
	b := newBench(t)
	b.requireServing(t, stable)
	for _, bad := range badReleases {
		ok := t.Run(bad.release, func(t *testing.T) {
			before := b.rows(t)
			exit, events, dir := b.decide(t, bad.release, bad.overrides)
			require.Equal(t, 1, exit, "a bad release is rolled back")
			requireCaught(t, bad, events)
			b.requireServing(t, stable)
			b.requireFrontend(t, stable)
			for table, count := range b.rows(t) {
				require.GreaterOrEqual(t, count, before[table], "rows of %s", table)
			}
			requireReports(t, dir, bad)
		})
		if !ok {
			t.FailNow() // the lab is not in the state that the next release needs
		}
	}
	t.Run("v2.1.0", func(t *testing.T) {
		exit, events, _ := b.decide(t, "v2.1.0", "")
		require.Equal(t, 0, exit)
		require.Empty(t, failures(events), "a good release fails no criterion")
		b.requireServing(t, "v2.1.0")
		b.requireFrontend(t, "v2.1.0")
	})
}

// requireCaught asserts that the release was stopped by what should stop it, and
// by nothing before that.
func requireCaught(t *testing.T, bad caught, events []event.Event) {
	t.Helper()
	if bad.step != "" {
		var found []string
		for _, e := range events {
			if step, ok := e.(event.StepFinished); ok && step.Outcome == event.Failed {
				found = append(found, step.Step+": "+step.Error)
			}
		}
		require.Len(t, found, 1)
		require.Contains(t, strings.ToLower(found[0]), bad.step)
		require.Contains(t, found[0], bad.says)
		return
	}
	failed := failures(events)
	require.Contains(t, failed, bad.criterion)
	require.Contains(t, failed[bad.criterion], bad.says)
}

// failures returns the criteria that did not pass before the rollback began.
func failures(events []event.Event) map[string]string {
	failed := map[string]string{}
	for _, e := range events {
		switch e := e.(type) {
		case event.RollbackStarted:
			return failed
		case event.CriterionJudged:
			if e.Record.Verdict != verdict.Pass {
				failed[e.Record.Criterion] = e.Record.Reason
			}
		}
	}
	return failed
}

// requireReports asserts that whoever opens the reports finds the reason.
func requireReports(t *testing.T, dir string, bad caught) {
	t.Helper()
	for _, name := range []string{"report.html", "report.md", "junit.xml", "report.json"} {
		data, err := os.ReadFile(filepath.Join(dir, name))
		require.NoError(t, err)
		want := bad.criterion
		if want == "" {
			want = bad.says
		}
		require.Contains(t, string(data), want, name)
	}
}
