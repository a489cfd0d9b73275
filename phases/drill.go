package phases

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/barq-platform/barqgate/harness/plan"
)

// onlyFor cuts the plan's gates down to the suites that a drill of barqgate itself
// needs, where the environment asks for it and may (run.onlySuites). A gate that
// would be left without a suite is an error: it would pass without judging.
func onlyFor(p *plan.Plan) error {
	only := p.Env.Run.OnlySuites
	if len(only) == 0 {
		return nil
	}
	kept := func(suites []string) []string {
		return slices.DeleteFunc(slices.Clone(suites), func(name string) bool { return !slices.Contains(only, name) })
	}
	gates := []*plan.Gate{&p.RollbackGate}
	for i := range p.Phases {
		p.Phases[i].Companions = kept(p.Phases[i].Companions)
		gates = append(gates, &p.Phases[i].Gate)
		for j, step := range p.Phases[i].Steps {
			if s, ok := step.(rehearseMigrations); ok {
				s.conf.Suites = kept(s.conf.Suites)
				p.Phases[i].Steps[j] = s
			}
		}
	}
	for _, g := range gates {
		before := g.Suites
		if g.Suites = kept(before); len(g.Suites) == 0 {
			return fmt.Errorf("run.onlySuites leaves the gate of %s without a suite", strings.Join(before, ", "))
		}
		cutPolicy(g, only)
	}
	p.Notes = append(p.Notes, "Every gate is cut down to "+strings.Join(only, ", ")+": this is a drill of barqgate, not a judgement of the release.")
	return nil
}

// cutPolicy takes out of the gate's policy what it says of suites that are not run.
func cutPolicy(g *plan.Gate, only []string) {
	gone := func(criterion string) bool {
		suite, _, _ := strings.Cut(criterion, ".")
		return !slices.Contains(only, suite)
	}
	g.Required = slices.DeleteFunc(g.Required, gone)
	maps.DeleteFunc(g.AllowedSkips, func(criterion, _ string) bool { return gone(criterion) })
	g.Retries = slices.DeleteFunc(g.Retries, func(r plan.Retry) bool { return !slices.Contains(only, r.Suite) })
	g.Quarantines = slices.DeleteFunc(g.Quarantines, func(q plan.Quarantine) bool { return gone(q.Criterion) })
}
