package gotest_test

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/barq-platform/barqgate/harness/environment/environmenttest"
	"github.com/barq-platform/barqgate/harness/gotest"
)

// compiled makes a folder as an image has it: one suite, the converter, the sums.
func compiled(t *testing.T) (root, folder string) {
	t.Helper()
	set, err := build()
	require.NoError(t, err)
	root = environmenttest.Root(t, nil)
	folder = filepath.Join(root, "prebuilt")
	require.NoError(t, os.MkdirAll(filepath.Join(root, "suites", "behaviour"), 0o755))
	require.NoError(t, os.MkdirAll(folder, 0o755))
	converter, err := exec.CommandContext(t.Context(), "go", "tool", "-n", "test2json").Output()
	require.NoError(t, err)
	var sums string
	for name, from := range map[string]string{"behaviour.test": set["behaviour"].Path, "test2json": strings.TrimSpace(string(converter))} {
		data, err := os.ReadFile(from)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(folder, name), data, 0o755))
		sum := sha256.Sum256(data)
		sums += hex.EncodeToString(sum[:]) + "  " + name + "\n"
	}
	require.NoError(t, os.WriteFile(filepath.Join(folder, "SHA256SUMS"), []byte(sums), 0o644))
	return root, folder
}

// TestCompiledSuitesNeedNoToolchain runs a suite where there is no go command.
func TestCompiledSuitesNeedNoToolchain(t *testing.T) {
	root, folder := compiled(t)
	t.Setenv("PATH", t.TempDir())
	w := gotest.Workspace{Root: root, Suites: "suites", Prebuilt: folder}
	names, err := w.List()
	require.NoError(t, err)
	require.Equal(t, []string{"behaviour"}, names)
	_, err = w.Build(t.Context(), []string{"behavior-mistyped"}, nil)
	require.ErrorIs(t, err, gotest.ErrUnknownSuite)
	set, err := w.Build(t.Context(), names, nil)
	require.NoError(t, err)
	require.NotEmpty(t, set["behaviour"].Tests)
	result := set["behaviour"].Run(t.Context(), gotest.Options{Env: environmenttest.Name, Evidence: t.TempDir(), Environ: []string{"BAD=none"}})
	require.NotEmpty(t, result.Tests, result.Reason)
	require.NotEmpty(t, result.Criteria, result.Reason)
}

func TestAnAlteredSuiteIsNotRun(t *testing.T) {
	root, folder := compiled(t)
	w := gotest.Workspace{Root: root, Suites: "suites", Prebuilt: folder}
	for _, name := range []string{"behaviour.test", "test2json"} {
		path := filepath.Join(folder, name)
		whole, err := os.ReadFile(path)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(path, append(whole, 0), 0o755))
		_, err = w.Build(t.Context(), []string{"behaviour"}, nil)
		require.ErrorIs(t, err, gotest.ErrAltered, name)
		require.NoError(t, os.WriteFile(path, whole, 0o755))
	}
	for _, sums := range []string{"nonsense\n", ""} {
		require.NoError(t, os.WriteFile(filepath.Join(folder, "SHA256SUMS"), []byte(sums), 0o644))
		_, err := w.Build(t.Context(), []string{"behaviour"}, nil)
		require.Error(t, err)
	}
	require.NoError(t, os.Remove(filepath.Join(folder, "SHA256SUMS")))
	_, err := w.Build(t.Context(), []string{"behaviour"}, nil)
	require.ErrorIs(t, err, os.ErrNotExist)
}
