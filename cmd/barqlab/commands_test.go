package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/barq-platform/barqgate/fixtures/lab"
)

// command runs barqlab for a lab that does not exist.
func command(t *testing.T, args ...string) (output string, err error) {
	t.Helper()
	t.Setenv(nameVariable, "commands-test")
	t.Cleanup(func() {
		require.NoError(t, os.RemoveAll(filepath.Join("..", "..", ".barqgate", "lab", "commands-test")))
	})
	var out bytes.Buffer
	c := newCommand()
	c.SetArgs(args)
	c.SetOut(&out)
	c.SetErr(&out)
	err = c.ExecuteContext(t.Context())
	return out.String(), err
}

func TestWhatIsMistypedIsNoFailure(t *testing.T) {
	for _, args := range [][]string{
		{"nonsense"}, {"up", "extra"}, {"up", "--output=xml"}, {"status", "--output=xml"}, {"status", "--nonsense"},
		{"logs", "nonsense"}, {"fault", "nonsense"}, {"fault", "on"}, {"serve", "--idle=soon"},
	} {
		_, err := command(t, args...)
		require.Error(t, err, args)
		require.False(t, errors.As(err, new(failure)), "%v: %v", args, err)
	}
}

func TestAMistypedSubcommandNamesTheValidOnes(t *testing.T) {
	_, err := command(t, "fault", "nonsense")
	require.EqualError(t, err, `unknown command "nonsense" for "barqlab fault": expected one of clear, off, on`)
}

func TestALabThatDoesNotRunIsAFailure(t *testing.T) {
	for _, args := range [][]string{{"status"}, {"fault"}, {"fault", "clear"}} {
		_, err := command(t, args...)
		require.ErrorIs(t, err, lab.ErrNotRunning, args)
		require.True(t, errors.As(err, new(failure)), args)
	}
	output, err := command(t, "down")
	require.NoError(t, err, "what shall not run does not")
	require.Contains(t, output, "was not running")
}

func TestTheIdleTimeComesFromTheEnvironment(t *testing.T) {
	for text, want := range map[string]time.Duration{"": lab.DefaultIdle, "90s": 90 * time.Second} {
		t.Setenv(idleVariable, text)
		idle, err := defaultIdle()
		require.NoError(t, err)
		require.Equal(t, want, idle)
	}
	for _, text := range []string{"soon", "0s", "-1m"} {
		t.Setenv(idleVariable, text)
		_, err := defaultIdle()
		require.ErrorContains(t, err, idleVariable)
	}
}

func TestSecretsAreNotPrintedForPeople(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, printVariables(&out, lab.Variables{lab.VariableDSN: "sqlserver://sa:hunter2@host", lab.VariableJWTKey: "hunter2", lab.VariableDir: "somewhere"}))
	require.NotContains(t, out.String(), "hunter2")
	require.Contains(t, out.String(), "somewhere")
}
