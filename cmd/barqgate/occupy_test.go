package main

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/barq-platform/barqgate/harness/environment"
	"github.com/barq-platform/barqgate/harness/plan"
	"github.com/barq-platform/barqgate/harness/run"
)

// change is a step that changes something: it says nothing of its effect.
type change struct{}

func (change) Name() string                                 { return "change" }
func (change) Run(context.Context, *plan.StepContext) error { return nil }

func TestOneChangeOfAPlatformAtATime(t *testing.T) {
	root := t.TempDir()
	planOf := func(namespace string, steps ...plan.Step) *plan.Plan {
		env := &environment.Environment{Name: "fixed", Kubernetes: environment.Kubernetes{Namespace: namespace}}
		return &plan.Plan{Name: "deploy v2", Env: env, Phases: []plan.Phase{{Steps: steps}}}
	}
	release, err := occupy(root, planOf("one", change{}))
	require.NoError(t, err)

	_, err = occupy(root, planOf("one", change{}))
	require.ErrorIs(t, err, errOccupied)
	require.ErrorContains(t, err, "deploy v2")
	a := &app{interrupts: catchInterrupts()}
	defer a.interrupts.release()
	require.Equal(t, run.Held, a.codeOf(err))

	for name, p := range map[string]*plan.Plan{"another platform": planOf("two", change{}), "only reading": planOf("one")} {
		free, err := occupy(root, p)
		require.NoError(t, err, name)
		free()
	}
	release()
	release, err = occupy(root, planOf("one", change{}))
	require.NoError(t, err)
	release()
}
