package phases

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/barq-platform/barqgate/fixtures/barq"
	"github.com/barq-platform/barqgate/fixtures/kube"
	"github.com/barq-platform/barqgate/harness/plan"
)

// setImage starts the rolling update. It is taken back by an explicit revision:
// "the one before" may have been made by anybody, with any image.
type setImage struct {
	image   string
	from    kube.Deployment
	rollout time.Duration // how long taking it back may take
}

func (s setImage) Name() string { return "Set the image to " + s.image }

func (setImage) Effect() plan.Effect { return plan.Idempotent }

func (s setImage) Observe(ctx context.Context, sc *plan.StepContext) (bool, error) {
	cluster, err := kube.Connect(ctx, sc.Env.Kubernetes)
	if err != nil {
		return false, err
	}
	running, err := cluster.Deployment(ctx)
	if err != nil || running.Image != s.image {
		return false, err
	}
	if running.Revision <= s.from.Revision {
		return false, fmt.Errorf("the image is %s, but the revision is %d; expected one above %d", running.Image, running.Revision, s.from.Revision)
	}
	if sc.Fact(barq.FactToRevision) != "" {
		return true, nil
	}
	return true, errors.Join(sc.SetFact(factTaken, "yes"), sc.SetFact(barq.FactToRevision, strconv.FormatInt(running.Revision, 10)))
}

func (s setImage) Run(ctx context.Context, sc *plan.StepContext) error {
	cluster, err := kube.Connect(ctx, sc.Env.Kubernetes)
	if err != nil {
		return err
	}
	// Recorded before the effect: if this step is cut short, the new version must
	// be believed to have run.
	if err := sc.SetFact(factTaken, "yes"); err != nil {
		return err
	}
	changed, err := cluster.SetImage(ctx, s.image)
	if err != nil {
		return err
	}
	if changed.Revision == s.from.Revision {
		return fmt.Errorf("setting the image to %s made no new revision; it is still %d", s.image, s.from.Revision)
	}
	sc.Progress("revision %d", changed.Revision)
	return sc.SetFact(barq.FactToRevision, strconv.FormatInt(changed.Revision, 10))
}

func (s setImage) UndoName() string {
	return fmt.Sprintf("Roll the application back to revision %d (%s) and watch it", s.from.Revision, s.from.Image)
}

func (s setImage) Undo(ctx context.Context, sc *plan.StepContext) error {
	var unsafe []string
	if err := readJSON(sc, factUnsafe, &unsafe); err != nil {
		return err
	}
	if len(unsafe) > 0 {
		return fmt.Errorf("%s stays deployed: %s cannot run on migrations %s; roll forward, or restore the database by hand and then: barqgate rollback -env=%s --to-revision=%d",
			s.image, s.from.Image, strings.Join(unsafe, ", "), sc.Env.Name, s.from.Revision)
	}
	return rollBackTo(ctx, sc, s.from.Revision, s.from.Image)
}

// rollBackTo brings a revision back and watches its rollout.
func rollBackTo(ctx context.Context, sc *plan.StepContext, revision int64, image string) error {
	if err := bringBack(ctx, sc, revision, image); err != nil {
		return err
	}
	cluster, err := kube.Connect(ctx, sc.Env.Kubernetes)
	if err != nil {
		return err
	}
	if err := cluster.WatchRollout(ctx, sc.Env.Kubernetes.RolloutTimeout, func(status string) { sc.Progress("%s", status) }); err != nil {
		return err
	}
	return afterRollout.settle(ctx, sc.Env, sc.Progress)
}

// bringBack sets the pod template of an earlier revision and confirms the image.
func bringBack(ctx context.Context, sc *plan.StepContext, revision int64, image string) error {
	cluster, err := kube.Connect(ctx, sc.Env.Kubernetes)
	if err != nil {
		return err
	}
	sc.Progress("rolling back to revision %d", revision)
	changed, err := cluster.RollbackTo(ctx, revision)
	if err != nil {
		return err
	}
	if changed.Image != image {
		return fmt.Errorf("roll back to revision %d: the image is %s now; expected %s", revision, changed.Image, image)
	}
	return nil
}

// watchRollout is `kubectl rollout status` that does not wait for what will not come.
type watchRollout struct {
	deployment string
	timeout    time.Duration
}

func (s watchRollout) Name() string {
	return fmt.Sprintf("Watch the rollout of Deployment %s for up to %s", s.deployment, s.timeout)
}

func (watchRollout) Effect() plan.Effect { return plan.ReadOnly }

// Timeout leaves time beyond the rollout's own to find out which pod is to blame.
func (s watchRollout) Timeout() time.Duration { return s.timeout + time.Minute }

func (s watchRollout) Run(ctx context.Context, sc *plan.StepContext) error {
	cluster, err := kube.Connect(ctx, sc.Env.Kubernetes)
	if err != nil {
		return err
	}
	return cluster.WatchRollout(ctx, s.timeout, func(status string) { sc.Progress("%s", status) })
}

// waitReady is the runbook's loop of curl on /health/ready, but for redirects and
// bodies that contradict the status code: neither is ready.
type waitReady struct {
	attempts int
	interval time.Duration
}

const readyPath = "/health/ready"

func (s waitReady) Name() string {
	return fmt.Sprintf("Wait until %s answers, up to %d times every %s", readyPath, s.attempts, s.interval)
}

func (waitReady) Effect() plan.Effect { return plan.ReadOnly }

// Timeout covers every attempt, each with its pause and the longest answer.
func (s waitReady) Timeout() time.Duration {
	return time.Duration(s.attempts)*s.interval + plan.DefaultTimeout
}

func (s waitReady) Run(ctx context.Context, sc *plan.StepContext) error {
	client, err := barq.NewClient(sc.Env)
	if err != nil {
		return err
	}
	pace := time.NewTicker(s.interval)
	defer pace.Stop()
	problem := errors.New("health.attempts is 0")
	for attempt := 1; attempt <= s.attempts; attempt++ {
		if problem = readyNow(ctx, client, sc.Env.API.ReadyCodes); problem == nil {
			sc.Progress("ready at attempt %d of %d", attempt, s.attempts)
			return nil
		}
		sc.Progress("attempt %d of %d: %v", attempt, s.attempts, problem)
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait until %s answers: %w; the last attempt: %w", readyPath, ctx.Err(), problem)
		case <-pace.C:
		}
	}
	return fmt.Errorf("%s was not ready in %d attempts, %s apart; the last one: %w", readyPath, s.attempts, s.interval, problem)
}
