package phases

import (
	"context"
	"fmt"

	"github.com/barq-platform/barqgate/fixtures/kube"
	"github.com/barq-platform/barqgate/harness/environment"
	"github.com/barq-platform/barqgate/harness/plan"
)

// Check plans the judging of what is running, without changing anything: one gate
// of the named suites.
func Check(ctx context.Context, env *environment.Environment, suites []string) (*plan.Plan, error) {
	cluster, err := kube.Connect(ctx, env.Kubernetes)
	if err != nil {
		return nil, err
	}
	running, err := cluster.Deployment(ctx)
	if err != nil {
		return nil, err
	}
	return &plan.Plan{
		Name:   "check " + env.Name,
		Env:    env,
		From:   running.Tag(),
		To:     running.Tag(),
		Phases: []plan.Phase{{Name: "check", About: "judge what is running", Gate: plan.Gate{Suites: suites}}},
		Notes:  []string{fmt.Sprintf("Running now: %s, revision %d (%s).", running.Image, running.Revision, running.Status)},
	}, nil
}
