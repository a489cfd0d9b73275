package phases

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/barq-platform/barqgate/harness/plan"
	"github.com/barq-platform/barqgate/harness/prove"
)

// govern gives every gate what the policy of its environment accepts besides a
// plain pass. A policy that names what does not exist, or that has ended, is
// refused.
func govern(root string, p *plan.Plan) error {
	policy, err := plan.LoadPolicy(root, p.Env.Name)
	if err != nil {
		return err
	}
	for _, id := range policy.Criteria() {
		suite, _, _ := strings.Cut(id, ".")
		known, err := prove.Criteria(root, suite)
		if err != nil {
			return err
		}
		if !slices.Contains(known, id) {
			return fmt.Errorf("%w: it names the criterion %s, which no file of testdata/mutants knows", plan.ErrPolicy, id)
		}
	}
	for i := range p.Phases {
		policy.Apply(&p.Phases[i].Gate, p.Phases[i].Companions)
	}
	policy.Apply(&p.RollbackGate, nil)
	return p.Current(time.Now())
}
