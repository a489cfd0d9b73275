package kill

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestTwoAtOnce starts two deployments at the same time: exactly one proceeds, and
// the other says who is at work.
func TestTwoAtOnce(t *testing.T) {
	w := newWorld(t)
	w.reset(t)
	commands := []*exec.Cmd{}
	outputs := []*bytes.Buffer{{}, {}}
	for _, output := range outputs {
		cmd := w.command(t, "", "deploy", "-env=local", "--to="+good)
		cmd.Stdout, cmd.Stderr = output, output
		require.NoError(t, cmd.Start())
		commands = append(commands, cmd)
	}
	var exits []int
	for _, cmd := range commands {
		if err := cmd.Wait(); err != nil {
			failed := (*exec.ExitError)(nil)
			require.True(t, errors.As(err, &failed), "%v", err)
		}
		exits = append(exits, cmd.ProcessState.ExitCode())
	}
	require.ElementsMatch(t, []int{0, 3}, exits, "%s\n%s", outputs[0], outputs[1])
	refused := outputs[0].String()
	if exits[0] == 0 {
		refused = outputs[1].String()
	}
	host, err := os.Hostname()
	require.NoError(t, err)
	require.Contains(t, refused, "somebody else is changing this environment: ")
	require.Contains(t, refused, "@"+host+", run ")
	require.Contains(t, refused, ", since ")
}

// TestNobodyProvesDuringADeployment: the faults of a proof would be taken for those
// of the release.
func TestNobodyProvesDuringADeployment(t *testing.T) {
	w := newWorld(t)
	held, err := w.cluster(t).Reserve(t.Context(), "somebody@elsewhere, run 1", time.Minute, func(string) {})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, held.Release()) })
	exit, out := w.barqgate(t, "", "prove", "-env=local", "health")
	require.Equal(t, 3, exit, out)
	require.Contains(t, out, "somebody else is changing this environment: somebody@elsewhere, run 1, since ")
}
