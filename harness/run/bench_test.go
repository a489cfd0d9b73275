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
// own. Behind every tenth it starts the same processes without barqgate, so that
// both see the same load of the machine; what a suite costs beyond them is the
// harness's own.
func BenchmarkThousandSuites(b *testing.B) {
	const phases, suites, every = 100, 1000, 10
	path, err := exec.Command("go", "tool", "-n", "test2json").Output()
	require.NoError(b, err)
	converter := strings.TrimSpace(string(path))
	for b.Loop() {
		c, one := thousand(b, phases)
		between := &between{every: every, heap: map[int]uint64{}}
		between.do = func() { bare(b, one, converter, fmt.Sprintf("00-s%d", between.finished)) }
		between.cost = func() cost { return costNow(b) }
		c.Watcher = between
		before := costNow(b)
		o, err := Execute(b.Context(), c)
		all := costNow(b).less(before).less(between.spent)
		require.NoError(b, err)
		require.Equal(b, Promoted, o.Exit, o.Reason)
		require.Equal(b, suites/every, between.times)

		process := between.spent.of(between.times)
		suite := all.of(suites)
		b.ReportMetric(milliseconds(suite.wall-process.wall), "overhead-ms/suite")
		b.ReportMetric(milliseconds(suite.processor-process.processor), "overhead-cpu-ms/suite")
		b.ReportMetric(milliseconds(process.wall), "process-ms/suite")
		b.ReportMetric(between.at(suites/10), "heap-kB-after-100")
		b.ReportMetric(between.at(suites), "heap-kB-after-1000")
		b.ReportMetric(0, "ns/op") // of 1000 processes, says nothing
	}
}

// bare starts what an execution of the suite starts, and nothing else: the test
// binary, and test2json behind it.
func bare(b *testing.B, e gotest.Executable, converter, name string) {
	b.Helper()
	evidence := filepath.Join(b.TempDir(), name)
	require.NoError(b, os.MkdirAll(evidence, 0o755))
	events, err := os.Create(filepath.Join(evidence, "events.jsonl"))
	require.NoError(b, err)
	defer events.Close() // what is in it is not looked at
	output, input, err := os.Pipe()
	require.NoError(b, err)
	suite := exec.Command(e.Path, "-test.v=test2json", "-test.paniconexit0", "-env="+environmenttest.Name, "-evidence="+evidence)
	suite.Dir, suite.Stdout, suite.Stderr = e.Dir, input, input
	reader := exec.Command(converter, "-t", "-p", e.Suite)
	reader.Stdin, reader.Stdout = output, events
	require.NoError(b, reader.Start())
	require.NoError(b, suite.Start())
	require.NoError(b, input.Close())
	require.NoError(b, output.Close())
	require.NoError(b, suite.Wait())
	require.NoError(b, reader.Wait())
}

// cost is what something takes.
type cost struct {
	wall, processor time.Duration // of this process only, not of those that it starts
}

func (c cost) less(d cost) cost { return cost{c.wall - d.wall, c.processor - d.processor} }
func (c cost) plus(d cost) cost { return cost{c.wall + d.wall, c.processor + d.processor} }
func (c cost) of(n int) cost {
	return cost{c.wall / time.Duration(n), c.processor / time.Duration(n)}
}

var begin = time.Now()

func costNow(b *testing.B) cost {
	b.Helper()
	return cost{wall: time.Since(begin), processor: processorTime(b)}
}

// between does something behind every so many suites, and measures it, and the heap
// behind every hundredth.
type between struct {
	nobody
	every    int
	do       func()
	cost     func() cost
	finished int // suites
	times    int // that it was done
	spent    cost
	heap     map[int]uint64 // bytes, by suites finished
}

// Recorded counts the suites.
func (w *between) Recorded(_ journal.Record, e event.Event) {
	if _, ok := e.(event.SuiteFinished); !ok {
		return
	}
	w.finished++
	if w.finished%100 == 0 {
		w.measureHeap()
	}
	if w.finished%w.every == 0 {
		before := w.cost()
		w.do()
		w.times++
		w.spent = w.spent.plus(w.cost().less(before))
	}
}

// measureHeap takes a hundredth of a millisecond from each suite's account.
func (w *between) measureHeap() {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	w.heap[w.finished] = stats.HeapAlloc
}

// at returns the heap in kB.
func (w *between) at(finished int) float64 { return float64(w.heap[finished]) / 1000 }

// processorTime is what this process has used, without those that it has started.
func processorTime(b *testing.B) time.Duration {
	b.Helper()
	var usage syscall.Rusage
	require.NoError(b, syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
