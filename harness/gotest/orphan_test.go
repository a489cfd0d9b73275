package gotest_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/barq-platform/barqgate/harness/environment/environmenttest"
	"github.com/barq-platform/barqgate/harness/gotest"
	"github.com/stretchr/testify/require"
)

// orphanVariable makes the test binary run a suite and be killed while it does.
const orphanVariable = "BARQGATE_TEST_ORPHAN"

// orphan is the suite, and how it is run.
type orphan struct {
	Suite         gotest.Executable
	Env, Evidence string
	Environ       []string
	Source        bool
	PIDFile       string // the suite has written it when it hangs
}

// leaveOrphan is the whole process. It dies as soon as the suite hangs.
func leaveOrphan(text string) int {
	var o orphan
	if err := json.Unmarshal([]byte(text), &o); err != nil {
		fmt.Println(err)
		return 1
	}
	if o.Source { // how it is run is no business of JSON
		set, err := workspace("").Sources(context.Background(), []string{"behaviour"}, nil)
		if err != nil {
			fmt.Println(err)
			return 1
		}
		o.Suite = set["behaviour"]
	}
	go func() {
		for {
			if written, err := os.ReadFile(o.PIDFile); err == nil && len(written) > 0 {
				_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			}
			time.Sleep(10 * time.Millisecond)
		}
	}()
	fmt.Println(o.Suite.Run(context.Background(), gotest.Options{Env: o.Env, Evidence: o.Evidence, Environ: o.Environ}).Reason)
	return 0
}

// A suite whose harness was killed must not go on beside the suites of the run that
// takes its place.
func TestSuiteEndsWithTheHarness(t *testing.T) {
	for name, source := range map[string]bool{"compiled": false, "source": true} {
		t.Run(name, func(t *testing.T) {
			binary, options := bad(t, "behaviour", "hang and say where")
			if source {
				options.Env, options.Environ = "local", append(environmenttest.LocalWithoutLab(t), options.Environ...)
			}
			pidFile := filepath.Join(t.TempDir(), "pid")
			options.Environ = append(options.Environ, "PIDFILE="+pidFile)
			text, err := json.Marshal(orphan{Suite: binary, Env: options.Env, Evidence: options.Evidence, Environ: options.Environ, Source: source, PIDFile: pidFile})
			require.NoError(t, err)
			harness := exec.CommandContext(t.Context(), os.Args[0])
			harness.Env = append(os.Environ(), orphanVariable+"="+string(text))
			out, err := harness.CombinedOutput()
			require.Error(t, err, "%s", out)
			require.Equal(t, -1, harness.ProcessState.ExitCode(), "it was killed: %s", out)
			written, err := os.ReadFile(pidFile)
			require.NoError(t, err, "%s", out)
			pid, err := strconv.Atoi(strings.TrimSpace(string(written)))
			require.NoError(t, err)
			require.Eventually(t, func() bool { return dead(pid) }, 20*time.Second, 20*time.Millisecond)
		})
	}
}
