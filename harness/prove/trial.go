package prove

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"

	"github.com/barq-platform/barqgate/harness/environment"
	"github.com/barq-platform/barqgate/harness/gotest"
	"github.com/barq-platform/barqgate/harness/redact"
	"github.com/barq-platform/barqgate/harness/suite"
)

// trial is one run of a suite, with a mutant or, if that is empty, without.
type trial struct {
	suite    string
	instance string            // names it among the suite's trials
	facts    map[string]string // of a deployment without a defect; nil: there is none
	mutant   mutant
}

// attempts is how often a trial is made that decides nothing, as on a machine
// that is too busy to keep a load generator on time.
const attempts = 3

// decided makes the trial until it decides something. What has failed is never
// tried again.
func (p *proof) decided(ctx context.Context, t trial) (gotest.Result, error) {
	instance := t.instance
	for attempt := 1; ; attempt++ {
		result, err := p.execute(ctx, t)
		if err != nil || attempt == attempts || !t.mutant.undecided(result) {
			return result, err
		}
		p.say("  attempt %d of %d at %s decides nothing: %s", attempt, attempts, instance, result.Reason)
		t.instance = fmt.Sprintf("%s-attempt-%d", instance, attempt+1)
	}
}

// execute runs the suite with the mutant's changes, and takes the faults back.
func (p *proof) execute(ctx context.Context, t trial) (gotest.Result, error) {
	options, err := p.options(t)
	if err != nil {
		return gotest.Result{}, err
	}
	if err := p.settle(ctx); err != nil {
		return gotest.Result{}, err
	}
	for _, fault := range t.mutant.Faults {
		if err := p.faults.on(ctx, fault); err != nil {
			return gotest.Result{}, errors.Join(fmt.Errorf("mutant of %s: %w", t.mutant.Criterion, err), p.faults.allOff(ctx))
		}
	}
	result := p.Suites[t.suite].Run(ctx, options)
	if err := p.faults.allOff(ctx); err != nil {
		return result, err
	}
	if err := ctx.Err(); err != nil {
		return result, fmt.Errorf("prove suite %s: %w", t.suite, err)
	}
	return result, nil
}

// settle returns once nothing is left of the trial before.
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

// healthy returns the facts that a mutant's own are put over. They are read from
// a platform that has recovered.
func (p *proof) healthy(ctx context.Context, name string) (map[string]string, error) {
	if p.Facts == nil {
		return nil, nil
	}
	if err := p.settle(ctx); err != nil {
		return nil, err
	}
	facts, err := p.Facts(ctx, name)
	if err != nil {
		return nil, fmt.Errorf("find the facts of a deployment without a defect for suite %s: %w", name, err)
	}
	return facts, nil
}

func (p *proof) options(t trial) (gotest.Options, error) {
	dir := filepath.Join(p.Dir, t.suite)
	o := gotest.Options{Env: p.Env.Name, Evidence: filepath.Join(dir, t.instance), Environ: p.Env.Provided(), Redactor: redact.New(p.Env.Secrets())}
	if p.MaySkip != nil {
		o.Policy.AllowedSkips = p.MaySkip(t.suite)
	}
	if len(t.facts)+len(t.mutant.Facts) > 0 {
		facts := suite.Facts{Run: "prove", Values: map[string]string{}}
		maps.Copy(facts.Values, t.facts)
		maps.Copy(facts.Values, t.mutant.Facts)
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return o, fmt.Errorf("make the folder for evidence: %w", err)
		}
		o.Facts = filepath.Join(dir, t.instance+"-facts.json")
		if err := facts.Write(o.Facts); err != nil {
			return o, err
		}
	}
	if len(t.mutant.Env) > 0 {
		changes, err := json.Marshal(t.mutant.Env)
		if err != nil {
			return o, fmt.Errorf("mutant of %s: encode its env: %w", t.mutant.Criterion, err)
		}
		o.Environ = append(o.Environ, environment.OverridesVariable+"="+string(changes))
	}
	return o, nil
}
