package plan

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Validate reports everything that makes the plan unfit to be executed, at once.
// suites are the names that exist.
func (p *Plan) Validate(suites []string) error {
	v := validation{suites: suites, steps: map[string]string{}, phases: map[string]bool{}}
	if p.Name == "" {
		v.problem("it has no name")
	}
	if p.Env == nil {
		v.problem("it has no environment")
	}
	if len(p.Phases) == 0 {
		v.problem("it has no phase, so it would do nothing and judge nothing")
	}
	for _, phase := range p.Phases {
		v.phase(phase)
	}
	if v.undoable || len(p.RollbackGate.Suites) > 0 {
		v.gate("the rollback gate", p.RollbackGate, nil)
	}
	if len(v.problems) > 0 {
		return fmt.Errorf("the plan %q cannot be executed: %w", p.Name, errors.Join(v.problems...))
	}
	return nil
}

type validation struct {
	suites   []string
	steps    map[string]string // step name to its phase
	phases   map[string]bool
	undoable bool
	problems []error
}

func (v *validation) problem(format string, args ...any) {
	v.problems = append(v.problems, fmt.Errorf(format, args...))
}

func (v *validation) phase(phase Phase) {
	where := fmt.Sprintf("phase %q", phase.Name)
	if phase.Name == "" {
		v.problem("a phase has no name")
	}
	if v.phases[phase.Name] {
		v.problem("%s is there twice", where)
	}
	v.phases[phase.Name] = true
	if len(phase.Companions) > 0 && len(phase.Steps) == 0 {
		v.problem("%s has companions but no step that they could accompany", where)
	}
	for _, step := range phase.Steps {
		v.step(where, phase.Name, step)
		v.known(where, SuitesOf(step))
	}
	v.known(where, phase.Companions)
	v.gate("the gate of "+where, phase.Gate, phase.Companions)
}

func (v *validation) step(where, phase string, step Step) {
	name := step.Name()
	if name == "" {
		v.problem("%s has a step without a name", where)
	}
	if first, taken := v.steps[name]; taken {
		v.problem("step %q is there twice, in phase %q and in phase %q; its name is its id", name, first, phase)
	}
	v.steps[name] = phase
	if timeout := TimeoutOf(step); timeout <= 0 {
		v.problem("step %q has the deadline %s; expected a positive duration", name, timeout)
	}
	if effect := EffectOf(step); effect < Once || effect > ReadOnly {
		v.problem("step %q has an %s", name, effect)
	}
	if undoer, ok := step.(Undoer); ok {
		v.undoable = true
		if undoer.UndoName() == "" {
			v.problem("step %q can be undone, but its undoing has no name", name)
		}
	}
}

func (v *validation) known(where string, names []string) {
	for i, name := range names {
		if !slices.Contains(v.suites, name) {
			v.problem("%s names the suite %q; expected one of %s", where, name, strings.Join(v.suites, ", "))
		}
		if slices.Contains(names[:i], name) {
			v.problem("%s names the suite %q twice", where, name)
		}
	}
}

// gate checks that the gate can decide anything, and that each criterion it
// speaks of belongs to a suite that will have run: area = suite.
func (v *validation) gate(where string, gate Gate, companions []string) {
	if len(gate.Suites) == 0 {
		v.problem("%s has no suite, so it would pass without judging anything", where)
	}
	v.known(where, gate.Suites)
	runs := slices.Concat(gate.Suites, companions)
	for _, id := range slices.Concat(gate.Required, sortedKeys(gate.AllowedSkips)) {
		if area, _, _ := strings.Cut(id, "."); !slices.Contains(runs, area) {
			v.problem("%s speaks of criterion %s, but suite %s is not run there", where, id, area)
		}
	}
	v.exceptions(where, gate, runs)
	for _, id := range sortedKeys(gate.AllowedSkips) {
		if gate.AllowedSkips[id] == "" {
			v.problem("%s allows %s to be skipped without a reason", where, id)
		}
		if slices.Contains(gate.Required, id) {
			v.problem("%s both requires %s and allows it to be skipped", where, id)
		}
	}
}

// exceptions checks what the gate accepts besides a plain pass.
func (v *validation) exceptions(where string, gate Gate, runs []string) {
	for i, r := range gate.Retries {
		if err := r.check(); err != nil {
			v.problem("%s retries suite %q: %w", where, r.Suite, err)
		}
		if !slices.Contains(gate.Suites, r.Suite) {
			v.problem("%s retries suite %s, which is not run there", where, r.Suite)
		}
		if slices.ContainsFunc(gate.Retries[:i], func(other Retry) bool { return other.Suite == r.Suite }) {
			v.problem("%s says twice how often suite %s is retried", where, r.Suite)
		}
	}
	for i, q := range gate.Quarantines {
		if err := q.check(); err != nil {
			v.problem("%s quarantines criterion %q: %w", where, q.Criterion, err)
		}
		if !slices.Contains(runs, area(q.Criterion)) {
			v.problem("%s quarantines criterion %s, but suite %s is not run there", where, q.Criterion, area(q.Criterion))
		}
		if slices.ContainsFunc(gate.Quarantines[:i], func(other Quarantine) bool { return other.Criterion == q.Criterion }) {
			v.problem("%s quarantines criterion %s twice", where, q.Criterion)
		}
	}
}

// For returns the gate's policy for one suite: the criteria of its area.
func (g Gate) For(suite string) (required []string, allowedSkips map[string]string) {
	allowedSkips = map[string]string{}
	for _, id := range g.Required {
		if strings.HasPrefix(id, suite+".") {
			required = append(required, id)
		}
	}
	for id, reason := range g.AllowedSkips {
		if strings.HasPrefix(id, suite+".") {
			allowedSkips[id] = reason
		}
	}
	return required, allowedSkips
}
