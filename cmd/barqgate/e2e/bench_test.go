package e2e

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/barq-platform/barqgate/fixtures/lab"
	"github.com/barq-platform/barqgate/harness/environment"
	"github.com/barq-platform/barqgate/harness/journal"
	"github.com/barq-platform/barqgate/harness/journal/event"
	"github.com/stretchr/testify/require"
)

// benchLab is the lab of the benchmarks, beside any other.
const benchLab = "bench"

// lab runs a subcommand of `barqgate lab` on the benchmarks' lab.
func (b *bench) lab(tb testing.TB, arguments ...string) []byte {
	tb.Helper()
	cmd := exec.Command(b.binary, append([]string{"lab"}, arguments...)...)
	cmd.Dir, cmd.Stderr = b.root, os.Stderr
	out, err := cmd.Output()
	require.NoError(tb, err, "barqgate lab %v", arguments)
	return out
}

// resident sums the resident memory of the lab's processes, in MiB; parts inside
// one process count once.
func (b *bench) resident(tb testing.TB) float64 {
	tb.Helper()
	var status lab.Status
	require.NoError(tb, json.Unmarshal(b.lab(tb, "status", "--output=json"), &status))
	byProcess := map[int]int64{}
	for _, part := range status.Parts {
		byProcess[part.PID] = part.RSS
	}
	for _, pod := range status.Pods {
		byProcess[pod.PID] = pod.RSS
	}
	require.Greater(tb, len(byProcess), 5)
	var total int64
	for _, bytes := range byProcess {
		total += bytes
	}
	return float64(total) / (1 << 20)
}

// BenchmarkLab measures how long a lab takes until every pod is ready, with
// binaries built, and what it needs at rest.
func BenchmarkLab(b *testing.B) {
	b.Setenv("BARQ_LAB", benchLab)
	bench := benchBinary(b)
	bench.lab(b, "up") // builds what is not built yet
	for b.Loop() {
		b.StopTimer()
		bench.lab(b, "down")
		b.StartTimer()
		bench.lab(b, "up", "--output=env")
	}
	b.ReportMetric(bench.resident(b), "MiB-resident")
	bench.lab(b, "down")
}

// BenchmarkDeploy measures `barqgate deploy` of the good release, from a lab that
// is down, and how densely continuity probed.
func BenchmarkDeploy(b *testing.B) {
	b.Setenv("BARQ_LAB", benchLab)
	bench := benchBinary(b)
	var rate float64
	for b.Loop() {
		b.StopTimer()
		bench.lab(b, "down")
		b.StartTimer()
		cmd := exec.Command(bench.binary, "deploy", "-env=local", "--to=v2.1.0")
		cmd.Dir = bench.root
		out, err := cmd.CombinedOutput()
		require.NoError(b, err, "%s", out)
		b.StopTimer()
		rate = bench.probeRate(b)
		b.StartTimer()
	}
	b.ReportMetric(rate, "probes/s")
	bench.lab(b, "down")
}

// benchBinary builds barqgate for a benchmark.
func benchBinary(tb testing.TB) *bench {
	tb.Helper()
	root, err := environment.Root()
	require.NoError(tb, err)
	b := &bench{root: root, binary: filepath.Join(root, ".barqgate", "bin", "barqgate")}
	build := exec.Command("go", "build", "-o", b.binary, "./cmd/barqgate")
	build.Dir = root
	out, err := build.CombinedOutput()
	require.NoError(tb, err, "build barqgate: %s", out)
	return b
}

// probeRate returns the rate that continuity achieved in the newest run.
func (b *bench) probeRate(tb testing.TB) float64 {
	tb.Helper()
	runs, err := filepath.Glob(filepath.Join(b.root, ".barqgate", "runs", "*"))
	require.NoError(tb, err)
	require.NotEmpty(tb, runs)
	chain, err := journal.Replay(runs[len(runs)-1])
	require.NoError(tb, err)
	for _, record := range chain.Records {
		e, err := event.Decode(record)
		require.NoError(tb, err)
		judged, ok := e.(event.CriterionJudged)
		if !ok || judged.Record.Criterion != "continuity.probe.dense-enough" {
			continue
		}
		if rate, ok := judged.Record.Measured["rate"].(float64); ok {
			return rate
		}
	}
	require.Fail(tb, "the run recorded no probe rate")
	return 0
}
