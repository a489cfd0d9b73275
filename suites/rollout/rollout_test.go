// Package rollout_test checks what a rolling update has left behind: the wanted
// number of ready pods, all of the new image, that stay up.
package rollout_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/barq-platform/barqgate/fixtures/barq"
	"github.com/barq-platform/barqgate/fixtures/kube"
	"github.com/barq-platform/barqgate/harness/suite"
	"github.com/stretchr/testify/require"
)

func TestMain(m *testing.M) {
	suite.Main(m, suite.Suite{Name: "rollout", About: "The rollout is complete: every pod runs the release, is ready, and stays so."})
}

func connect(t *testing.T, c *suite.Check) *kube.Cluster {
	t.Helper()
	cluster, err := kube.Connect(t.Context(), suite.Env().Kubernetes)
	c.Require(err == nil, "%v", err)
	return cluster
}

// running lists the pods that are not on their way out.
func running(t *testing.T, c *suite.Check, cluster *kube.Cluster) []kube.Pod {
	t.Helper()
	pods, err := cluster.Pods(t.Context())
	c.Require(err == nil, "%v", err)
	var kept []kube.Pod
	for _, p := range pods {
		if !p.Terminating {
			kept = append(kept, p)
		}
	}
	return kept
}

func TestRolloutIsComplete(t *testing.T) {
	c := suite.Criterion(t, "rollout.status.complete", "The Deployment is rolled out with the configured number of replicas.")
	want := suite.Env().Kubernetes.Replicas
	c.Needs(want)
	c.WouldCatch("one replica that is missing, old or unavailable")
	d, err := connect(t, c).Deployment(t.Context())
	c.Require(err == nil, "%v", err)
	c.EvidenceJSON("deployment.json", d)
	c.Require(d.Complete, "the rollout is not complete: %s", d.Status)
	c.Require(int(d.Replicas) == want, "the Deployment wants %d replicas; expected %d", d.Replicas, want)
	c.Require(int(d.Available) == want, "%d of %d replicas are available", d.Available, want)
	c.Observed(int(d.Updated), "updated and available replicas")
}

func TestPodsRunTheImage(t *testing.T) {
	c := suite.Criterion(t, "rollout.pods.run-the-image", "Every pod is ready and runs the image of the release.")
	c.Needs(suite.Env().Kubernetes.Replicas)
	c.WouldCatch("one pod of another image, or one that is not ready")
	cluster := connect(t, c)
	d, err := cluster.Deployment(t.Context())
	c.Require(err == nil, "%v", err)
	image := d.Image
	if _, deployed := suite.Deployment(); deployed {
		image = c.Fact(barq.FactToImage)
	}
	pods := running(t, c, cluster)
	c.EvidenceJSON("pods.json", pods)
	for _, p := range pods {
		c.Require(p.Image == image, "pod %s runs %s; expected %s", p.Name, p.Image, image)
		c.Require(p.Ready, "pod %s (%s) is not ready", p.Name, p.Phase)
		c.Observed(1, "ready pods of the image")
	}
}

func TestRevisionIsRecorded(t *testing.T) {
	c := suite.Criterion(t, "rollout.revision.recorded", "The live revision is the one this deployment made.")
	c.WouldCatch("somebody else's change after the rollout")
	want, err := strconv.ParseInt(c.Fact(barq.FactToRevision), 10, 64)
	require.NoError(t, err)
	d, err := connect(t, c).Deployment(t.Context())
	c.Require(err == nil, "%v", err)
	c.Require(d.Revision == want, "the live revision is %d (%s); this deployment made %d", d.Revision, d.Image, want)
	c.Observed(1, "revisions compared")
}

// TestPodsStayUp looks for as long as a crash loop needs to show.
func TestPodsStayUp(t *testing.T) {
	const window, interval = 5 * time.Second, 500 * time.Millisecond
	c := suite.Criterion(t, "rollout.pods.stay-up", "No pod restarts, and none stops being ready.")
	c.Needs(int(window/interval) - 1)
	c.WouldCatch("a pod that crashes within %s, or has restarted more than %d times since it started", window, suite.Env().Kubernetes.MaxRestarts)
	cluster := connect(t, c)
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for end := time.Now().Add(window); time.Now().Before(end); <-tick.C {
		pods := running(t, c, cluster)
		c.Require(len(pods) >= suite.Env().Kubernetes.Replicas, "%d pods are running; expected %d", len(pods), suite.Env().Kubernetes.Replicas)
		for _, p := range pods {
			c.Require(int(p.Restarts) <= suite.Env().Kubernetes.MaxRestarts, "pod %s has restarted %d times; expected at most %d", p.Name, p.Restarts, suite.Env().Kubernetes.MaxRestarts)
			c.Require(p.Ready, "pod %s stopped being ready", p.Name)
		}
		c.Observed(1, "looks at all pods")
	}
}
