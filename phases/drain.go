package phases

import (
	"context"
	"time"

	"github.com/barq-platform/barqgate/fixtures/kube"
	"github.com/barq-platform/barqgate/harness/plan"
)

// replacePod ends one pod of the new release while the companion looks on. The
// rollout itself ends pods of the old release only, so a new one that drops its
// connections would be found out by the next rollout, or by the rollback.
type replacePod struct{ timeout time.Duration }

func (replacePod) Name() string {
	return "Replace one pod of the new release, to prove that it can be taken away without a lost request"
}

func (replacePod) Effect() plan.Effect { return plan.Idempotent }

// Timeout covers the end of the pod and the start of its successor.
func (s replacePod) Timeout() time.Duration { return 2*s.timeout + time.Minute }

func (s replacePod) Run(ctx context.Context, sc *plan.StepContext) error {
	cluster, err := kube.Connect(ctx, sc.Env.Kubernetes)
	if err != nil {
		return err
	}
	name, err := cluster.ReplacePod(ctx, s.timeout)
	if err != nil {
		return err
	}
	sc.Progress("pod %s was replaced", name)
	return nil
}
