package prove_test

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/barq-platform/barqgate/harness/environment"
	"github.com/barq-platform/barqgate/harness/environment/environmenttest"
	"github.com/barq-platform/barqgate/harness/gotest"
	"github.com/barq-platform/barqgate/harness/prove"
	"github.com/stretchr/testify/require"
)

var build = sync.OnceValues(func() (gotest.Set, error) {
	bin, err := os.MkdirTemp("", "barqgate-proven-*")
	if err != nil {
		return nil, err
	}
	w := gotest.Workspace{Root: filepath.Join("..", ".."), Suites: "harness/prove/testdata", Bin: bin}
	return w.Build(context.Background(), []string{"proven"}, nil)
})

func TestMain(m *testing.M) {
	code := m.Run()
	if set, err := build(); err == nil {
		if err := os.RemoveAll(filepath.Dir(set["proven"].Path)); err != nil {
			code = 1
		}
	}
	os.Exit(code)
}

// switchboard is the fault switch of a lab: a set of names over HTTP.
type switchboard struct {
	mu    sync.Mutex
	on    map[string]bool
	tried bool // whether "murky-once" was switched on before
}

func (s *switchboard) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch name := path.Base(r.URL.Path); {
	case r.Method == http.MethodDelete:
		clear(s.on)
	case r.Method == http.MethodPut && strings.HasPrefix(name, "unknown"):
		http.Error(w, "valid names: first, both, murky", http.StatusNotFound)
	case r.Method == http.MethodPut && name == "murky-once":
		s.on["murky"], s.tried = !s.tried, true
	case r.Method == http.MethodPut:
		s.on[name] = true
	default:
		for name, on := range s.on {
			if !on {
				continue
			}
			if _, err := w.Write([]byte(name + "\n")); err != nil {
				return
			}
		}
	}
}

// all proves every criterion of the suite.
const all = `
- {criterion: proven.first.holds, faults: [first], says: "fault is on"}
- {criterion: proven.first.holds, env: {kubernetes: {replicas: 9}}, says: "expected 9"}
- {criterion: proven.second.holds, faults: [both, first], says: "for both", also: [proven.first.holds]}
- {criterion: proven.second.holds, faults: [murky], says: "nothing can be seen", expect: inconclusive, sometimes: [proven.third.holds]}
- {criterion: proven.third.holds, facts: {count: "2"}, says: "expected 2"}
`

func run(t *testing.T, mutants string, environ map[string]any) (prove.Summary, string, *switchboard, error) {
	t.Helper()
	binaries, err := build()
	require.NoError(t, err)
	board := &switchboard{on: map[string]bool{}}
	server := httptest.NewServer(board)
	t.Cleanup(server.Close)
	changes := map[string]any{"api": map[string]any{"faultsURL": server.URL + "/faults"}}
	for key, value := range environ {
		changes[key] = value
	}
	root := environmenttest.Root(t, changes)
	env, err := environment.Load(t.Context(), root, environmenttest.Name)
	require.NoError(t, err)
	file := filepath.Join(root, "testdata", "mutants", "proven.yaml")
	require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
	require.NoError(t, os.WriteFile(file, []byte(mutants), 0o644))
	binary := binaries["proven"]
	binary.Dir = root
	var out bytes.Buffer
	summary, err := prove.Run(t.Context(), prove.Config{
		Env: env, Root: root, Suites: gotest.Set{"proven": binary}, Dir: filepath.Join(root, "evidence"), Out: &out,
		Facts: func(context.Context, string) (map[string]string, error) { return map[string]string{"count": "1"}, nil },
	})
	return summary, out.String(), board, err
}

func TestEveryMutantIsCaught(t *testing.T) {
	summary, out, board, err := run(t, all, nil)
	require.NoError(t, err)
	require.True(t, summary.OK(), out)
	require.Contains(t, out, "5 of 5 mutants caught")
	require.Empty(t, board.on)
}

func TestWhatIsNotAProof(t *testing.T) {
	tests := []struct{ name, replace, by, says string }{
		{"fault without effect", "faults: [first]", "faults: [idle]", "its verdict is pass; expected fail"},
		{"other words", "fault is on", "the moon is full", `its reason does not contain "the moon is full"`},
		{"an unrelated criterion fails", ", also: [proven.first.holds]", "", "proven.first.holds, which has nothing to do with it, is fail as well"},
		{"a criterion that should fail as well passes", "also: [proven.first.holds]", "also: [proven.first.holds, proven.third.holds]", "proven.third.holds passes, although"},
		{"another criterion that does not exist", "also: [proven.first.holds]", "also: [proven.first.holds, proven.fourth.holds]", "its list of others names proven.fourth.holds"},
		{"inconclusive is not fail", ", expect: inconclusive, sometimes: [proven.third.holds]", "", "its verdict is inconclusive; expected fail"},
		{"criterion without a mutant", `- {criterion: proven.third.holds, facts: {count: "2"}, says: "expected 2"}`, "", "criteria without a mutant: proven.third.holds"},
		{"criterion that does not exist", "criterion: proven.third.holds", "criterion: proven.fourth.holds", "the criterion was not judged"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			summary, out, _, err := run(t, strings.Replace(all, test.replace, test.by, 1), nil)
			require.NoError(t, err)
			require.False(t, summary.OK())
			require.Contains(t, out, test.says)
		})
	}
}

func TestOnlyWhatDecidesNothingIsTriedAgain(t *testing.T) {
	tests := []struct {
		changes, says string
		again         int
	}{
		{"faults: [first, murky-once]", "5 of 5 mutants caught", 1},
		{"faults: [first, murky]", "proven.second.holds, which has nothing to do with it, is inconclusive as well", 2},
		{`faults: [first, murky-once], facts: {count: "2"}`, "4 of 5 mutants caught", 0},
	}
	for _, test := range tests {
		_, out, _, err := run(t, strings.Replace(all, "faults: [first]", test.changes, 1), nil)
		require.NoError(t, err)
		require.Contains(t, out, test.says)
		require.Equal(t, test.again, strings.Count(out, "decides nothing"), out)
	}
}

func TestSuiteThatFailsWithoutAMutantProvesNothing(t *testing.T) {
	summary, out, _, err := run(t, all, map[string]any{"kubernetes": map[string]any{"replicas": 3}})
	require.NoError(t, err)
	require.False(t, summary.OK())
	require.Equal(t, []string{"proven"}, summary.Broken)
	require.Contains(t, out, "BROKEN")
	require.Contains(t, out, "proven.first.holds: there are 4 replicas, expected 3")
}

func TestRefuses(t *testing.T) {
	_, _, _, err := run(t, all, map[string]any{"allow": []string{"write"}})
	require.ErrorIs(t, err, prove.ErrNotAllowed)
	for mutants, says := range map[string]string{
		`[{criterion: proven.first.holds, fault: [x], says: y}]`:               "fault",
		`[{criterion: proven.first.holds, says: y}]`:                           "it changes nothing",
		`[{criterion: proven.first.holds, faults: [first]}]`:                   "says is missing",
		`[{criterion: other.first.holds, faults: [first], says: y}]`:           "does not belong to suite proven",
		`[{criterion: proven.first.holds, faults: [unknown.one], says: y}]`:    "valid names: first",
		`[{criterion: proven.first.holds, faults: [x], says: y, expect: joy}]`: `expect is "joy"`,
	} {
		_, _, board, err := run(t, mutants, nil)
		require.ErrorContains(t, err, says)
		require.Empty(t, board.on)
	}
}
