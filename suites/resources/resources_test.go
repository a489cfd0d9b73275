// Package resources_test measures what the pods use, as a share of what they may:
// several times, by metrics.k8s.io, with proof that the measurements are new.
package resources_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/barq-platform/barqgate/fixtures/kube"
	"github.com/barq-platform/barqgate/harness/suite"
)

func TestMain(m *testing.M) {
	suite.Main(m, suite.Suite{Name: "resources", About: "Every pod stays below the thresholds for memory and CPU, by fresh measurements."})
}

// use is what one pod used over the window.
type use struct {
	Pod         string    `json:"pod"`
	MemoryLimit int64     `json:"memoryLimitBytes"` // 0: none
	CPULimit    int64     `json:"cpuLimitMilli"`    // 0: none
	Memory      []int64   `json:"memoryBytes"`
	CPU         []int64   `json:"cpuMilli"`
	At          time.Time `json:"lastMeasured"`
}

func TestResources(t *testing.T) {
	uses := map[string]*use{}
	t.Run("metrics", func(t *testing.T) { testMetrics(t, uses) })
	t.Run("memory", func(t *testing.T) { testMemory(t, uses) })
	t.Run("cpu", func(t *testing.T) { testCPU(t, uses) })
}

// testMetrics collects different measurements of every running pod.
func testMetrics(t *testing.T, uses map[string]*use) {
	c := suite.Criterion(t, "resources.metrics.current", "Every running pod has measurements that are fresh and go on.")
	conf, replicas := suite.Env().Resources, suite.Env().Kubernetes.Replicas
	c.Needs(replicas * conf.Samples)
	c.WouldCatch("one pod without metrics, or with metrics older than %s", conf.MaxAge)
	cluster, err := kube.Connect(t.Context(), suite.Env().Kubernetes)
	require.NoError(t, err)
	tick := time.NewTicker(conf.Interval)
	defer tick.Stop()
	for end := time.Now().Add(conf.Window); !enough(uses, replicas, conf.Samples) && time.Now().Before(end); <-tick.C {
		look(t, c, cluster, uses)
	}
	c.EvidenceJSON("uses.json", uses)
	c.Require(len(uses) >= replicas, "%d pods are measured; expected %d", len(uses), replicas)
	for _, u := range uses {
		c.Require(len(u.Memory) >= conf.Samples, "pod %s was measured %d times within %s; expected at least %d: its metrics do not go on", u.Pod, len(u.Memory), conf.Window, conf.Samples)
		c.Observed(len(u.Memory), "fresh measurements")
	}
}

// look takes one more measurement of every running pod, if there is a new one.
func look(t *testing.T, c *suite.Check, cluster *kube.Cluster, uses map[string]*use) {
	t.Helper()
	pods, err := cluster.Pods(t.Context())
	c.Require(err == nil, "%v", err)
	measured, err := cluster.Usages(t.Context())
	c.Require(err == nil, "%v", err)
	byPod := map[string]kube.Usage{}
	for _, usage := range measured {
		byPod[usage.Pod] = usage
	}
	for _, pod := range pods {
		if pod.Terminating || !pod.Ready {
			continue
		}
		usage, found := byPod[pod.Name]
		c.Require(found, "pod %s has no metrics; without them nobody knows what it uses", pod.Name)
		age := time.Since(usage.At)
		c.Require(age <= suite.Env().Resources.MaxAge, "the metrics of pod %s are %s old; expected at most %s", pod.Name, age.Round(time.Second), suite.Env().Resources.MaxAge)
		c.Require(usage.Memory > 0, "the metrics of pod %s say that it uses no memory, which no process does", pod.Name)
		u := uses[pod.Name]
		if u == nil {
			u = &use{Pod: pod.Name, MemoryLimit: pod.MemoryLimit, CPULimit: pod.CPULimit}
			uses[pod.Name] = u
		}
		if usage.At.After(u.At) {
			u.At, u.Memory, u.CPU = usage.At, append(u.Memory, usage.Memory), append(u.CPU, usage.CPU)
		}
	}
}

// enough reports whether every expected pod has its measurements.
func enough(uses map[string]*use, replicas, samples int) bool {
	for _, u := range uses {
		if len(u.Memory) < samples {
			return false
		}
	}
	return len(uses) >= replicas
}

func testMemory(t *testing.T, uses map[string]*use) {
	threshold := suite.Env().Thresholds.MemoryShare
	c := suite.Criterion(t, "resources.memory.within-threshold", fmt.Sprintf("Every pod uses less than %g %% of the memory that it may.", 100*threshold))
	c.WouldCatch("one pod that reaches %g %% of its memory in one measurement", 100*threshold)
	judge(c, uses, "memory", threshold, func(u *use) (int64, int64) { return highest(u.Memory), or(u.MemoryLimit, suite.Env().Resources.Memory) })
}

func testCPU(t *testing.T, uses map[string]*use) {
	threshold := suite.Env().Thresholds.CPUShare
	c := suite.Criterion(t, "resources.cpu.within-threshold", fmt.Sprintf("Every pod uses less than %g %% of the CPU that it may, on average over the window.", 100*threshold))
	c.WouldCatch("one pod whose CPU averages %g %% of its limit", 100*threshold)
	judge(c, uses, "cpu", threshold, func(u *use) (int64, int64) { return mean(u.CPU), or(u.CPULimit, suite.Env().Resources.CPU) })
}

// judge compares every pod's use with its limit. Without enough measurements there
// is nothing to judge, and without a limit there is no share.
func judge(c *suite.Check, uses map[string]*use, what string, threshold float64, of func(*use) (used, limit int64)) {
	conf := suite.Env().Resources
	if !enough(uses, suite.Env().Kubernetes.Replicas, conf.Samples) {
		c.Inconclusive("not every pod was measured %d times", conf.Samples)
	}
	c.Needs(suite.Env().Kubernetes.Replicas)
	largest := 0.0
	for _, u := range uses {
		used, limit := of(u)
		c.Require(limit > 0, "the container of pod %s has no %s limit, and resources.%s sets none: a share of nothing cannot be judged", u.Pod, what, what)
		share := float64(used) / float64(limit)
		largest = max(largest, share)
		c.Require(share < threshold, "pod %s uses %.0f %% of its %s limit (%d of %d %s); expected less than %g %%", u.Pod, 100*share, what, used, limit, unit(what), 100*threshold)
		c.Observed(1, "pods below their "+what+" threshold")
	}
	c.Measured("largest-share", largest)
}

func unit(what string) string {
	if what == "cpu" {
		return "thousandths of a core"
	}
	return "bytes"
}

func or(own, configured int64) int64 {
	if own > 0 {
		return own
	}
	return configured
}

func highest(values []int64) int64 {
	top := int64(0)
	for _, v := range values {
		top = max(top, v)
	}
	return top
}

func mean(values []int64) int64 {
	total := int64(0)
	for _, v := range values {
		total += v
	}
	return total / int64(max(len(values), 1))
}
