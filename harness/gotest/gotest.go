// Package gotest runs one suite as a `go test` process and says what may be
// concluded from it. The process is its own, so that a panic, a hang or an
// os.Exit of a suite is a result and never takes the deployment with it.
//
// It must never call anything a pass that is not proven by all of: exit status,
// the package's event, one terminal event for every planned test, a record for
// every required criterion, and the evidence that the records name.
package gotest

import (
	"os"
	"slices"
	"time"

	"github.com/barq-platform/barqgate/harness/redact"
	"github.com/barq-platform/barqgate/harness/suite"
	"github.com/barq-platform/barqgate/harness/verdict"
)

// Workspace says where the suites' sources are and where their binaries go.
type Workspace struct {
	Root   string // the module's root
	Suites string // the folder of the suites below Root; "suites"
	Bin    string // folder for test binaries
	// Prebuilt is a folder with suites that were compiled elsewhere; empty: they are
	// compiled here.
	Prebuilt string
	Race     bool // run from source with the race detector
}

// Executable is a suite ready to be run, in one of two ways: as a binary that was
// compiled once, or from its sources by `go test`, as a person would.
type Executable struct {
	Suite  string   // the folder's name
	Path   string   // of the test binary; empty: it is run from its sources
	SHA256 string   // of the test binary, or of the Go files of Dir
	Dir    string   // the folder it runs in: that of its sources
	Tests  []string // inventory: the top-level tests that have to end

	// Converter is the path of the test2json command, for a binary.
	Converter string

	root  string      // the module's root, for sources
	build []string    // flags of go test, for sources
	built os.FileInfo // of the binary when its SHA256 was taken
}

// Set holds suites ready to be run, by name.
type Set map[string]Executable

// Policy is what a gate asks of one suite.
type Policy struct {
	// Required criteria must each be judged.
	Required []string
	// AllowedSkips maps criteria that may be skipped to the reason why.
	AllowedSkips map[string]string
}

// Options are the settings of one execution of a suite.
type Options struct {
	Env      string        // environment name, given as -env
	Facts    string        // facts file, given as -facts; empty: none
	Evidence string        // folder for everything that the execution leaves behind; made if missing
	Args     []string      // further arguments
	Environ  []string      // further environment variables, KEY=value
	Timeout  time.Duration // deadline; DefaultTimeout if 0
	Grace    time.Duration // between asking a process to end and killing it; DefaultGrace if 0
	Patience time.Duration // with a companion that begins, and with one that was told to stop; Timeout if 0
	Policy   Policy
	// Redactor takes secrets out of everything that is stored; nil knows none.
	Redactor *redact.Redactor
	// Watch is told of tests as they start and end; it may be nil.
	Watch func(test, action string)
}

// Deadlines for options that name none.
const (
	DefaultTimeout = 10 * time.Minute
	DefaultGrace   = 10 * time.Second
)

// Result is what one execution of a suite proves.
type Result struct {
	Suite    string
	Verdict  verdict.Verdict
	Reason   string // why it is not a pass; a sentence for people
	Tests    []Test // in the order in which they started
	Criteria []suite.Record
	Evidence string // folder that the records' paths are relative to
	Output   string // path of the process's whole output
	Events   string // path of the raw stream of test events
	Command  string // what a person types to run it again
	Started  time.Time
	Duration time.Duration
	Process  Process // what the verdict rests on besides events and evidence
}

// Test is how one test or subtest ended.
type Test struct {
	Name      string
	Criterion string // that it judged; empty: none
	Outcome   string // pass, fail, skip, or "" if it never ended
	Elapsed   time.Duration
	Output    string // the last part of its output, unless it passed
}

// Criterion returns the record of the criterion with this id.
func (r Result) Criterion(id string) (suite.Record, bool) {
	for _, record := range r.Criteria {
		if record.Criterion == id {
			return record, true
		}
	}
	return suite.Record{}, false
}

// Unsteady lists the criteria that passed in the last of several executions of a
// suite, and not in one before.
func Unsteady(before []Result, last Result) []string {
	var unsteady []string
	for _, record := range last.Criteria {
		missed := slices.ContainsFunc(before, func(earlier Result) bool {
			was, judged := earlier.Criterion(record.Criterion)
			return !judged || !was.Verdict.Passed()
		})
		if missed && record.Verdict.Passed() {
			unsteady = append(unsteady, record.Criterion)
		}
	}
	return unsteady
}

func (o Options) withDefaults() Options {
	if o.Timeout <= 0 {
		o.Timeout = DefaultTimeout
	}
	if o.Grace <= 0 {
		o.Grace = DefaultGrace
	}
	if o.Patience <= 0 {
		o.Patience = o.Timeout
	}
	return o
}
