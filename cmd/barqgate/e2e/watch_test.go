package e2e

import (
	"bytes"
	"errors"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/barq-platform/barqgate/fixtures/kube"
	"github.com/barq-platform/barqgate/harness/journal"
	"github.com/barq-platform/barqgate/harness/journal/event"
)

// TestWatch watches a release that is well, and then one that storms with errors
// after it has passed every gate: that one is taken back.
func TestWatch(t *testing.T) {
	b := newBench(t)
	cluster, err := kube.Connect(t.Context(), b.env.Kubernetes)
	require.NoError(t, err)
	before, err := cluster.Deployment(t.Context())
	require.NoError(t, err)
	t.Run("what runs is well", func(t *testing.T) {
		exit, events := b.watch(t)
		require.Empty(t, failures(events))
		require.Equal(t, 0, exit)
	})
	t.Run("v2.0.1-storm is taken back", func(t *testing.T) {
		_, err := cluster.SetImage(t.Context(), b.env.Image("v2.0.1-storm"))
		require.NoError(t, err)
		require.NoError(t, cluster.WatchRollout(t.Context(), b.env.Kubernetes.RolloutTimeout, func(string) {}))
		exit, events := b.watch(t)
		require.Equal(t, 1, exit, "it is rolled back")
		require.Contains(t, failures(events)["watch.alerts.none-critical"], "a critical alert was raised")
		b.requireServing(t, before.Tag())
	})
}

// watch runs `barqgate watch` and returns its exit code and the run's events.
func (b *bench) watch(t *testing.T) (exit int, events []event.Event) {
	t.Helper()
	cmd := b.command(t.Context(), "watch", "-env=local")
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	err := cmd.Run()
	var failed *exec.ExitError
	if err != nil && !errors.As(err, &failed) {
		require.NoError(t, err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("output of barqgate watch:\n%s", output.String())
		}
	})
	found := reportLine.FindSubmatch(output.Bytes())
	require.NotNil(t, found, "the last screen says where the report is")
	chain, err := journal.Replay(string(found[1]))
	require.NoError(t, err)
	for _, record := range chain.Records {
		e, err := event.Decode(record)
		require.NoError(t, err)
		events = append(events, e)
	}
	return cmd.ProcessState.ExitCode(), events
}
