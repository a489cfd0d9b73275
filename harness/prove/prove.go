// Package prove shows that every criterion can pass and can fail: it runs each
// suite without a fault, where all have to pass, then once for every mutant of
// testdata/mutants, and expects the named criterion to fail with the named words
// and every other one to pass.
//
// It must never leave a fault switched on, it must never touch an environment
// that does not allow the injection of faults, and it must never try again what
// has failed.
package prove

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/barq-platform/barqgate/harness/environment"
	"github.com/barq-platform/barqgate/harness/gotest"
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
	// Facts returns what a deployment without a defect would tell the suite. A
	// mutant changes some of it. Nil: there is no deployment.
	Facts func(ctx context.Context, suite string) (map[string]string, error)
	// MaySkip maps criteria that a suite may skip here to the reason why. Their
	// mutants are not tried then, and the summary counts them. Nil: none may.
	MaySkip func(suite string) map[string]string
}

// Summary counts what was proven. The proof holds only if OK.
type Summary struct {
	Mutants  int
	Caught   int
	Untried  int      // mutants of criteria that were skipped, as they may be
	Broken   []string // suites that do not pass without a mutant
	Unproven []string // criteria that no mutant names
}

// OK reports whether every mutant was caught and every criterion has one.
func (s Summary) OK() bool {
	return s.Caught > 0 && s.Caught+s.Untried == s.Mutants && len(s.Broken) == 0 && len(s.Unproven) == 0
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
	p.say(row, "SUITE", "MUTANT", "CRITERION", "RESULT", "TIME")
	for _, name := range names {
		if err := p.suite(ctx, name, mutants[name]); err != nil {
			return summary, err
		}
	}
	if err := p.settle(ctx); err != nil { // the platform is left as it was found
		return summary, err
	}
	p.say("\n%d of %d mutants caught", summary.Caught, summary.Mutants)
	if summary.Untried > 0 {
		p.say("%d mutants were not tried, because their criteria are skipped here", summary.Untried)
	}
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

// row is one line of the table.
const row = "%-12s %-30s %-42s %-7s %6s"

func (p *proof) line(suite, mutant, criterion, result string, of gotest.Result) {
	p.say(row, suite, mutant, criterion, result, of.Duration.Round(100*time.Millisecond))
}

// suite runs one suite without a mutant, then with each of its own.
func (p *proof) suite(ctx context.Context, name string, mutants []mutant) error {
	p.summary.Mutants += len(mutants)
	facts, err := p.healthy(ctx, name)
	if err != nil {
		return err
	}
	base, err := p.decided(ctx, trial{suite: name, instance: "unmutated", facts: facts})
	if err != nil {
		return err
	}
	for _, record := range base.Criteria {
		if !slices.ContainsFunc(mutants, func(m mutant) bool { return m.Criterion == record.Criterion }) {
			p.summary.Unproven = append(p.summary.Unproven, record.Criterion)
		}
	}
	// A criterion that does not pass without a mutant proves nothing by failing.
	if !base.Verdict.Passed() {
		p.summary.Broken = append(p.summary.Broken, name)
		p.line(name, "none", "all", "BROKEN", base)
		p.say("  %s\n  see %s", brief(base.Reason), base.Output)
		return nil
	}
	p.line(name, "none", "all", "pass", base)
	for i, m := range mutants {
		if record, ok := base.Criterion(m.Criterion); ok && record.Skipped {
			p.summary.Untried++
			p.line(name, m.title(), m.Criterion, "skipped", gotest.Result{})
			p.say("  %s", brief(record.Reason))
			continue
		}
		result, err := p.decided(ctx, trial{suite: name, instance: fmt.Sprintf("%02d-%s", i+1, m.Criterion), facts: facts, mutant: m})
		if err != nil {
			return err
		}
		if reason := m.missed(base, result); reason != "" {
			p.line(name, m.title(), m.Criterion, "MISSED", result)
			p.say("  %s\n  see %s", brief(reason), result.Output)
			continue
		}
		p.summary.Caught++
		p.line(name, m.title(), m.Criterion, "caught", result)
	}
	return nil
}

// brief shortens a reason that quotes a whole answer; the output has all of it.
func brief(reason string) string {
	const most = 400
	if runes := []rune(reason); len(runes) > most {
		return string(runes[:most]) + " …"
	}
	return reason
}
