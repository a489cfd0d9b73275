package run

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/barq-platform/barqgate/harness/environment"
	"github.com/barq-platform/barqgate/harness/environment/environmenttest"
	"github.com/barq-platform/barqgate/harness/gotest"
	"github.com/barq-platform/barqgate/harness/journal"
	"github.com/barq-platform/barqgate/harness/journal/event"
	"github.com/barq-platform/barqgate/harness/plan"
	"github.com/stretchr/testify/require"
)

// thousand is a plan of so many phases with ten suites each.
func thousand(b *testing.B, phases int) (Config, gotest.Executable) {
	b.Helper()
	set, err := build()
	require.NoError(b, err)
	root := environmenttest.Root(b, nil)
	env, err := environment.Load(b.Context(), root, environmenttest.Name)
	require.NoError(b, err)
	one := set["scripted"]
	one.Dir = root
	suites := gotest.Set{"after": one}
	p := &plan.Plan{Name: "synthetic", Env: env, From: "v1", To: "v2", RollbackGate: plan.Gate{Suites: []string{"after"}}}
	for i := range phases {
		var names []string
		for j := range 10 {
			name := fmt.Sprintf("s%03d%d", i, j)
			one.Suite = name
			suites[name] = one
			names = append(names, name)
		}
		p.Phases = append(p.Phases, plan.Phase{Name: fmt.Sprint("phase ", i), Gate: plan.Gate{Suites: names}})
	}
	return Config{Root: root, Run: "r1", Dir: filepath.Join(b.TempDir(), "run"), Suites: suites, Plan: p, SuiteTimeout: time.Minute}, one
}

// BenchmarkThousandSuites executes a plan of 1000 suites, each a process of its
// own, and compares it with starting the same processes without barqgate. Wall time
// depends on who else uses the machine; the processor time of barqgate itself does
// not.
func BenchmarkThousandSuites(b *testing.B) {
	const phases, suites = 100, 1000
	for b.Loop() {
		c, one := thousand(b, phases)
		memory := &memoryWatcher{}
		c.Watcher = memory
		before, started := processorTime(b), time.Now()
		o, err := Execute(b.Context(), c)
		took, used := time.Since(started), processorTime(b)-before
		require.NoError(b, err)
		require.Equal(b, Promoted, o.Exit, o.Reason)

		path, err := exec.Command("go", "tool", "-n", "test2json").Output()
		require.NoError(b, err)
		converter := strings.TrimSpace(string(path))
		started = time.Now()
		for i := range suites / 10 { // a tenth is enough to know what a process takes
			bare(b, one, converter, fmt.Sprintf("%02d-s%d", i, i))
		}
		process := time.Since(started) * 10

		b.ReportMetric(milliseconds(took-process)/suites, "overhead-ms/suite")
		b.ReportMetric(milliseconds(used)/suites, "own-cpu-ms/suite")
		b.ReportMetric(milliseconds(process)/suites, "process-ms/suite")
		b.ReportMetric(memory.at(suites/10), "heap-kB-after-100")
		b.ReportMetric(memory.at(suites), "heap-kB-after-1000")
		b.ReportMetric(0, "ns/op") // of 1000 processes, says nothing
	}
}

// bare starts what an execution of the suite starts, and nothing else: the test
// binary, and test2json behind it.
func bare(b *testing.B, e gotest.Executable, converter, name string) {
	b.Helper()
	evidence := filepath.Join(b.TempDir(), name)
	require.NoError(b, os.MkdirAll(evidence, 0o755))
	script := `"$0" -test.v=test2json -test.paniconexit0 -env="$1" -evidence="$2" 2>&1 | "$3" -t -p scripted >"$2/events.jsonl"`
	cmd := exec.CommandContext(b.Context(), "sh", "-c", script, e.Path, environmenttest.Name, evidence, converter)
	cmd.Dir = e.Dir
	out, err := cmd.CombinedOutput()
	require.NoError(b, err, "%s", out)
}

// memoryWatcher measures the heap after so many suites.
type memoryWatcher struct {
	nobody
	finished int
	heap     map[int]uint64
}

// Recorded counts the suites.
func (m *memoryWatcher) Recorded(_ journal.Record, e event.Event) {
	if _, ok := e.(event.SuiteFinished); !ok {
		return
	}
	if m.finished++; m.finished%100 != 0 {
		return
	}
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	if m.heap == nil {
		m.heap = map[int]uint64{}
	}
	m.heap[m.finished] = stats.HeapAlloc
}

// at returns the heap in kB.
func (m *memoryWatcher) at(finished int) float64 { return float64(m.heap[finished]) / 1000 }

// processorTime is what this process has used, without those that it has started.
func processorTime(b *testing.B) time.Duration {
	b.Helper()
	var usage syscall.Rusage
	require.NoError(b, syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
