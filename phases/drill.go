package phases

import (
	"fmt"
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
	}
	for _, g := range gates {
		before := g.Suites
		if g.Suites = kept(before); len(g.Suites) == 0 {
			return fmt.Errorf("run.onlySuites leaves the gate of %s without a suite", strings.Join(before, ", "))
		}
	}
	p.Notes = append(p.Notes, "Every gate is cut down to "+strings.Join(only, ", ")+": this is a drill of barqgate, not a judgement of the release.")
	return nil
}
