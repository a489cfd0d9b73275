package run

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
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
	"github.com/barq-platform/barqgate/harness/verdict"
)

// mortalVariable makes the test binary execute, or resume, a scripted deployment
// and kill itself at a moment of it.
const mortalVariable = "BARQGATE_TEST_MORTAL"

// mortal says what that process does.
type mortal struct {
	Root   string
	Bad    bool // the last gate fails, so the deployment is rolled back
	Resume bool
	Die    Moment        // zero: it lives
	Clock  time.Duration // added to the machine's
	Suites gotest.Set
}

// site is the world of a scripted deployment: files in a folder, which outlive
// every process.
type site struct{ dir string }

// effect notes that something was done. A step that must not be repeated shows
// here if it was.
func (w site) effect(what string) error {
	file, err := os.OpenFile(filepath.Join(w.dir, "effects"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	_, err = file.WriteString(what + "\n")
	return errors.Join(err, file.Close())
}

func (w site) set(name, value string) error {
	return os.WriteFile(filepath.Join(w.dir, name), []byte(value), 0o644)
}

func (w site) get(name string) string {
	data, _ := os.ReadFile(filepath.Join(w.dir, name)) // missing is as good as empty
	return string(data)
}

// move is a step that sets a value of the site.
type move struct {
	site   site
	name   string
	value  string
	before string
	effect plan.Effect
	fact   string
}

func (m move) Name() string        { return "set " + m.name + " to " + m.value }
func (m move) Effect() plan.Effect { return m.effect }

func (m move) Run(_ context.Context, sc *plan.StepContext) error {
	if err := errors.Join(m.site.effect(m.Name()), m.site.set(m.name, m.value)); err != nil {
		return err
	}
	return m.note(sc)
}

// note records the fact that later steps and suites rest on.
func (m move) note(sc *plan.StepContext) error {
	if m.fact == "" {
		return nil
	}
	return sc.SetFact(m.fact, m.value)
}

// seenMove can be observed.
type seenMove struct{ move }

func (m seenMove) Observe(_ context.Context, sc *plan.StepContext) (bool, error) {
	if m.site.get(m.name) != m.value {
		return false, nil
	}
	return true, m.note(sc)
}

// reversibleMove can also be taken back.
type reversibleMove struct{ seenMove }

func (m reversibleMove) UndoName() string { return "set " + m.name + " back to " + m.before }

func (m reversibleMove) Undo(context.Context, *plan.StepContext) error {
	return errors.Join(m.site.effect(m.UndoName()), m.site.set(m.name, m.before))
}

// keptMove stays when it is taken back.
type keptMove struct{ seenMove }

func (m keptMove) UndoName() string { return "keep " + m.name }

func (m keptMove) Undo(context.Context, *plan.StepContext) error {
	return fmt.Errorf("%w: the old version can live with it", plan.ErrKept)
}

// glance only looks.
type glance struct{ name, fact, value string }

func (g glance) Name() string      { return g.name }
func (glance) Effect() plan.Effect { return plan.ReadOnly }
func (g glance) Run(_ context.Context, sc *plan.StepContext) error {
	return sc.SetFact(g.fact, g.value)
}

// config is the scripted deployment in the folder.
func (m mortal) config(env *environment.Environment) Config {
	w := site{dir: filepath.Join(m.Root, "site")}
	judgement := "pass"
	if m.Bad {
		judgement = "fail"
	}
	image := move{site: w, name: "image", value: "v2", before: "v1", effect: plan.Idempotent, fact: "to.image"}
	suites := gotest.Set{}
	for _, name := range []string{"early", "middle", "late", "beside", "after"} {
		binary := m.Suites["scripted"]
		binary.Suite, binary.Dir = name, m.Root
		suites[name] = binary
	}
	return Config{
		Root: m.Root, Run: "r1", Dir: filepath.Join(m.Root, "run"), Suites: suites, RetryCommand: "try again",
		SuiteTimeout: time.Minute, Grace: 5 * time.Second,
		Clock: func() time.Time { return time.Now().Add(m.Clock) },
		Reached: func(at Moment) {
			if at == m.Die {
				_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			}
		},
		Plan: &plan.Plan{
			Name: "test", Env: env, From: "v1", To: "v2",
			Phases: []plan.Phase{
				{Name: "1 before", Gate: plan.Gate{Suites: []string{"early"}}, Steps: []plan.Step{
					glance{name: "look", fact: "from.image", value: "v1"},
					move{site: w, name: "backup", value: "full", effect: plan.Idempotent, fact: "backup"},
				}},
				{Name: "2 database", Gate: plan.Gate{Suites: []string{"middle"}}, Steps: []plan.Step{
					keptMove{seenMove{move{site: w, name: "schema", value: "new"}}}, // once
					glance{name: "list", fact: "schema", value: "new"},
				}},
				{Name: "3 application", Gate: plan.Gate{Suites: []string{"late"}}, Companions: []string{"beside"}, Steps: []plan.Step{
					reversibleMove{seenMove{image}},
					glance{name: "watch", fact: "late", value: judgement},
					move{site: w, name: "drained", value: "one", effect: plan.Idempotent},
				}},
			},
			RollbackGate: plan.Gate{Suites: []string{"after"}},
			Confirm: func(_ context.Context, _ *plan.StepContext, left plan.Progress) error {
				found, remains := w.get("image"), left[reversibleMove{seenMove{image}}.Name()]
				if want := map[plan.Remains]string{plan.InPlace: "v2", plan.Nothing: "v1", plan.TakenBack: "v1"}[remains]; want != "" && want != found {
					return fmt.Errorf("the image is %s; this run has left %s", found, want)
				}
				return nil
			},
		},
	}
}

// live is the whole process.
func (m mortal) live() int {
	env, err := environment.Load(context.Background(), m.Root, environmenttest.Name)
	if err != nil {
		fmt.Println(err)
		return 99
	}
	do := Execute
	if m.Resume {
		do = Resume
	}
	o, err := do(context.Background(), m.config(env))
	fmt.Println(o.Reason, err)
	return int(o.Exit)
}

// start runs the process to its end. It returns its exit status, or -1 if it was
// killed.
func (m mortal) start(t require.TestingT) (exit int, output string) {
	data, err := json.Marshal(m)
	require.NoError(t, err)
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), mortalVariable+"="+string(data))
	out, err := cmd.CombinedOutput()
	if failed := (*exec.ExitError)(nil); err != nil && !errors.As(err, &failed) {
		require.NoError(t, err)
	}
	return cmd.ProcessState.ExitCode(), string(out)
}

// final is what a run has come to: the world, and how it ended by its journal.
type final struct {
	image, schema, backup, drained string
	schemaChanges                  int
	ended                          event.RunFinished
}

func finalOf(t require.TestingT, root string) final {
	w := site{dir: filepath.Join(root, "site")}
	f := final{
		image: w.get("image"), schema: w.get("schema"), backup: w.get("backup"), drained: w.get("drained"),
		schemaChanges: strings.Count(w.get("effects"), "set schema to new"),
	}
	chain, err := journal.Replay(filepath.Join(root, "run"))
	require.NoError(t, err)
	last, err := event.Decode(chain.Records[len(chain.Records)-1])
	require.NoError(t, err)
	require.IsType(t, event.RunFinished{}, last)
	f.ended, _ = last.(event.RunFinished)
	require.GreaterOrEqual(t, f.ended.Duration, time.Duration(0))
	f.ended.Duration, f.ended.Caveats = 0, nil // the one differs, and the others are what an interruption costs
	return f
}

func newSite(t *testing.T) string {
	t.Helper()
	root := environmenttest.Root(t, nil)
	require.NoError(t, os.MkdirAll(filepath.Join(root, "site"), 0o755))
	require.NoError(t, site{dir: filepath.Join(root, "site")}.set("image", "v1"))
	return root
}

// whole is a deployment that nothing interrupts, with the number of its records.
func whole(t *testing.T, m mortal) (want final, records int) {
	t.Helper()
	m.Root = newSite(t)
	exit, out := m.start(t)
	require.Equal(t, map[bool]int{false: 0, true: 1}[m.Bad], exit, out)
	chain, err := journal.Replay(filepath.Join(m.Root, "run"))
	require.NoError(t, err)
	return finalOf(t, m.Root), len(chain.Records)
}

// TestKilledAnywhere kills the process right before and right behind every record
// of a good deployment and of one that is rolled back, and resumes it.
func TestKilledAnywhere(t *testing.T) {
	suites, err := build()
	require.NoError(t, err)
	for name, m := range map[string]mortal{"promoted": {Suites: suites}, "rolled back": {Suites: suites, Bad: true}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want, records := whole(t, m)
			points := 0
			for record := 2; record <= records; record++ { // of a run without a record nothing is known
				for _, written := range []bool{false, true} {
					m.Root, m.Resume, m.Die, m.Clock = newSite(t), false, Moment{Record: record, Written: written}, 0
					exit, out := m.start(t)
					require.Equal(t, -1, exit, "killed at %+v: %s", m.Die, out)
					points++
					if record == records && written {
						require.Equal(t, want, finalOf(t, m.Root)) // it had ended
						continue
					}
					m.Resume, m.Die, m.Clock = true, Moment{}, time.Duration(record%3-1)*time.Hour
					exit, out = m.start(t)
					require.Equal(t, want.ended.Exit, exit, "resumed after a kill at record %d (written: %t): %s", record, written, out)
					require.Equal(t, want, finalOf(t, m.Root), "resumed after a kill at record %d (written: %t)", record, written)
				}
			}
			t.Logf("%d kill points, %d resumed to the same state", points, points)
		})
	}
}

// TestKilledAgainAndAgain kills the resumed runs too.
func TestKilledAgainAndAgain(t *testing.T) {
	suites, err := build()
	require.NoError(t, err)
	wants := map[bool]final{}
	for _, bad := range []bool{false, true} {
		wants[bad], _ = whole(t, mortal{Suites: suites, Bad: bad})
	}
	checks := 0
	rapid.Check(t, func(rt *rapid.T) {
		if checks++; checks > 4 && !t.Failed() {
			return // each takes seconds; shrinking a failure may take more
		}
		m := mortal{Suites: suites, Bad: rapid.Bool().Draw(rt, "bad"), Root: newSite(t)}
		record := 1
		for range 4 {
			record += rapid.IntRange(1, 9).Draw(rt, "records until it dies")
			m.Die = Moment{Record: record, Written: rapid.Bool().Draw(rt, "written")}
			exit, out := m.start(rt)
			if exit != -1 {
				require.Equal(rt, wants[m.Bad].ended.Exit, exit, out)
				break
			}
			m.Resume = true
		}
		m.Die = Moment{}
		if exit, out := m.start(rt); exit != wants[m.Bad].ended.Exit {
			require.Equal(rt, int(Usage), exit, out) // it had ended before
		}
		require.Equal(rt, wants[m.Bad], finalOf(rt, m.Root))
	})
}

// TestHalfARecordIsDropped: the process dies while it writes.
func TestHalfARecordIsDropped(t *testing.T) {
	suites, err := build()
	require.NoError(t, err)
	m := mortal{Suites: suites}
	want, _ := whole(t, m)
	m.Root, m.Die = newSite(t), Moment{Record: 12, Written: true}
	exit, out := m.start(t)
	require.Equal(t, -1, exit, out)
	path := filepath.Join(m.Root, "run", journal.FileName)
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, data[:len(data)-30], 0o644))
	m.Resume, m.Die = true, Moment{}
	exit, out = m.start(t)
	require.Equal(t, int(Promoted), exit, out)
	require.Equal(t, want, finalOf(t, m.Root))
	require.Contains(t, site{dir: filepath.Join(m.Root, "run")}.get(journal.FileName), `"torn":true`)
	require.Equal(t, verdict.Pass, want.ended.Verdict)
}
