package phases

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/barq-platform/barqgate/harness/environment"
	"github.com/barq-platform/barqgate/harness/plan"
	"github.com/barq-platform/barqgate/harness/prove"
)

// The names of the phases, as the runbook counts them.
const (
	preflight     = "0 preflight"
	preDeployment = "1 pre-deployment"
	database      = "2 database"
	application   = "3 application"
	verification  = "4 verification"
	watching      = "5 watch"
	following     = "6 follow-up"
	rollback      = "application rollback" // "rollback" alone is what harness/run calls the undoing of steps
)

// ErrUnknownPhase is wrapped by the error for a phase that the runbook does not have.
var ErrUnknownPhase = errors.New("unknown phase")

// gate names the suites behind a phase.
type gate struct {
	phase  string
	suites []string
}

// gates lists what has to hold behind each phase. The gate of the rollback holds
// whichever way something was taken back.
func gates() []gate {
	return []gate{
		{preflight, []string{preflightSuite}},
		{preDeployment, []string{"backup", "migration", "smoke", "health", "journeys"}},
		{database, []string{"database"}},
		{application, []string{"rollout", "health", "endpoints", "frontend"}},
		{verification, []string{"auth", "tenancy", "files", "ai", "bpm", "journeys", "performance", "dbperformance", "logs", "resources"}},
		{watching, []string{"watch", "logs", "resources"}},
		{following, []string{"followup", "performance", "logs"}},
		{rollback, []string{"rollback", "smoke", "health", "database", "frontend"}},
	}
}

// gateOf returns the gate behind a phase; none for a name that is not one of the
// constants above, which no plan with it would survive.
func gateOf(phase string) plan.Gate {
	for _, g := range gates() {
		if g.phase == phase {
			return plan.Gate{Suites: g.suites}
		}
	}
	return plan.Gate{}
}

// withSkips allows criteria to be skipped, each for its reason.
func withSkips(g plan.Gate, skips map[string]string) plan.Gate {
	if len(skips) > 0 {
		g.AllowedSkips = skips
	}
	return g
}

// notRehearsed lists the criteria of suites/migration that do not apply where the
// environment has no rehearsal, or none with suites.
func notRehearsed(env *environment.Environment) map[string]string {
	r := env.Database.Migrations.Rehearsal
	skips := map[string]string{}
	if r.Mode == environment.NoRehearsal {
		for _, criterion := range []string{"migration.rehearsal.data-kept", "migration.rehearsal.old-version-works", "migration.rehearsal.within-limits"} {
			skips[criterion] = "database.migrations.rehearsal.mode is none"
		}
	} else if len(r.Suites) == 0 {
		skips["migration.rehearsal.old-version-works"] = "database.migrations.rehearsal.suites names none"
	}
	return skips
}

// GateSuites returns the suites behind the phase with this number or name: "2",
// "database" or "2 database".
func GateSuites(phase string) ([]string, error) {
	var names []string
	for _, g := range gates() {
		if g.phase == phase || slices.Contains(strings.Fields(g.phase), phase) {
			return g.suites, nil
		}
		names = append(names, g.phase)
	}
	return nil, fmt.Errorf("%w %q: expected one of %s", ErrUnknownPhase, phase, strings.Join(names, ", "))
}

// insist makes every criterion that has a mutant a required one of its gate: the
// file that proves that a criterion works also proves that it was not forgotten.
func insist(root string, p *plan.Plan) (*plan.Plan, error) {
	if err := onlyFor(p); err != nil {
		return nil, err
	}
	if err := govern(root, p); err != nil {
		return nil, err
	}
	all := []*plan.Gate{&p.RollbackGate}
	beside := [][]string{nil}
	for i := range p.Phases {
		all = append(all, &p.Phases[i].Gate)
		beside = append(beside, p.Phases[i].Companions)
	}
	for i, g := range all {
		for _, suite := range slices.Concat(beside[i], g.Suites) {
			criteria, err := prove.Criteria(root, suite)
			if err != nil {
				return nil, err
			}
			if len(criteria) == 0 {
				return nil, fmt.Errorf("suite %s has no mutant in testdata/mutants, so nobody knows that it can fail; write one before it becomes a gate", suite)
			}
			for _, criterion := range criteria {
				if _, mayBeSkipped := g.AllowedSkips[criterion]; !mayBeSkipped {
					g.Required = append(g.Required, criterion)
				}
			}
		}
	}
	return p, nil
}
