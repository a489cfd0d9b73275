package phases

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/barq-platform/barqgate/fixtures/barq"
	"github.com/barq-platform/barqgate/fixtures/kube"
	"github.com/barq-platform/barqgate/harness/environment"
	"github.com/barq-platform/barqgate/harness/plan"
)

// frontendImage returns the full image reference of a release's frontend.
func frontendImage(env *environment.Environment, tag string) string {
	return env.Frontend.Deployment.ImageRepository + ":" + tag
}

// connectFrontend reaches the frontend's Deployment.
func connectFrontend(ctx context.Context, sc *plan.StepContext) (*kube.Cluster, error) {
	return kube.Connect(ctx, sc.Env.InCluster())
}

// setFrontendImage starts the rolling update of a frontend in Kubernetes. It is
// taken back by an explicit revision.
type setFrontendImage struct {
	image string
	from  kube.Deployment
}

func (s setFrontendImage) Name() string { return "Set the frontend's image to " + s.image }

func (setFrontendImage) Effect() plan.Effect { return plan.Idempotent }

func (s setFrontendImage) Observe(ctx context.Context, sc *plan.StepContext) (bool, error) {
	return runsFrontend(ctx, sc, s.image)
}

func runsFrontend(ctx context.Context, sc *plan.StepContext, image string) (bool, error) {
	cluster, err := connectFrontend(ctx, sc)
	if err != nil {
		return false, err
	}
	running, err := cluster.Deployment(ctx)
	return err == nil && running.Image == image, err
}

func (s setFrontendImage) Run(ctx context.Context, sc *plan.StepContext) error {
	cluster, err := connectFrontend(ctx, sc)
	if err != nil {
		return err
	}
	changed, err := cluster.SetImage(ctx, s.image)
	if err != nil {
		return err
	}
	sc.Progress("revision %d", changed.Revision)
	return nil
}

func (s setFrontendImage) UndoName() string {
	return fmt.Sprintf("Roll the frontend back to revision %d (%s) and watch it", s.from.Revision, s.from.Image)
}

func (s setFrontendImage) Undo(ctx context.Context, sc *plan.StepContext) error {
	cluster, err := connectFrontend(ctx, sc)
	if err != nil {
		return err
	}
	changed, err := cluster.RollbackTo(ctx, s.from.Revision)
	if err != nil {
		return err
	}
	if changed.Image != s.from.Image {
		return fmt.Errorf("roll the frontend back to revision %d: the image is %s now; expected %s", s.from.Revision, changed.Image, s.from.Image)
	}
	return watchFrontend{timeout: sc.Env.Kubernetes.RolloutTimeout}.Run(ctx, sc)
}

// watchFrontend waits until every pod serves the new files, and says which index
// that is.
type watchFrontend struct {
	deployment string
	timeout    time.Duration
}

func (s watchFrontend) Name() string {
	return fmt.Sprintf("Watch the rollout of Deployment %s for up to %s", s.deployment, s.timeout)
}

func (watchFrontend) Effect() plan.Effect { return plan.ReadOnly }

func (s watchFrontend) Timeout() time.Duration { return s.timeout + time.Minute }

func (s watchFrontend) Run(ctx context.Context, sc *plan.StepContext) error {
	cluster, err := connectFrontend(ctx, sc)
	if err != nil {
		return err
	}
	if err := cluster.WatchRollout(ctx, s.timeout, func(status string) { sc.Progress("%s", status) }); err != nil {
		return err
	}
	// The image alone says what the index is; the gate sees whether every answer is
	// the same.
	index, _, _, err := servedFrontend(ctx, sc.Env)
	if err != nil {
		return err
	}
	return sc.SetFact(barq.FactFrontendIndex, index)
}

// rollBackFrontendImage brings back the revision that had the image.
type rollBackFrontendImage struct{ image string }

func (s rollBackFrontendImage) Name() string { return "Roll the frontend back to " + s.image }

func (rollBackFrontendImage) Effect() plan.Effect { return plan.Idempotent }

func (s rollBackFrontendImage) Observe(ctx context.Context, sc *plan.StepContext) (bool, error) {
	return runsFrontend(ctx, sc, s.image)
}

func (s rollBackFrontendImage) Run(ctx context.Context, sc *plan.StepContext) error {
	cluster, err := connectFrontend(ctx, sc)
	if err != nil {
		return err
	}
	history, err := cluster.History(ctx)
	if err != nil {
		return err
	}
	found := slices.IndexFunc(history, func(r kube.Revision) bool { return r.Image == s.image })
	if found < 0 {
		return fmt.Errorf("roll the frontend back to %s: its Deployment's history has no such image: %w", s.image, kube.ErrUnknownRevision)
	}
	_, err = cluster.RollbackTo(ctx, history[found].Number)
	return err
}
