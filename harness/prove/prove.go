// Package prove shows that every criterion can fail: it runs each suite without
// a fault, then once for every mutant of testdata/mutants, and expects the named
// criterion to fail with the named words and every other one to pass as before.
//
// It must never leave a fault switched on, and it must never touch an
// environment that does not allow the injection of faults.
package prove

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/barq-platform/barqgate/harness/environment"
	"github.com/barq-platform/barqgate/harness/gotest"
	"github.com/barq-platform/barqgate/harness/suite"
	"github.com/barq-platform/barqgate/harness/verdict"
)

// Config is all that Run needs.
type Config struct {
	Env    *environment.Environment
	Root   string     // the module's root; mutants are read from testdata/mutants below it
	Suites gotest.Set // the suites to prove, compiled
	Dir    string     // folder for evidence; made if missing
	Out    io.Writer  // the table, a line a mutant as it is decided
	// Settle waits until the platform has recovered from the fault before; nil:
	// it recovers at once.
	Settle func(context.Context) error
}

// Summary counts what was proven. The proof holds only if OK.
type Summary struct {
	Mutants  int
	Caught   int
	Broken   []string // suites that do not pass without a mutant
	Unproven []string // criteria that no mutant names
}

// OK reports whether every mutant was caught and every criterion has one.
func (s Summary) OK() bool {
	return s.Mutants > 0 && s.Caught == s.Mutants && len(s.Broken) == 0 && len(s.Unproven) == 0
}

// ErrNotAllowed means that faults must not be injected into the environment.
var ErrNotAllowed = errors.New("the environment does not allow the injection of faults")

// Run proves the suites. The error says what kept it from being tried; a mutant
// that was not caught is in the summary.
func Run(ctx context.Context, c Config) (summary Summary, err error) {
	if !c.Env.Allows(environment.InjectFault) || c.Env.API.FaultsURL == "" {
		return summary, fmt.Errorf("%w: %s needs %q in `allow` and api.faultsURL", ErrNotAllowed, c.Env.Name, environment.InjectFault)
	}
	names := slices.Sorted(maps.Keys(c.Suites))
	mutants := map[string][]mutant{}
	for _, name := range names {
		if mutants[name], err = load(c.Root, name); err != nil {
			return summary, err
		}
	}
	p := &proof{Config: c, faults: newFaultSwitch(c.Env.API.FaultsURL), summary: &summary}
	defer func() { err = errors.Join(err, p.faults.allOff(ctx)) }()
	for _, name := range names {
		if err := p.suite(ctx, name, mutants[name]); err != nil {
			return summary, err
		}
	}
	p.say("\n%d of %d mutants caught", summary.Caught, summary.Mutants)
	if len(summary.Broken) > 0 {
		p.say("suites that do not pass without a mutant: %s", strings.Join(summary.Broken, ", "))
	}
	if len(summary.Unproven) > 0 {
		p.say("criteria without a mutant: %s", strings.Join(summary.Unproven, ", "))
	}
	return summary, p.written
}

// proof is one run over the suites.
type proof struct {
	Config
	faults  faultSwitch
	summary *Summary
	written error // the first failure to print the table
}

func (p *proof) say(format string, args ...any) {
	if _, err := fmt.Fprintf(p.Out, format+"\n", args...); err != nil && p.written == nil {
		p.written = fmt.Errorf("print the table of mutants: %w", err)
	}
}

// suite runs one suite without a mutant, then with each of its own.
func (p *proof) suite(ctx context.Context, name string, mutants []mutant) error {
	p.summary.Mutants += len(mutants)
	base, err := p.execute(ctx, name, "unmutated", mutant{})
	if err != nil {
		return err
	}
	if reason := unfit(base); reason != "" {
		p.summary.Broken = append(p.summary.Broken, name)
		p.say("%-7s %-45s without a mutant: %s", "BROKEN", name, reason)
		return nil
	}
	for i, m := range mutants {
		result, err := p.execute(ctx, name, fmt.Sprintf("%02d-%s", i+1, m.Criterion), m)
		if err != nil {
			return err
		}
		took := result.Duration.Round(100 * time.Millisecond)
		if reason := m.missed(base, result); reason != "" {
			p.say("%-7s %-45s %-40s %6s\n        %s\n        see %s", "MISSED", m.Criterion, m.title(), took, reason, result.Output)
			continue
		}
		p.summary.Caught++
		p.say("%-7s %-45s %-40s %6s", "caught", m.Criterion, m.title(), took)
	}
	for _, record := range base.Criteria {
		if !slices.ContainsFunc(mutants, func(m mutant) bool { return m.Criterion == record.Criterion }) {
			p.summary.Unproven = append(p.summary.Unproven, record.Criterion)
		}
	}
	return nil
}

// unfit says why nothing can be proven against this unmutated run. Criteria that
// need a deployment are skipped in it.
func unfit(base gotest.Result) string {
	if base.Verdict.Passed() {
		return ""
	}
	skips := slices.ContainsFunc(base.Criteria, func(r suite.Record) bool { return r.Skipped })
	if base.Verdict == verdict.Inconclusive && skips && allFine(base) {
		return ""
	}
	return base.Reason
}

// allFine reports whether every criterion passed or was skipped.
func allFine(result gotest.Result) bool {
	return !slices.ContainsFunc(result.Criteria, func(r suite.Record) bool { return !r.Skipped && !r.Verdict.Passed() })
}

// execute runs the suite with the mutant's changes, and takes the faults back.
func (p *proof) execute(ctx context.Context, name, instance string, m mutant) (gotest.Result, error) {
	options, err := p.options(name, instance, m)
	if err != nil {
		return gotest.Result{}, err
	}
	if err := p.settle(ctx); err != nil {
		return gotest.Result{}, err
	}
	for _, fault := range m.Faults {
		if err := p.faults.on(ctx, fault); err != nil {
			return gotest.Result{}, errors.Join(fmt.Errorf("mutant of %s: %w", m.Criterion, err), p.faults.allOff(ctx))
		}
	}
	result := p.Suites[name].Run(ctx, options)
	if err := p.faults.allOff(ctx); err != nil {
		return result, err
	}
	if err := ctx.Err(); err != nil {
		return result, fmt.Errorf("prove suite %s: %w", name, err)
	}
	return result, nil
}

func (p *proof) settle(ctx context.Context) error {
	if err := p.faults.allOff(ctx); err != nil {
		return err
	}
	if p.Settle == nil {
		return nil
	}
	if err := p.Settle(ctx); err != nil {
		return fmt.Errorf("wait until the platform has recovered from the mutant before: %w", err)
	}
	return nil
}

func (p *proof) options(name, instance string, m mutant) (gotest.Options, error) {
	o := gotest.Options{Env: p.Env.Name, Evidence: filepath.Join(p.Dir, name, instance), Environ: p.Env.Provided()}
	if len(m.Facts) > 0 {
		if err := os.MkdirAll(filepath.Join(p.Dir, name), 0o755); err != nil {
			return o, fmt.Errorf("make the folder for evidence: %w", err)
		}
		o.Facts = filepath.Join(p.Dir, name, instance+"-facts.json")
		if err := (suite.Facts{Run: "prove", Values: m.Facts, Partial: true}).Write(o.Facts); err != nil {
			return o, err
		}
	}
	if len(m.Env) > 0 {
		changes, err := json.Marshal(m.Env)
		if err != nil {
			return o, fmt.Errorf("mutant of %s: encode its env: %w", m.Criterion, err)
		}
		o.Environ = append(o.Environ, environment.OverridesVariable+"="+string(changes))
	}
	return o, nil
}
