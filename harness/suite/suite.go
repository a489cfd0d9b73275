// Package suite is the one API that the packages under suites/ use: it loads the
// environment, declares criteria, stores evidence and tells the harness, through
// the events of `go test`, what was judged and on how much evidence.
//
// It must never let a criterion pass that observed nothing, and it must never
// run a suite whose effects the environment does not allow.
package suite

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"sort"
	"sync"
	"testing"
	"time"

	"github.com/barq-platform/barqgate/harness/environment"
	"github.com/barq-platform/barqgate/harness/redact"
)

// Suite describes one package under suites/ to Main.
type Suite struct {
	// Name is the package's folder under suites/.
	Name string
	// About says in one sentence what the suite finds out.
	About string
	// Effects lists what the suite does to the environment. Empty means that it
	// only reads.
	Effects []environment.Effect
}

// state is what one suite process knows; Main sets it once.
type state struct {
	suite    Suite
	env      *environment.Environment
	redactor *redact.Redactor // of the environment's secrets
	facts    Facts
	hasFacts bool
	evidence string
	during   string
	lasts    time.Duration

	mu       sync.Mutex
	declared map[string]string // criterion id to the test that judges it
	records  []Record
}

// current is the package variable that the suites' process-wide API rests on.
var current *state

// Exit codes of a suite process that did not get as far as running tests.
const (
	exitUnusable = 2 // usage, configuration or an effect that is not allowed
	exitEmpty    = 3 // no criterion was judged
)

// Main runs the suite's tests and exits. It is the whole body of TestMain:
//
//	func TestMain(m *testing.M) { suite.Main(m, suite.Suite{Name: "health", About: "…"}) }
//
// The environment is named by -env, which has to come after the packages:
// go test ./suites/... -env=local.
func Main(m *testing.M, s Suite) {
	os.Exit(run(m, s))
}

func run(m *testing.M, s Suite) int {
	envName := flag.String("env", os.Getenv("BARQGATE_ENV"), "environment: a file of testdata/envs without .yaml")
	facts := flag.String("facts", "", "file with the facts of the deployment that runs this suite")
	evidence := flag.String("evidence", "", "folder for evidence; default .barqgate/evidence/<suite>")
	during := flag.String("companion", "", "folder through which a companion is told to stop")
	lasts := flag.Duration("for", 15*time.Second, "how long a companion runs when nobody tells it to stop")
	flag.Parse()
	if listing() {
		return m.Run()
	}
	if err := followHarness(); err != nil {
		fmt.Fprintf(os.Stderr, "suite %s cannot run: %v\n", s.Name, err)
		return exitUnusable
	}
	st := &state{suite: s, during: *during, lasts: *lasts, declared: map[string]string{}}
	if err := st.prepare(*envName, *facts, *evidence); err != nil {
		fmt.Fprintf(os.Stderr, "suite %s cannot run: %v\n", s.Name, err)
		return exitUnusable
	}
	current = st
	code := m.Run()
	st.summarise()
	if code == 0 && len(st.records) == 0 {
		fmt.Fprintf(os.Stderr, "suite %s judged no criterion: check -run, or the suite is empty\n", s.Name)
		return exitEmpty
	}
	return code
}

// listing reports whether the process only prints the names of its tests, which
// must work without an environment.
func listing() bool {
	f := flag.Lookup("test.list")
	return f != nil && f.Value.String() != ""
}

func (st *state) prepare(envName, factsFile, evidenceDir string) error {
	if st.suite.Name == "" || st.suite.About == "" {
		return errors.New("suite.Suite needs a Name and an About")
	}
	root, err := environment.Root()
	if err != nil {
		return err
	}
	if envName == "" {
		return fmt.Errorf("no environment chosen; expected one of %v: type `go test ./suites/... -env=local`, with -env after the packages", environment.Names(root))
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if st.env, err = environment.Load(ctx, root, envName); err != nil {
		return err
	}
	st.redactor = redact.New(st.env.Secrets())
	for _, effect := range st.suite.Effects {
		if !st.env.Allows(effect) {
			return fmt.Errorf("it needs the effect %q, which environment %s does not allow; add it to `allow` in testdata/envs/%s.yaml if it may", effect, st.env.Name, st.env.Name)
		}
	}
	if factsFile != "" {
		if st.facts, err = ReadFacts(factsFile); err != nil {
			return err
		}
		st.hasFacts = true
	}
	st.evidence = evidenceDir
	if st.evidence == "" {
		st.evidence = filepath.Join(root, ".barqgate", "evidence", st.suite.Name)
	}
	if err := os.MkdirAll(st.evidence, 0o755); err != nil {
		return fmt.Errorf("create the evidence folder: %w", err)
	}
	return nil
}

// Env returns the environment the suite runs against.
func Env() *environment.Environment { return current.env }

// Root returns the module's root folder.
func Root(t *testing.T) string {
	t.Helper()
	root, err := environment.Root()
	if err != nil {
		t.Fatal(err)
	}
	return root
}

// summarise prints one line a criterion, for people who run the suite by hand.
func (st *state) summarise() {
	st.mu.Lock()
	defer st.mu.Unlock()
	sort.Slice(st.records, func(i, j int) bool { return st.records[i].Criterion < st.records[j].Criterion })
	for _, r := range st.records {
		fmt.Printf("%-12s %-45s %s\n", r.Verdict, r.Criterion, r.Summary())
	}
}
