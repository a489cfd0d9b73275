package phases

import (
	"github.com/barq-platform/barqgate/fixtures/kube"
	"github.com/barq-platform/barqgate/harness/environment"
	"github.com/barq-platform/barqgate/harness/plan"
)

// Names that stand for what only a real plan knows.
const (
	someRunning = "(running)"
	someRelease = "(release)"
	someFolder  = "(folder)"
)

// StepNames lists the names of all steps, and of their undoing, that an environment
// executes, without looking at the platform: what only a plan knows is told by a
// word in parentheses.
func StepNames(env *environment.Environment) []string {
	now := Situation{Running: kube.Deployment{Image: env.Image(someRunning)}}
	back, _ := rollbackPhase(env, now, kube.Revision{Image: env.Image(someRunning)})
	phases := append(deployPhases(env, now, someRelease, someFolder), back)
	var names []string
	for _, phase := range (&plan.Plan{Phases: phases}).Outline().Phases {
		for _, step := range phase.Steps {
			names = append(names, step.Name)
			if step.Undo != "" {
				names = append(names, step.Undo)
			}
		}
	}
	return names
}
