package phases

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/barq-platform/barqgate/fixtures/barq"
	"github.com/barq-platform/barqgate/fixtures/kube"
	"github.com/barq-platform/barqgate/harness/environment"
	"github.com/barq-platform/barqgate/harness/journal/history"
	"github.com/barq-platform/barqgate/harness/plan"
	"github.com/barq-platform/barqgate/harness/retrospective"
)

// Deployed is the deployment that is watched or looked back on, as its journal
// tells it. The zero value: no journal of it is at hand.
type Deployed struct {
	Run   string
	Facts map[string]string
}

// LatestDeployment finds, below the folder of runs, the newest deployment that
// brought what is running. The error says which journals could not be read.
func LatestDeployment(folder string, env *environment.Environment, release string) (Deployed, error) {
	runs, problems := history.List(folder)
	for _, r := range runs {
		if r.Environment == env.Name && r.To == release && KindOf(r) == retrospective.Deployment && r.Ended() && r.Exit == 0 && r.Facts[barq.FactDeployStarted] != "" {
			return Deployed{Run: r.ID, Facts: r.Facts}, nil
		}
	}
	return Deployed{}, errors.Join(problems...)
}

// factsOfDeployment are those that the suites behind a watch compare with.
var factsOfDeployment = [...]string{barq.FactDeployStarted, barq.FactBaselineLogs, barq.FactBaselineP95, barq.FactBaselineErrorRate}

// Watch plans what the runbook does at T+30 minutes: the release that runs is
// watched for a while, and taken back if it raises a critical alert and the
// environment leaves that to barqgate.
func Watch(env *environment.Environment, root string, now Situation, deployed Deployed, lasts time.Duration) (*plan.Plan, error) {
	notes := []string{fmt.Sprintf("Running now: %s, revision %d (%s).", now.Running.Image, now.Running.Revision, now.Running.Status)}
	steps := []plan.Step{recall{deployed: deployed, lasts: lasts}}
	if deployed.Run == "" {
		notes = append(notes, "No journal here tells of the deployment of "+now.Running.Tag()+": a kind of error is new if there was none of it before the watch.")
		steps = append(steps, recordErrors{back: env.Logs.Baseline})
	} else {
		notes = append(notes, "The deployment that is watched is run "+deployed.Run+".")
	}
	back, note, err := standByFor(env, root, now)
	if err != nil {
		return nil, err
	}
	success, err := successLists(root)
	if err != nil {
		return nil, err
	}
	return insist(root, &plan.Plan{
		Name:         fmt.Sprintf("watch %s in %s for %s", now.Running.Tag(), env.Name, lasts),
		Env:          env,
		From:         now.Running.Tag(),
		To:           now.Running.Tag(),
		Phases:       []plan.Phase{{Name: watching, About: "watch the release while people use it", Steps: append(steps, back...), Gate: gateOf(watching)}},
		RollbackGate: forFrontend(env, gateOf(rollback)),
		Checklists:   success[1:],
		Notes:        append(notes, note),
	})
}

// standByFor returns the steps by which a watch can take the release back, or none
// and the reason why it cannot.
func standByFor(env *environment.Environment, root string, now Situation) ([]plan.Step, string, error) {
	cannot := func(why string) ([]plan.Step, string, error) {
		return nil, "The release is not taken back by itself: " + why + ".", nil
	}
	if env.Rollback.Application != environment.Automatic {
		return cannot("rollback.application is " + string(env.Rollback.Application))
	}
	to, err := rollbackTarget(env, now, 0)
	switch {
	case errors.Is(err, kube.ErrNoPrevious), errors.Is(err, ErrNotAllowed):
		return cannot(err.Error())
	case err != nil:
		return nil, "", err
	case now.Unread != nil:
		return cannot("nobody could read which migrations are applied: " + now.Unread.Error())
	}
	target := kube.Deployment{Image: to.Image}.Tag()
	if err := runsOn(env, root, target, now.Applied); err != nil {
		return cannot(err.Error()) //nolint:nilerr // it is a reason, not a failure
	}
	record, frontendBack, _ := rollBackFrontend(env, now, target)
	then := append([]plan.Step{waitReady{attempts: env.Health.Attempts, interval: env.Health.Interval}}, frontendBack...)
	steps := slices.Concat([]plan.Step{noteBefore{to: to}}, record, []plan.Step{standBy{to: to, count: countBaseline{tables: env.Database.Critical}, then: then}})
	return steps, fmt.Sprintf("If a criterion of the gate is violated, the release is taken back to revision %d (%s).", to.Number, to.Image), nil
}

// recall hands on what the deployment has recorded, and how long to watch.
type recall struct {
	deployed Deployed
	lasts    time.Duration
}

func (s recall) Name() string {
	return fmt.Sprintf("Recall the deployment, and watch for %s", s.lasts)
}

func (recall) Effect() plan.Effect { return plan.ReadOnly }

func (s recall) Run(_ context.Context, sc *plan.StepContext) error {
	return errors.Join(s.deployed.recall(sc), sc.SetFact(barq.FactWatchWindow, s.lasts.String()))
}

// recall records again what the deployment has recorded for later suites.
func (d Deployed) recall(sc *plan.StepContext) error {
	for _, name := range slices.Sorted(maps.Keys(d.Facts)) {
		if slices.Contains(factsOfDeployment[:], name) {
			if err := sc.SetFact(name, d.Facts[name]); err != nil {
				return err
			}
		}
	}
	return nil
}

// standBy changes nothing. It is there to be taken back: then the revision that ran
// before runs again.
type standBy struct {
	to    kube.Revision
	count countBaseline // right before it: people have worked since the watch began
	then  []plan.Step   // what follows once the revision is rolled out
}

func (s standBy) Name() string {
	return fmt.Sprintf("Stand by to roll back to revision %d (%s)", s.to.Number, s.to.Image)
}

// Effect is not ReadOnly: a run that may roll back holds the environment, so that
// nobody deploys under its hands.
func (standBy) Effect() plan.Effect { return plan.Idempotent }

func (s standBy) Run(ctx context.Context, sc *plan.StepContext) error {
	cluster, err := kube.Connect(ctx, sc.Env.Kubernetes)
	if err != nil {
		return err
	}
	revisions, err := cluster.History(ctx)
	if err != nil {
		return err
	}
	_, err = kube.Find(revisions, s.to.Number)
	return err
}

func (s standBy) UndoName() string {
	return fmt.Sprintf("Roll the release back to revision %d (%s) and watch it", s.to.Number, s.to.Image)
}

func (s standBy) UndoCommand(env string) string {
	return fmt.Sprintf("barqgate rollback -env=%s --to-revision=%d", env, s.to.Number)
}

func (s standBy) Undo(ctx context.Context, sc *plan.StepContext) error {
	if err := s.count.Run(ctx, sc); err != nil {
		return err
	}
	if err := rollBackTo(ctx, sc, s.to.Number, s.to.Image); err != nil {
		return err
	}
	for _, step := range s.then {
		if err := step.Run(ctx, sc); err != nil {
			return fmt.Errorf("%s: %w", step.Name(), err)
		}
	}
	return nil
}
