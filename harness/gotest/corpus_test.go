package gotest

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/barq-platform/barqgate/harness/environment/environmenttest"
	"github.com/stretchr/testify/require"
)

// The corpus is a folder of testdata/streams for each odd shape that the output of
// a suite can take:
//
//	about.txt      what it is; then mode, exit status, planned tests and what ended
//	               it, one a line
//	events.jsonl   the stream as it was recorded
//	evidence/      what the suite stored, if anything
//	verdict.golden what the gate concludes from it
//
// -record runs the bad suites again and rewrites the streams, -update the verdicts.
var (
	record = flag.Bool("record", false, "record the streams of testdata/streams again")
	update = flag.Bool("update", false, "rewrite the golden files")
)

func corpus(tb testing.TB) string {
	tb.Helper()
	return filepath.Join(environmenttest.Repository(tb), "testdata", "streams")
}

// about is what a recording's about.txt says.
type about struct {
	text      string
	mode      string // compiled, source, or damaged: made from one of the others by hand
	exit      int
	status    string
	inventory []string
	ending    ending
}

func readAbout(t *testing.T, dir string) about {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, "about.txt"))
	require.NoError(t, err)
	var a about
	for line := range strings.Lines(string(data)) {
		key, value, found := strings.Cut(strings.TrimSpace(line), ": ")
		switch {
		case found && key == "mode":
			a.mode = value
		case found && key == "exit":
			code, status, _ := strings.Cut(value, " ")
			a.exit, err = strconv.Atoi(code)
			require.NoError(t, err, line)
			a.status = strings.Trim(status, "()")
		case found && key == "ended by its deadline":
			a.ending = late
		case found && key == "tests":
			a.inventory = strings.Fields(value)
		default:
			a.text += line
		}
	}
	require.NotEmpty(t, strings.TrimSpace(a.text), "%s says what it is", dir)
	require.Contains(t, []string{"compiled", "source", "damaged"}, a.mode)
	return a
}

func TestVerdictsOnRecordedStreams(t *testing.T) {
	if *record {
		recordCorpus(t)
	}
	entries, err := os.ReadDir(corpus(t))
	require.NoError(t, err)
	require.Greater(t, len(entries), 30)
	for _, entry := range entries {
		t.Run(entry.Name(), func(t *testing.T) {
			dir := filepath.Join(corpus(t), entry.Name())
			a := readAbout(t, dir)
			stream, err := os.Open(filepath.Join(dir, "events.jsonl"))
			require.NoError(t, err)
			defer stream.Close()
			x := execution{inventory: a.inventory, evidence: filepath.Join(dir, "evidence"), exit: a.exit, status: a.status, ending: a.ending, timeout: 5 * time.Second, transcript: readStream(t, stream)}
			v, reason := x.judge()
			got := fmt.Sprintf("%s\n%s\n", v, reason)
			golden := filepath.Join(dir, "verdict.golden")
			if *update {
				require.NoError(t, os.WriteFile(golden, []byte(got), 0o644))
			}
			want, err := os.ReadFile(golden)
			require.NoError(t, err)
			require.Equal(t, string(want), got)
			require.Equal(t, strings.HasPrefix(entry.Name(), "pass-"), v.Passed(), "a name that begins with pass- promises it")
		})
	}
}

// What has been read and stored once says the same when it is read again, so that
// a run can be judged from its folder alone.
func TestStoredStreamsAreJudgedAlike(t *testing.T) {
	streams, err := filepath.Glob(filepath.Join(corpus(t), "*", "events.jsonl"))
	require.NoError(t, err)
	for _, path := range streams {
		first, err := os.ReadFile(path)
		require.NoError(t, err)
		stored := &memory{}
		r := newRecorder(nil, newStore(stored, "events", leftOutOfEvents), newStore(&memory{}, "output", leftOutOfLog))
		require.NoError(t, r.read(bytes.NewReader(first)))
		require.NoError(t, r.close())
		if len(r.transcript.problems) > 0 {
			continue // what cannot be read is not stored, and the problem is in the verdict
		}
		again := readStream(t, &stored.Buffer)
		dir := filepath.Dir(path)
		a := readAbout(t, dir)
		x := execution{inventory: a.inventory, evidence: filepath.Join(dir, "evidence"), exit: a.exit, status: a.status, transcript: r.transcript}
		y := x
		y.transcript = again
		v, reason := x.judge()
		w, otherReason := y.judge()
		require.Equal(t, v, w, path)
		require.Equal(t, reason, otherReason, path)
	}
}

// shape is one recording to be made.
type shape struct {
	name, about string
	suite       string // of testdata/bad
	behaviour   string
	args        []string
	timeout     time.Duration
	source      bool // by go test as well as by the compiled binary
}

func shapes() []shape {
	return []shape{
		{name: "pass", about: "Two criteria that pass.", behaviour: "nothing", source: true},
		{name: "fail", about: "A criterion that fails.", behaviour: "fail", source: true},
		{name: "panic", about: "A test panics.", behaviour: "panic", source: true},
		{name: "panic-in-goroutine", about: "A goroutine that a test has started panics.", behaviour: "panic in a goroutine", source: true},
		{name: "hang", about: "A test hangs, is asked for its goroutines and killed.", behaviour: "hang", timeout: 5 * time.Second, source: true},
		{name: "exit-0-in-test", about: "A test calls os.Exit(0).", behaviour: "exit 0 in a test", source: true},
		{name: "exit-0-in-testmain", about: "TestMain calls os.Exit(0) without running a test.", behaviour: "exit 0 in TestMain", source: true},
		{name: "code-dropped", about: "TestMain drops the code of m.Run: a test fails, the status is 0.", behaviour: "code dropped", source: true},
		{name: "exit-0-by-syscall", about: "A test ends the process with status 0 behind Go's back.", behaviour: "exit without Go noticing", source: true},
		{name: "killed", about: "The process is ended by SIGKILL, as by the kernel when memory is short.", behaviour: "killed", source: true},
		{name: "out-of-memory", about: "The process may not have more memory.", behaviour: "out of memory", source: true},
		{name: "all-skipped", about: "Every test is skipped.", behaviour: "everything skipped", source: true},
		{name: "skipped-without-criterion", about: "A test is skipped that judges no criterion.", behaviour: "skipped without a criterion"},
		{name: "failed-without-criterion", about: "A test fails that judges no criterion.", behaviour: "failed without a criterion"},
		{name: "mistyped-run", about: "-run matches no test; the suite notices.", args: []string{"-test.run=TestMistyped"}, source: true},
		{name: "left-out", about: "A planned test is left out.", args: []string{"-test.skip=TestSecond"}, source: true},
		{name: "twice", about: "Every test runs twice (-count=2).", args: []string{"-test.count=2"}},
		{name: "declared-twice", about: "Two tests judge the same criterion.", behaviour: "judged twice"},
		{name: "too-few-samples", about: "A criterion has fewer samples than it needs.", behaviour: "too few samples"},
		{name: "nothing-observed", about: "A criterion has observed nothing.", behaviour: "nothing observed"},
		{name: "inconclusive", about: "A criterion cannot tell.", behaviour: "inconclusive"},
		{name: "long-record", about: "A record that takes several attributes, with letters of two bytes at their ends.", behaviour: "long record", source: true},
		{name: "fails-in-cleanup", about: "A test fails in a cleanup that runs before its criterion is concluded.", behaviour: "fails in a cleanup"},
		{name: "fails-after-record", about: "A test fails in a cleanup after its criterion was recorded as a pass.", behaviour: "fails after the record"},
		{name: "unusable", about: "The suite cannot load its environment.", args: []string{"-env=nowhere"}, source: true},
		{name: "judges-nothing", about: "A package that passes and judges nothing.", suite: "plain", source: true},
		{name: "no-tests-to-run", about: "-run matches no test of a package that does not notice: exit status 0.", suite: "plain", args: []string{"-test.run=TestMistyped"}, source: true},
	}
}

func recordCorpus(t *testing.T) {
	t.Helper()
	w := Workspace{Root: environmenttest.Repository(t), Suites: "harness/gotest/testdata/bad", Bin: t.TempDir()}
	compiled, err := w.Build(t.Context(), []string{"behaviour", "plain"}, nil)
	require.NoError(t, err)
	fromSource, err := w.Sources(t.Context(), []string{"behaviour", "plain"}, nil)
	require.NoError(t, err)
	for _, s := range shapes() {
		if s.suite == "" {
			s.suite = "behaviour"
		}
		recordShape(t, s, "compiled", compiled[s.suite])
		if s.source {
			recordShape(t, s, "source", fromSource[s.suite])
		}
	}
	w.Race = true
	racing, err := w.Sources(t.Context(), []string{"race"}, nil)
	require.NoError(t, err)
	recordShape(t, shape{name: "race", about: "The race detector reports a data race.", suite: "race"}, "source", racing["race"])
	for _, s := range []struct{ name, about, pkg, tests string }{
		{"build-error", "The package does not compile.", "broken", "TestBroken"},
		{"missing-package", "There is no such package.", "missing", "TestMissing"},
		{"no-test-files", "No file of the package is for this system.", "elsewhere", "TestElsewhere"},
		{"no-tests", "The package has a test file and no test.", "empty", "TestEmpty"},
		{"cached", "go test shows the result of an earlier run.", "plain", "TestSomething"},
	} {
		recordGoTest(t, s.name, s.about, s.pkg, s.tests)
	}
	recordDamaged(t)
}

// damaged are streams that no suite leets out, made of one that passes.
func damaged(lines []string) map[string]shapeOf {
	whole := strings.Join(lines, "")
	without := func(words string) string {
		return strings.Join(slices.DeleteFunc(slices.Clone(lines), func(line string) bool { return strings.Contains(line, words) }), "")
	}
	return map[string]shapeOf{
		"empty":                 {"Nothing at all was said.", ""},
		"truncated":             {"The stream breaks off in the middle of an event.", whole[:len(whole)*2/3]},
		"cut-between-events":    {"The stream breaks off between two events.", strings.Join(lines[:len(lines)*2/3], "")},
		"no-end-of-package":     {"The last event, that of the package, is missing.", strings.Join(lines[:len(lines)-1], "")},
		"no-end-of-test":        {"The last event of a test is missing.", without(`"Action":"pass","Package":"behaviour","Test":"TestSecond"`)},
		"no-test":               {"A test that was planned is not mentioned.", without("TestSecond")},
		"no-record":             {"The attributes of all tests are missing.", without(`"Action":"attr"`)},
		"foreign-line":          {"Something has printed a line of its own into the stream.", strings.Join(slices.Insert(slices.Clone(lines), 5, "go: downloading example.com v1.0.0\n"), "")},
		"two-packages":          {"Events of another package are mixed in.", strings.Replace(whole, `"Package":"behaviour"`, `"Package":"other"`, 1)},
		"ended-twice":           {"A test passes, and fails as well.", whole + `{"Action":"fail","Package":"behaviour","Test":"TestSecond"}` + "\n"},
		"unknown-action":        {"An event has an action of a later version of Go.", whole + `{"Action":"quantum","Package":"behaviour"}` + "\n"},
		"unknown-verdict":       {"A record has a verdict that does not exist.", strings.ReplaceAll(whole, `\"verdict\":\"pass\"`, `\"verdict\":\"passed\"`)},
		"no-verdict":            {"A record was never judged.", strings.ReplaceAll(whole, `\"verdict\":\"pass\"`, `\"verdict\":\"unset\"`)},
		"no-samples":            {"A record passes on no observation.", strings.ReplaceAll(whole, `\"samples\":3`, `\"samples\":0`)},
		"evidence-elsewhere":    {"A record names evidence outside of its folder.", strings.ReplaceAll(whole, "behaviour.first.holds/seen.txt", "../../about.txt")},
		"evidence-missing":      {"A record names evidence that is not there.", strings.ReplaceAll(whole, "behaviour.first.holds/seen.txt", "behaviour.first.holds/gone.txt")},
		"contradicts-its-tests": {"The package passes although a test has failed.", strings.ReplaceAll(whole, `"Action":"pass","Package":"behaviour","Test":"TestSecond"`, `"Action":"fail","Package":"behaviour","Test":"TestSecond"`)},
	}
}

// shapeOf is a damaged stream and what was done to it.
type shapeOf struct{ about, events string }

func recordDamaged(t *testing.T) {
	t.Helper()
	from := filepath.Join(corpus(t), "pass-compiled")
	data, err := os.ReadFile(filepath.Join(from, "events.jsonl"))
	require.NoError(t, err)
	for name, s := range damaged(slices.Collect(strings.Lines(string(data)))) {
		require.NotEqual(t, string(data), s.events, "%s is damaged", name)
		storeRecording(t, "damaged-"+name, s.about, "damaged", 0, "exit status 0", "TestFirst TestSecond", []byte(s.events), filepath.Join(from, "evidence"))
	}
}

// recordShape runs a suite and stores what it said.
func recordShape(t *testing.T, s shape, mode string, e Executable) {
	t.Helper()
	o := Options{Env: "local", Evidence: t.TempDir(), Args: s.args, Environ: append(environmenttest.LocalWithoutLab(t), "BAD="+s.behaviour), Timeout: time.Minute, Grace: time.Second}
	if s.timeout > 0 {
		o.Timeout = s.timeout
	}
	p, err := e.start(o)
	require.NoError(t, err)
	how, err := p.wait(t.Context(), time.After(o.Timeout))
	p.finish(how, err)
	state := p.suite.ProcessState
	if how == late {
		e.Tests = append(e.Tests, "\nended by its deadline: yes")
	}
	events, err := os.ReadFile(filepath.Join(o.Evidence, eventsFile))
	require.NoError(t, err)
	storeRecording(t, s.name+"-"+mode, s.about, mode, state.ExitCode(), state.String(), strings.Join(e.Tests, " "), events, o.Evidence)
}

// recordGoTest stores what go test itself says of a package.
func recordGoTest(t *testing.T, name, about, pkg, tests string) {
	t.Helper()
	var out []byte
	for range 2 { // the second may be cached
		cmd := exec.CommandContext(t.Context(), "go", "test", "-json", "./harness/gotest/testdata/bad/"+pkg)
		cmd.Dir = environmenttest.Repository(t)
		var err error
		if out, err = cmd.Output(); err != nil {
			exit := (*exec.ExitError)(nil)
			require.ErrorAs(t, err, &exit)
			storeRecording(t, name, about, "source", exit.ExitCode(), exit.String(), tests, out, "")
			return
		}
	}
	storeRecording(t, name, about, "source", 0, "exit status 0", tests, out, "")
}

// storeRecording writes a recording, without the folders of the machine it was made on.
func storeRecording(t *testing.T, name, about, mode string, exit int, status, tests string, events []byte, evidence string) {
	t.Helper()
	dir := filepath.Join(corpus(t), name)
	require.NoError(t, os.RemoveAll(dir))
	require.NoError(t, os.MkdirAll(dir, 0o755))
	text := fmt.Sprintf("%s\n\nmode: %s\nexit: %d (%s)\ntests: %s\n", about, mode, exit, status, tests)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "about.txt"), []byte(text), 0o644))
	for _, folder := range []string{environmenttest.Repository(t), evidence, os.TempDir()} {
		if absolute, err := filepath.Abs(folder); err == nil && folder != "" {
			events = bytes.ReplaceAll(events, []byte(absolute), []byte("/checkout"))
		}
	}
	require.NoError(t, os.WriteFile(filepath.Join(dir, "events.jsonl"), events, 0o644))
	if evidence == "" {
		return
	}
	require.NoError(t, filepath.WalkDir(evidence, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || entry.Name() == outputFile || entry.Name() == eventsFile {
			return err
		}
		relative, err := filepath.Rel(evidence, path)
		if err != nil {
			return err
		}
		data, err := os.ReadFile(path)
		target := filepath.Join(dir, "evidence", relative)
		return errors.Join(err, os.MkdirAll(filepath.Dir(target), 0o755), os.WriteFile(target, data, 0o644))
	}))
}
