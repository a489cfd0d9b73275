package gotest_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io/fs"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/barq-platform/barqgate/harness/environment/environmenttest"
	"github.com/barq-platform/barqgate/harness/gotest"
	"github.com/barq-platform/barqgate/harness/redact"
	"github.com/barq-platform/barqgate/harness/verdict"
	"github.com/stretchr/testify/require"
)

// build compiles the bad suites once for all tests.
var build = sync.OnceValues(func() (gotest.Set, error) {
	bin, err := os.MkdirTemp("", "barqgate-bad-*")
	if err != nil {
		return nil, err
	}
	return workspace(bin).Build(context.Background(), []string{"behaviour", "companion"}, nil)
})

func workspace(bin string) gotest.Workspace {
	return gotest.Workspace{Root: filepath.Join("..", ".."), Suites: "harness/gotest/testdata/bad", Bin: bin}
}

func TestMain(m *testing.M) {
	if text := os.Getenv(orphanVariable); text != "" {
		os.Exit(leaveOrphan(text))
	}
	code := m.Run()
	if set, err := build(); err == nil {
		if err := os.RemoveAll(filepath.Dir(set["behaviour"].Path)); err != nil {
			code = 1
		}
	}
	os.Exit(code)
}

// bad returns a suite that misbehaves in a root of its own, and options for it.
func bad(t *testing.T, suite, behaviour string) (gotest.Executable, gotest.Options) {
	t.Helper()
	set, err := build()
	require.NoError(t, err)
	binary := set[suite]
	binary.Dir = environmenttest.Root(t, nil)
	return binary, gotest.Options{
		Env: environmenttest.Name, Evidence: t.TempDir(), Environ: []string{"BAD=" + behaviour},
		Timeout: 5 * time.Minute, Grace: 5 * time.Second, // 100 MB take long with the race detector on a busy machine
	}
}

func TestVerdictOfBadSuites(t *testing.T) {
	tests := []struct {
		behaviour string
		want      verdict.Verdict
		says      string
		change    func(*gotest.Options)
	}{
		{"nothing", verdict.Pass, "", nil},
		{"fail", verdict.Fail, "behaviour.second.holds: found 3, expected 4", nil},
		{"failed without a criterion", verdict.Fail, "TestSecond failed without judging a criterion: behaviour_test.go", nil},
		{"inconclusive", verdict.Inconclusive, "the generator was too slow", nil},
		{"too few samples", verdict.Inconclusive, "only 1 of the 3000", nil},
		{"nothing observed", verdict.Error, "without observing anything", nil},
		{"panic", verdict.Error, "panic: out of luck", nil},
		{"panic in a goroutine", verdict.Error, "panic: out of luck", nil},
		{"hang", verdict.Error, "did not end within 2s: TestSecond/inner was still running", func(o *gotest.Options) { o.Timeout = 2 * time.Second }},
		{"hang ignoring SIGTERM", verdict.Error, "did not end within 2s: TestSecond was still running", func(o *gotest.Options) { o.Timeout, o.Grace = 2*time.Second, time.Second }},
		{"exit 0 in a test", verdict.Error, "panic: unexpected call to os.Exit(0)", nil},
		{"exit 0 in TestMain", verdict.Error, "TestFirst was planned and never ran", nil},
		{"code dropped", verdict.Error, "but the exit status is 0", nil},
		{"killed", verdict.Error, "ended from outside (signal: killed): TestSecond was still running", nil},
		{"everything skipped", verdict.Inconclusive, "behaviour.first.holds was skipped, which the gate does not allow: not today", nil},
		{"everything skipped", verdict.Inconclusive, "nothing was judged", allowing("behaviour.first.holds", "behaviour.second.holds")},
		{"skipped without a criterion", verdict.Inconclusive, "TestFirst was skipped without judging", nil},
		{"judged twice", verdict.Error, "behaviour.first.holds was judged twice, by TestFirst and by TestSecond", nil},
		{"required criterion missing", verdict.Error, "the required criterion behaviour.second.holds was not judged", func(o *gotest.Options) {
			o.Policy.Required = []string{"behaviour.second.holds"}
		}},
		{"output of 100 MB", verdict.Pass, "", nil},
		{"a line of 10 MB", verdict.Pass, "", nil},
		{"out of memory", verdict.Error, "exit status 2: TestSecond was still running: fatal error: out of memory", nil},
		{"exit without Go noticing", verdict.Error, "TestSecond started and never ended", nil},
		{"long record", verdict.Fail, "wörter und end", nil},
		{"fails in a cleanup", verdict.Fail, "behaviour.second.holds", nil},
		{"fails after the record", verdict.Error, `"behaviour.late.holds": its record says "pass", but its test TestSecond/late did not end as pass`, nil},
		{"evidence changed", verdict.Error, "b.txt was changed after it was recorded", nil},
		{"unusable", verdict.Error, `exit status 2`, func(o *gotest.Options) { o.Env = "nowhere" }},
		{"mistyped -run", verdict.Error, "exit status 3", func(o *gotest.Options) { o.Args = []string{"-test.run=TestMistyped"} }},
		{"a test left out", verdict.Error, "TestSecond was planned and never ran", func(o *gotest.Options) { o.Args = []string{"-test.skip=TestSecond"} }},
	}
	for _, test := range tests {
		t.Run(test.behaviour, func(t *testing.T) {
			binary, options := bad(t, "behaviour", test.behaviour)
			if test.change != nil {
				test.change(&options)
			}
			result := binary.Run(t.Context(), options)
			require.Equal(t, test.want, result.Verdict, result.Reason)
			require.Contains(t, result.Reason, test.says)
			require.FileExists(t, result.Output)
			require.FileExists(t, result.Events)
		})
	}
}

func allowing(criteria ...string) func(*gotest.Options) {
	return func(o *gotest.Options) {
		o.Policy.AllowedSkips = map[string]string{}
		for _, id := range criteria {
			o.Policy.AllowedSkips[id] = "cannot apply here"
		}
	}
}

// The cases that go test itself could answer differently from the binary.
func TestVerdictOfBadSuitesFromSource(t *testing.T) {
	tests := []struct {
		suite, behaviour string
		want             verdict.Verdict
		says             string
		change           func(*gotest.Options)
	}{
		{"behaviour", "nothing", verdict.Pass, "", nil},
		{"behaviour", "fail", verdict.Fail, "behaviour.second.holds: found 3, expected 4", nil},
		{"behaviour", "panic in a goroutine", verdict.Error, "it broke off (exit status 1): TestSecond was still running: panic: out of luck", nil},
		{"behaviour", "hang ignoring SIGTERM", verdict.Error, "did not end within 10s: TestSecond was still running", func(o *gotest.Options) { o.Timeout, o.Grace = 10*time.Second, time.Second }},
		{"behaviour", "exit 0 in TestMain", verdict.Error, "TestFirst was planned and never ran", nil},
		{"behaviour", "code dropped", verdict.Error, "but the exit status is 0", nil},
		{"behaviour", "killed", verdict.Error, "signal: killed", nil},
		{"behaviour", "unusable", verdict.Error, `nowhere`, func(o *gotest.Options) { o.Env = "nowhere" }},
		{"plain", "mistyped -run", verdict.Error, "TestSomething was planned and never ran", func(o *gotest.Options) { o.Args = []string{"-test.run=TestMistyped"} }},
		{"plain", "judges nothing", verdict.Error, "it judged no criterion", nil},
	}
	w := workspace(t.TempDir())
	set, err := w.Sources(t.Context(), []string{"behaviour", "plain"}, nil)
	require.NoError(t, err)
	for _, test := range tests {
		t.Run(test.behaviour, func(t *testing.T) {
			options := gotest.Options{
				Env: "local", Evidence: t.TempDir(), Environ: append(environmenttest.LocalWithoutLab(t), "BAD="+test.behaviour),
				Timeout: 2 * time.Minute, Grace: 5 * time.Second,
			}
			if test.change != nil {
				test.change(&options)
			}
			result := set[test.suite].Run(t.Context(), options)
			require.Equal(t, test.want, result.Verdict, result.Reason)
			require.Contains(t, result.Reason, test.says)
		})
	}
}

func TestRaceIsAFailure(t *testing.T) {
	w := workspace(t.TempDir())
	w.Race = true
	set, err := w.Sources(t.Context(), []string{"race"}, nil)
	require.NoError(t, err)
	result := set["race"].Run(t.Context(), gotest.Options{Evidence: t.TempDir(), Timeout: 2 * time.Minute})
	require.Equal(t, verdict.Fail, result.Verdict)
	require.Contains(t, result.Reason, "WARNING: DATA RACE")
}

// Nothing that an execution leaves behind holds a secret that its suite printed:
// neither plain nor in pieces, quoted or encoded.
func TestPrintedSecretsAreNotStored(t *testing.T) {
	const password = `Pa"ss<w0rd/9876`
	dsn := "sqlserver://sa:" + url.PathEscape(password) + "@127.0.0.1:1"
	binary, options := bad(t, "behaviour", "prints secrets")
	binary.Dir = environmenttest.Root(t, map[string]any{"database": map[string]any{"dsn": dsn}})
	options.Redactor = redact.New([]string{dsn, password})
	result := binary.Run(t.Context(), options)
	require.Equal(t, verdict.Fail, result.Verdict, result.Reason)
	require.Contains(t, result.Reason, "could not log in with [redacted]")
	told, err := json.Marshal(result)
	require.NoError(t, err)
	stored, files := string(told), []string{}
	require.NoError(t, filepath.WalkDir(options.Evidence, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		stored, files = stored+string(data), append(files, entry.Name())
		return err
	}))
	require.ElementsMatch(t, []string{"output.log", "events.jsonl", "seen.txt", "connection.txt"}, files)
	for _, form := range []string{"ss<w0rd", `ss\u003cw0rd`, "w0rd/9876", "w0rd%2F9876", "9876", base64.StdEncoding.EncodeToString([]byte(password)), "eyJhbGci"} {
		require.NotContains(t, stored, form)
	}
	for _, want := range []string{"plain [redacted]", "pieces [redacted]", "base64 [redacted]", "token [redacted]", "xxx [redacted]", "connected with [redacted]", `\"string\":\"[redacted]\"`} {
		require.Contains(t, stored, want)
	}
}

func TestHungSuiteLeavesItsGoroutines(t *testing.T) {
	binary, options := bad(t, "behaviour", "hang")
	options.Timeout = 2 * time.Second
	output, err := os.ReadFile(binary.Run(t.Context(), options).Output)
	require.NoError(t, err)
	require.Contains(t, string(output), "behaviour.block")
}

func TestCancelledSuiteIsAnError(t *testing.T) {
	binary, options := bad(t, "behaviour", "hang")
	ctx, cancel := context.WithCancel(t.Context())
	options.Watch = func(test, action string) {
		if test == "TestSecond/inner" && action == "run" {
			cancel()
		}
	}
	result := binary.Run(ctx, options)
	require.Equal(t, verdict.Error, result.Verdict)
	require.Contains(t, result.Reason, "told to stop")
}

func TestNothingOutlivesASuite(t *testing.T) {
	binary, options := bad(t, "behaviour", "leaves a process")
	result := binary.Run(t.Context(), options)
	require.Equal(t, verdict.Pass, result.Verdict, result.Reason)
	output, err := os.ReadFile(result.Output)
	require.NoError(t, err)
	match := regexp.MustCompile(`left (\d+)`).FindStringSubmatch(string(output))
	require.Len(t, match, 2)
	pid, err := strconv.Atoi(match[1])
	require.NoError(t, err)
	require.Eventually(t, func() bool { return dead(pid) }, 10*time.Second, 20*time.Millisecond)
}

// dead reports whether the process is gone or only waits to be reaped.
func dead(pid int) bool {
	if errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
		return true
	}
	status, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	return err == nil && strings.Contains(string(status), ") Z ")
}

func TestReplacedBinaryIsAnError(t *testing.T) {
	binary, options := bad(t, "behaviour", "nothing")
	other := filepath.Join(t.TempDir(), "other.test")
	data, err := os.ReadFile(binary.Path)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(other, append(data, 0), 0o755))
	binary.Path = other
	result := binary.Run(t.Context(), options)
	require.Equal(t, verdict.Error, result.Verdict)
	require.Contains(t, result.Reason, "not the one that was built")
}

func TestBuildRefuses(t *testing.T) {
	tests := []struct {
		name   string
		suites []string
		want   error
		says   string
	}{
		{"a suite that does not compile", []string{"broken"}, gotest.ErrBuild, "undefined"},
		{"a suite without tests", []string{"empty"}, gotest.ErrNoTests, "empty"},
		{"a suite whose tests are not for this system", []string{"elsewhere"}, gotest.ErrNoTests, "no test files"},
		{"an unknown suite", []string{"behavior"}, gotest.ErrUnknownSuite, "behaviour, broken, companion, elsewhere, empty"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := workspace(t.TempDir()).Build(t.Context(), test.suites, nil)
			require.ErrorIs(t, err, test.want)
			require.ErrorContains(t, err, test.says)
		})
	}
	_, err := workspace(t.TempDir()).Build(t.Context(), nil, nil)
	require.ErrorContains(t, err, "no suite was named")
}

func TestCompanion(t *testing.T) {
	tests := []struct {
		behaviour string
		want      verdict.Verdict
		says      string
		timeout   time.Duration
	}{
		{"nothing", verdict.Pass, "", time.Minute},
		{"dies before it starts", verdict.Error, "ended before it observed anything", time.Minute},
		{"never starts", verdict.Error, "did not begin to observe within 2s", 2 * time.Second},
		{"dies early", verdict.Error, "ended before the steps that it accompanies: companion.watch.holds: lost the connection", time.Minute},
		{"ends early", verdict.Error, "ended before the steps that it accompanies", time.Minute},
		{"does not stop", verdict.Error, "told to stop, it did not end within 3s: TestWatch was still running", time.Minute},
	}
	for _, test := range tests {
		t.Run(test.behaviour, func(t *testing.T) {
			binary, options := bad(t, "companion", test.behaviour)
			options.Timeout, options.Grace = test.timeout, time.Second
			if test.behaviour == "does not stop" {
				options.Patience = 3 * time.Second
			}
			result := accompany(t, binary, options, strings.HasSuffix(test.behaviour, "early"))
			require.Equal(t, test.want, result.Verdict, result.Reason)
			require.Contains(t, result.Reason, test.says)
		})
	}
}

func accompany(t *testing.T, binary gotest.Executable, o gotest.Options, early bool) gotest.Result {
	t.Helper()
	companion, err := binary.StartCompanion(t.Context(), o)
	if failed := (*gotest.CompanionError)(nil); errors.As(err, &failed) {
		return failed.Result
	}
	require.NoError(t, err)
	if early {
		<-companion.Ended()
	}
	return companion.Stop(t.Context())
}

// A companion whose harness was killed must not go on with its traffic.
func TestCompanionEndsWithTheHarness(t *testing.T) {
	binary, options := bad(t, "companion", "nothing")
	folder := t.TempDir()
	// The shell stands for the harness: it ends once the companion observes.
	harness := exec.CommandContext(t.Context(), "sh", "-c", `"$0" "$@" & while [ ! -e "$FOLDER/ready" ]; do sleep 0.05; done`,
		binary.Path, "-test.v", "-env="+options.Env, "-evidence="+options.Evidence, "-companion="+folder)
	harness.Dir, harness.Env = binary.Dir, append(os.Environ(), "FOLDER="+folder, "BAD=nothing")
	output, err := harness.CombinedOutput() // returns once the companion, too, has closed it
	require.NoError(t, err, "%s", output)
	require.Contains(t, string(output), "--- PASS: TestWatch")
}
