package main

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/stretchr/testify/require"

	"github.com/barq-platform/barqgate/harness/environment"
	"github.com/barq-platform/barqgate/harness/environment/environmenttest"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"barqgate": main})
}

// TestCommandLine runs the scripts in a module of its own, whose environment
// "fixed" names a platform that is not there.
func TestCommandLine(t *testing.T) {
	root := environmenttest.Root(t, nil)
	for _, suite := range []string{"health", "smoke"} {
		dir := filepath.Join(root, "suites", suite)
		require.NoError(t, os.MkdirAll(dir, 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(dir, suite+"_test.go"), []byte("package "+suite+"_test\n"), 0o644))
	}
	testscript.Run(t, testscript.Params{
		Dir: filepath.Join("testdata", "script"),
		Setup: func(e *testscript.Env) error {
			e.Setenv("ROOT", root)
			return nil
		},
		// Scripts compare the exit status as a word: `exits 2 barqgate …`.
		Cmds:                map[string]func(*testscript.TestScript, bool, []string){"exits": exits},
		RequireExplicitExec: true,
	})
}

func TestDoubleDashes(t *testing.T) {
	require.Equal(t,
		[]string{"check", "--env=local", "--env", "local", "--to=v1", "-h", "-1", "-", "--", "-env=x"},
		doubleDashes([]string{"check", "-env=local", "-env", "local", "--to=v1", "-h", "-1", "-", "--", "-env=x"}))
}

func TestEveryFailureHasItsExitCode(t *testing.T) {
	fresh := func() *app { return &app{interrupts: catchInterrupts()} }
	for name, c := range exitCases() {
		t.Run(name, func(t *testing.T) {
			a := fresh()
			defer a.interrupts.release()
			require.Equal(t, c.want, a.codeOf(c.err))
		})
	}
}

// TestProductionNeedsAPerson shows that a pipeline cannot confirm by accident.
func TestProductionNeedsAPerson(t *testing.T) {
	in, out, err := os.Pipe()
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, errors.Join(in.Close(), out.Close())) })
	a := &app{in: in, err: io.Discard}
	env := &environment.Environment{Name: production}
	_, err = a.confirm(env, "v2.1.0", false)
	require.ErrorContains(t, err, "--yes")
	approval, err := a.confirm(env, "v2.1.0", true)
	require.NoError(t, err)
	require.Equal(t, "by --yes", approval)
	approval, err = a.confirm(&environment.Environment{Name: "local"}, "v2.1.0", false)
	require.NoError(t, err)
	require.Empty(t, approval, "nobody was asked")
}
