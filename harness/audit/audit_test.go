package audit

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/barq-platform/barqgate/harness/environment"
	"github.com/barq-platform/barqgate/harness/environment/environmenttest"
	"github.com/barq-platform/barqgate/harness/gotest"
	"github.com/barq-platform/barqgate/harness/journal"
	"github.com/barq-platform/barqgate/harness/journal/event"
	"github.com/barq-platform/barqgate/harness/plan"
	"github.com/barq-platform/barqgate/harness/report"
	"github.com/barq-platform/barqgate/harness/run"
	"github.com/barq-platform/barqgate/harness/verdict"
)

// change is a step with evidence, which can be taken back.
type change struct{}

func (change) Name() string     { return "change it" }
func (change) UndoName() string { return "change it back" }
func (change) Run(_ context.Context, sc *plan.StepContext) error {
	if err := sc.SetFact("gate", "fail"); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(sc.Evidence, "before.txt"), []byte("as it was"), 0o600)
}
func (change) Undo(context.Context, *plan.StepContext) error { return nil }

// rolledBack executes a plan whose gate fails, with a companion and a rollback, and
// returns the run's folder with its reports.
func rolledBack(t *testing.T) string {
	t.Helper()
	w := gotest.Workspace{Root: filepath.Join("..", ".."), Suites: "harness/run/testdata", Bin: t.TempDir()}
	built, err := w.Build(t.Context(), []string{"scripted"}, nil)
	require.NoError(t, err)
	root := environmenttest.Root(t, nil)
	env, err := environment.Load(t.Context(), root, environmenttest.Name)
	require.NoError(t, err)
	suites := gotest.Set{}
	for _, name := range []string{"gate", "beside", "after"} {
		executable := built["scripted"]
		executable.Suite, executable.Dir = name, root
		suites[name] = executable
	}
	o, err := run.Execute(t.Context(), run.Config{
		Root: root, Run: "r1", Dir: filepath.Join(root, "r1"), Suites: suites, SuiteTimeout: time.Minute,
		Plan: &plan.Plan{
			Name: "test", Env: env, From: "v1", To: "v2",
			Phases: []plan.Phase{{
				Name: "only", Steps: []plan.Step{change{}}, Companions: []string{"beside"},
				Gate: plan.Gate{Suites: []string{"gate"}, Required: []string{"gate.thing.holds"}},
			}},
			RollbackGate: plan.Gate{Suites: []string{"after"}},
		},
	})
	require.NoError(t, err)
	require.Equal(t, run.RolledBack, o.Exit, o.Reason)
	return withReports(t, o.Dir)
}

func withReports(t *testing.T, dir string) string {
	t.Helper()
	r, err := report.Load(dir)
	require.NoError(t, err)
	_, err = r.Write()
	require.NoError(t, err)
	return dir
}

func filesOf(t require.TestingT, dir string) []string {
	var files []string
	require.NoError(t, filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			files = append(files, path)
		}
		return err
	}))
	return files
}

func TestAudit(t *testing.T) {
	dir := rolledBack(t)
	sound, err := Verify(dir)
	require.NoError(t, err)
	require.Empty(t, sound.Problems)
	require.True(t, sound.Sound())
	require.Equal(t, 3, sound.Suites)
	require.Equal(t, 4, sound.Reports)
	files := filesOf(t, dir)

	t.Run("one changed byte anywhere is found and named", func(t *testing.T) {
		rapid.Check(t, func(t *rapid.T) {
			path := rapid.SampledFrom(files).Draw(t, "file")
			good, err := os.ReadFile(path)
			require.NoError(t, err)
			changed := append([]byte{}, good...)
			if len(changed) == 0 {
				changed = []byte{'x'} // an empty file can only grow
			} else {
				changed[rapid.IntRange(0, len(changed)-1).Draw(t, "at")] ^= byte(rapid.IntRange(1, 255).Draw(t, "bits"))
			}
			require.NoError(t, os.WriteFile(path, changed, 0o644))
			result, err := Verify(dir)
			require.NoError(t, os.WriteFile(path, good, 0o644))
			require.NoError(t, err)
			require.False(t, result.Sound())
			name, err := filepath.Rel(dir, path)
			require.NoError(t, err)
			if name == journal.FileName {
				require.Contains(t, result.Problems[0], "record ")
			} else {
				require.Contains(t, strings.Join(result.Problems, "\n"), filepath.ToSlash(name))
			}
		})
	})
	t.Run("a missing file and one too many are found", func(t *testing.T) {
		stray := filepath.Join(dir, "evidence", "stray.txt")
		require.NoError(t, os.WriteFile(stray, nil, 0o644))
		result, err := Verify(dir)
		require.NoError(t, err)
		require.Equal(t, []string{"evidence/stray.txt: no record vouches for it"}, result.Problems)
		require.NoError(t, os.Remove(stray))

		kept := filepath.Join(dir, "environment.json")
		data, err := os.ReadFile(kept)
		require.NoError(t, err)
		require.NoError(t, os.Remove(kept))
		result, err = Verify(dir)
		require.NoError(t, err)
		require.Equal(t, []string{"environment.json is missing; record 1 vouches for it"}, result.Problems)
		require.NoError(t, os.WriteFile(kept, data, 0o644))
	})
	t.Run("a bundle is the same each time and as good as the folder", func(t *testing.T) {
		first, second := filepath.Join(t.TempDir(), "a"+Extension), filepath.Join(t.TempDir(), "b"+Extension)
		sum, err := Pack(dir, first)
		require.NoError(t, err)
		for _, path := range files {
			require.NoError(t, os.Chtimes(path, time.Now(), time.Now().Add(time.Hour)))
		}
		again, err := Pack(dir, second)
		require.NoError(t, err)
		require.Equal(t, sum, again)
		result, err := VerifyBundle(first)
		require.NoError(t, err)
		require.Empty(t, result.Problems)
		require.True(t, result.Sound())
		require.Equal(t, sound.Digest, result.Digest)

		good, err := os.ReadFile(first)
		require.NoError(t, err)
		rapid.Check(t, func(t *rapid.T) {
			changed := append([]byte{}, good...)
			changed[rapid.IntRange(0, len(good)-1).Draw(t, "at")] ^= byte(rapid.IntRange(1, 255).Draw(t, "bits"))
			require.NoError(t, os.WriteFile(second, changed, 0o644))
			result, err := VerifyBundle(second)
			require.NoError(t, err)
			require.False(t, result.Sound())
			require.Contains(t, strings.Join(result.Problems, "\n"), "the bundle was changed")
		})
	})
	t.Run("a verdict that does not follow is found", func(t *testing.T) {
		forged := forge(t, dir, func(e event.Event) event.Event {
			switch e := e.(type) {
			case event.SuiteFinished:
				e.Verdict = verdict.Pass
				return e
			case event.GateDecided:
				e.Verdict = verdict.Pass
				return e
			case event.RunFinished:
				e.Exit = 0
				return e
			}
			return e
		})
		result, err := Verify(forged)
		require.NoError(t, err)
		require.Contains(t, strings.Join(result.Problems, "\n"), "was judged pass, and what it has left says fail")
	})
	t.Run("a gate that does not follow from its suites is found", func(t *testing.T) {
		forged := forge(t, dir, func(e event.Event) event.Event {
			if gate, ok := e.(event.GateDecided); ok && gate.Phase == "only" {
				gate.Verdict = verdict.Pass
				return gate
			}
			return e
		})
		result, err := Verify(forged)
		require.NoError(t, err)
		require.Contains(t, strings.Join(result.Problems, "\n"), `the gate of phase "only" is said to be pass, which does not follow`)
	})
	t.Run("a run that has not ended is not sound", func(t *testing.T) {
		unfinished := forge(t, dir, func(e event.Event) event.Event {
			if _, ok := e.(event.RunFinished); ok {
				return nil
			}
			return e
		})
		result, err := Verify(unfinished)
		require.NoError(t, err)
		require.False(t, result.Finished)
		require.False(t, result.Sound())
		require.Contains(t, result.Problems[0], "has not ended")
	})
}

// forge copies the run with another journal, whose chain is whole.
func forge(t *testing.T, dir string, change func(event.Event) event.Event) string {
	t.Helper()
	forged := filepath.Join(t.TempDir(), "r1")
	require.NoError(t, os.CopyFS(forged, os.DirFS(dir)))
	for _, name := range append(report.FileNames(), journal.FileName, lockFile) {
		require.NoError(t, os.Remove(filepath.Join(forged, name)))
	}
	chain, err := journal.Replay(dir)
	require.NoError(t, err)
	w, err := journal.Create(forged)
	require.NoError(t, err)
	for _, record := range chain.Records {
		e, err := event.Decode(record)
		require.NoError(t, err)
		if e = change(e); e != nil {
			_, err = event.Append(w, e)
			require.NoError(t, err)
		}
	}
	require.NoError(t, w.Close())
	return forged
}

func TestABundleWritesNothingOutsideItsFolder(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x"+Extension)
	require.NoError(t, os.WriteFile(path, []byte("not a bundle"), 0o644))
	result, err := VerifyBundle(path)
	require.NoError(t, err)
	require.Contains(t, result.Problems[0], "the bundle was changed")
	_, err = VerifyBundle(filepath.Join(t.TempDir(), "missing"))
	require.ErrorIs(t, err, os.ErrNotExist)
}
