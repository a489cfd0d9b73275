package kill

import (
	"errors"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestCompanionThatMisbehaves does to the companion of a deployment what happens to
// processes: it is killed, and it hangs. The deployment is taken back.
func TestCompanionThatMisbehaves(t *testing.T) {
	w := newWorld(t)
	for name, test := range map[string]struct {
		when   string // what the live view has to say first
		signal syscall.Signal
		says   string
	}{
		"dies early":    {"Watch the rollout", syscall.SIGKILL, "continuity: it ended before the steps that it accompanies"},
		"never starts":  {"suite continuity", syscall.SIGSTOP, "continuity: it did not begin to observe within 40s"},
		"will not stop": {"Let the new release serve", syscall.SIGSTOP, "continuity: told to stop, it did not end within 40s"},
	} {
		t.Run(name, func(t *testing.T) {
			w.reset(t)
			cmd := w.command(t, "", "deploy", "-env=local", "--to="+good)
			cmd.Env = append(cmd.Env, changed(t, "run", map[string]any{
				"suite": "40s", "onlySuites": []string{"preflight", "health", "database", "rollout", "tenancy", "continuity"},
			}))
			output := &watched{looksFor: test.when, found: make(chan struct{})}
			cmd.Stdout, cmd.Stderr = output, output
			require.NoError(t, cmd.Start())
			ended := make(chan error, 1)
			go func() { ended <- cmd.Wait() }()
			select {
			case <-output.found:
			case err := <-ended:
				require.Fail(t, "it ended before it was seen", "%v: %s", err, output)
			}
			require.NoError(t, syscall.Kill(companionOf(t, cmd.Process.Pid), test.signal))
			failed := (*exec.ExitError)(nil)
			require.True(t, errors.As(<-ended, &failed), "%s", output)
			require.Equal(t, 4, failed.ExitCode(), "%s", output)
			require.Contains(t, output.String(), test.says)
			s := w.state(t, 0)
			require.Equal(t, w.env.Image(before), s.Image)
			require.Equal(t, before, s.Frontend)
			require.True(t, s.Complete)
		})
	}
}

// companionOf returns the process of the companion that the process has started.
func companionOf(t *testing.T, parent int) int {
	t.Helper()
	var out []byte
	require.Eventually(t, func() bool {
		var err error
		out, err = exec.CommandContext(t.Context(), "pgrep", "-P", strconv.Itoa(parent), "continuity").Output()
		return err == nil
	}, time.Minute, time.Millisecond)
	pid, err := strconv.Atoi(strings.TrimSpace(string(out)))
	require.NoError(t, err)
	return pid
}
