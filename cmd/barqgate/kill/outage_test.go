package kill

import (
	"encoding/json"
	"io"
	"maps"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/barq-platform/barqgate/harness/environment"
)

// outage is how long the API server cannot be reached.
const outage = 30 * time.Second

// wire passes connections on to the API server until it is cut.
type wire struct {
	t       *testing.T
	target  string
	address string

	mu       sync.Mutex
	listener net.Listener
	open     map[net.Conn]bool
}

func newWire(t *testing.T, target string) *wire {
	t.Helper()
	w := &wire{t: t, target: target, address: "127.0.0.1:0", open: map[net.Conn]bool{}}
	w.mend()
	t.Cleanup(w.cut)
	return w
}

// mend begins to pass connections on, at the same address as before.
func (w *wire) mend() {
	listener, err := net.Listen("tcp", w.address)
	require.NoError(w.t, err)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.listener, w.address = listener, listener.Addr().String()
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return // cut
			}
			go w.pass(conn)
		}
	}()
}

func (w *wire) pass(from net.Conn) {
	to, err := net.Dial("tcp", w.target)
	if err != nil {
		_ = from.Close()
		return
	}
	w.mu.Lock()
	w.open[from], w.open[to] = true, true
	w.mu.Unlock()
	done := make(chan struct{}, 2)
	for _, pair := range [][2]net.Conn{{from, to}, {to, from}} {
		go func() {
			_, _ = io.Copy(pair[1], pair[0])
			done <- struct{}{}
		}()
	}
	<-done
	_, _ = from.Close(), to.Close()
	w.mu.Lock()
	delete(w.open, from)
	delete(w.open, to)
	w.mu.Unlock()
}

// cut refuses new connections and breaks those that there are.
func (w *wire) cut() {
	w.mu.Lock()
	defer w.mu.Unlock()
	_ = w.listener.Close()
	for conn := range w.open {
		_ = conn.Close()
	}
}

// TestTheAPIServerIsAwayForAWhile cuts the network to the API server for 30 s when
// the image is being set. The deployment rides it out, and one that has to be rolled
// back is.
func TestTheAPIServerIsAwayForAWhile(t *testing.T) {
	w := newWorld(t)
	kubeconfig, err := os.ReadFile(w.env.Kubernetes.Kubeconfig)
	require.NoError(t, err)
	server := regexp.MustCompile(`https://(127\.0\.0\.1:\d+)`).FindSubmatch(kubeconfig)
	require.NotNil(t, server, "%s", kubeconfig)
	line := newWire(t, string(server[1]))
	through := filepath.Join(t.TempDir(), "kubeconfig")
	require.NoError(t, os.WriteFile(through, []byte(strings.ReplaceAll(string(kubeconfig), string(server[1]), line.address)), 0o600))
	for _, test := range []struct {
		release string
		exit    int
		image   string // in the end
		changes int64  // of the Deployment
	}{{good, 0, good, 1}, {bad, 1, before, 2}} {
		t.Run(test.release, func(t *testing.T) {
			w.reset(t)
			since := w.revision(t)
			cmd := w.command(t, "", "deploy", "-env=local", "--to="+test.release)
			cmd.Env = append(cmd.Env, changed(t, "kubernetes", map[string]any{"kubeconfig": through}))
			output := &watched{looksFor: "Set the image", found: make(chan struct{})}
			cmd.Stdout, cmd.Stderr = output, output
			require.NoError(t, cmd.Start())
			ended := make(chan error, 1)
			go func() { ended <- cmd.Wait() }()
			select {
			case <-output.found:
			case err := <-ended:
				require.Fail(t, "the deployment ended before it set the image", "%v: %s", err, output)
			}
			line.cut()
			time.Sleep(outage) // what the test is about
			line.mend()
			err := <-ended
			require.Equal(t, test.exit, cmd.ProcessState.ExitCode(), "%v: %s", err, output)
			s := w.state(t, since)
			require.Equal(t, w.env.Image(test.image), s.Image)
			require.Equal(t, test.image, s.Frontend)
			require.Equal(t, test.changes, s.Revisions)
			require.True(t, s.Complete)
		})
	}
}

// changed is the variable with the overrides and more of them in a section.
func changed(t *testing.T, section string, more map[string]any) string {
	t.Helper()
	changes := map[string]map[string]any{}
	require.NoError(t, json.Unmarshal([]byte(overrides), &changes))
	if changes[section] == nil {
		changes[section] = map[string]any{}
	}
	maps.Copy(changes[section], more)
	merged, err := json.Marshal(changes)
	require.NoError(t, err)
	return environment.OverridesVariable + "=" + string(merged)
}

// watched is output in which somebody waits for the start of a step.
type watched struct {
	mu       sync.Mutex
	text     strings.Builder
	looksFor string
	found    chan struct{}
	once     sync.Once
}

func (w *watched) Write(data []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	n, err := w.text.Write(data)
	if _, live, _ := strings.Cut(w.text.String(), "run 2"); strings.Contains(live, w.looksFor) { // behind the printed plan
		w.once.Do(func() { close(w.found) })
	}
	return n, err
}

func (w *watched) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.String()
}
