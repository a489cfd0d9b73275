package phases

import (
	"context"
	"fmt"
	"time"

	"github.com/barq-platform/barqgate/fixtures/kube"
	"github.com/barq-platform/barqgate/harness/plan"
)

// soak lets the new release serve while the companion reads and writes. A rollout
// takes seconds, and a fault in one request of two hundred needs thousands of
// requests to show.
type soak struct{ lasts time.Duration }

func (s soak) Name() string {
	return fmt.Sprintf("Let the new release serve for %s under the companion's traffic", s.lasts)
}

func (soak) Effect() plan.Effect { return plan.ReadOnly }

func (s soak) Timeout() time.Duration { return s.lasts + time.Minute }

// Run ends at once with an error if the Deployment stops being complete: nothing
// that comes later would mend that.
func (s soak) Run(ctx context.Context, sc *plan.StepContext) error {
	cluster, err := kube.Connect(ctx, sc.Env.Kubernetes)
	if err != nil {
		return err
	}
	look := time.NewTicker(time.Second)
	defer look.Stop()
	for begin := time.Now(); time.Since(begin) < s.lasts; {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-look.C:
		}
		d, err := cluster.Deployment(ctx)
		if err != nil {
			return err
		}
		if !d.Complete {
			return fmt.Errorf("the new release did not stay up: after %s under traffic, %s", time.Since(begin).Round(time.Second), d.Status)
		}
		sc.Progress("%s of %s; %d replicas available", time.Since(begin).Round(time.Second), s.lasts, d.Available)
	}
	return nil
}
