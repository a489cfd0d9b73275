package phases

import (
	"context"
	"fmt"
	"os/user"
	"regexp"
	"time"

	"github.com/barq-platform/barqgate/fixtures/barq"
	"github.com/barq-platform/barqgate/fixtures/vcs"
	"github.com/barq-platform/barqgate/harness/plan"
)

// tagRunning marks the commit that runs before the deployment, as the runbook's
// "Pre-deployment backup" does, and pushes that one tag. It refuses if the release
// no longer stands for the commit that preflight has judged, or if the clone has
// uncommitted changes: what is tagged then would not be what is deployed from.
//
// It is not taken back with a deployment: the tag says what ran before, which stays
// true, and nobody takes a tag out of other people's clones.
type tagRunning struct{ running string }

func (s tagRunning) Name() string {
	return fmt.Sprintf("Tag the commit of the running release %s, and push the tag", s.running)
}

// Effect is Idempotent: a run has one tag, by its own start, and neither makes nor
// pushes it again.
func (tagRunning) Effect() plan.Effect { return plan.Idempotent }

func (s tagRunning) Observe(ctx context.Context, sc *plan.StepContext) (bool, error) {
	repo, tag, err := s.tag(sc)
	if err != nil {
		return false, err
	}
	return repo.Tagged(ctx, tag)
}

func (s tagRunning) Run(ctx context.Context, sc *plan.StepContext) error {
	repo, tag, err := s.tag(sc)
	if err != nil {
		return err
	}
	judged, err := fact(sc, barq.FactReleaseCommit)
	if err != nil {
		return err
	}
	if err := repo.Unmoved(ctx, sc.To, judged); err != nil {
		return err
	}
	if err := repo.Publish(ctx, tag); err != nil {
		return err
	}
	sc.Progress("%s is %.12s, here and at the remote %s", tag.Name, tag.Commit, sc.Env.Source.Remote)
	return sc.SetFact(factTag, tag.Name)
}

// tag is the one of this run.
func (s tagRunning) tag(sc *plan.StepContext) (*vcs.Repository, vcs.Tag, error) {
	repo, err := vcs.Open(sc.Root, sc.Env.Source)
	if err != nil {
		return nil, vcs.Tag{}, err
	}
	commit, err := repo.Commit(s.running)
	if err != nil {
		return nil, vcs.Tag{}, err
	}
	who := "barqgate"
	if current, err := user.Current(); err == nil { // the journal says it too
		who = current.Username
	}
	return repo, vcs.Tag{
		Name: tagName(sc.Run), Commit: commit, Who: who, When: time.Now(),
		Message: fmt.Sprintf("Pre-deployment backup: %s ran in %s before %s (run %s)", s.running, sc.Env.Name, sc.To, sc.Run),
	}, nil
}

// runID is a run's id, which begins with the time of its start.
var runID = regexp.MustCompile(`^(\d{4})(\d{2})(\d{2})T(\d{4})(\d{2})Z-([0-9a-f]+)$`)

// tagName is the runbook's v$(date +%Y.%m.%d.%H%M) of the run's start, made unique by
// the rest of the run's id.
func tagName(run string) string {
	if parts := runID.FindStringSubmatch(run); parts != nil {
		return fmt.Sprintf("v%s.%s.%s.%s-%s%s", parts[1], parts[2], parts[3], parts[4], parts[5], parts[6])
	}
	return "barqgate-" + run
}
