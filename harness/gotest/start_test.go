package gotest_test

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/barq-platform/barqgate/harness/environment/environmenttest"
	"github.com/barq-platform/barqgate/harness/gotest"
	"github.com/barq-platform/barqgate/harness/verdict"
	"github.com/stretchr/testify/require"
)

// A process that has left the suite's group keeps the pipe open. Nobody waits for it
// for ever, and what it could still say is not judged.
func TestWhatEscapesTheGroupIsAnError(t *testing.T) {
	binary, options := bad(t, "behaviour", "leaves a process in a session of its own")
	options.Grace = time.Second
	result := binary.Run(t.Context(), options)
	output, err := os.ReadFile(result.Output)
	require.NoError(t, err)
	if match := regexp.MustCompile(`left (\d+)`).FindStringSubmatch(string(output)); len(match) == 2 {
		pid, err := strconv.Atoi(match[1])
		require.NoError(t, err)
		require.NoError(t, syscall.Kill(pid, syscall.SIGKILL))
	}
	require.Equal(t, verdict.Error, result.Verdict, result.Reason)
	require.Contains(t, result.Reason, "something that it started outlives it and holds its output")
}

func TestWhatCannotBeStartedIsAnError(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o644))
	for name, test := range map[string]struct {
		change func(*gotest.Executable, *gotest.Options)
		says   string
	}{
		"no evidence folder":       {func(_ *gotest.Executable, o *gotest.Options) { o.Evidence = "" }, "it has no evidence folder"},
		"a file in its place":      {func(_ *gotest.Executable, o *gotest.Options) { o.Evidence = file }, "create its evidence folder"},
		"no converter":             {func(e *gotest.Executable, _ *gotest.Options) { e.Converter = "/nowhere/test2json" }, "test2json"},
		"no folder to run in":      {func(e *gotest.Executable, _ *gotest.Options) { e.Dir = "/nowhere" }, "could not be started"},
		"no binary":                {func(e *gotest.Executable, _ *gotest.Options) { e.Path = "/nowhere/suite.test" }, "is not the one that was built"},
		"a converter that is none": {func(e *gotest.Executable, _ *gotest.Options) { e.Converter = "/bin/false" }, "test2json, which reads its output, failed"},
		"facts of no run":          {func(_ *gotest.Executable, o *gotest.Options) { o.Facts = file }, "read the facts of the run"},
	} {
		t.Run(name, func(t *testing.T) {
			binary, options := bad(t, "behaviour", "nothing")
			test.change(&binary, &options)
			result := binary.Run(t.Context(), options)
			require.Equal(t, verdict.Error, result.Verdict)
			require.Contains(t, result.Reason, test.says)
			_, judged := result.Criterion("behaviour.first.holds")
			require.False(t, judged)
		})
	}
}

func TestCompanionsThatAreNotStarted(t *testing.T) {
	binary, options := bad(t, "companion", "never starts")
	options.Grace = time.Second
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := binary.StartCompanion(ctx, options)
	require.ErrorContains(t, err, "companion suite companion did not get under way: it was told to stop before it observed anything")

	binary.Path = ""
	_, err = binary.StartCompanion(t.Context(), options)
	require.ErrorContains(t, err, "a companion has to be compiled, or it would not end with barqgate")
}

func TestChangedSourcesAreNotRun(t *testing.T) {
	set, err := workspace(t.TempDir()).Sources(t.Context(), []string{"plain"}, nil)
	require.NoError(t, err)
	changed := set["plain"]
	changed.Dir = filepath.Join(environmenttest.Repository(t), "harness", "gotest", "testdata", "bad", "race")
	result := changed.Run(t.Context(), gotest.Options{Evidence: t.TempDir()})
	require.Equal(t, verdict.Error, result.Verdict)
	require.Contains(t, result.Reason, "have changed since the plan was made")

	for name, want := range map[string]error{"broken": gotest.ErrBuild, "empty": gotest.ErrNoTests, "behavior": gotest.ErrUnknownSuite} {
		_, err := workspace(t.TempDir()).Sources(t.Context(), []string{name}, nil)
		require.ErrorIs(t, err, want)
	}
}
