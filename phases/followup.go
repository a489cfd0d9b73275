package phases

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/barq-platform/barqgate/fixtures/barq"
	"github.com/barq-platform/barqgate/harness/attestation"
	"github.com/barq-platform/barqgate/harness/environment"
	"github.com/barq-platform/barqgate/harness/journal/history"
	"github.com/barq-platform/barqgate/harness/plan"
	"github.com/barq-platform/barqgate/harness/retrospective"
)

// RetrospectiveFile is the name of the draft in the evidence of its step.
const RetrospectiveFile = "retrospective.md"

// KindOf says what a run was for, by what its plan is called.
func KindOf(r history.Run) retrospective.Kind {
	verb, _, _ := strings.Cut(r.Plan, " ")
	switch verb {
	case "deploy":
		return retrospective.Deployment
	case "roll", "restore": // rollback, rollback --database
		return retrospective.Rollback
	case "watch":
		return retrospective.Watch
	}
	return retrospective.Other
}

// Followup plans what the runbook does at T+2 hours and at T+24 hours: the release
// is compared with the baseline from before its deployment, the retrospective is
// drafted, and the checklist stays open until people have attested it. Runs is the
// folder of the journals.
func Followup(env *environment.Environment, root, runs string, deployed Deployed, release, at string) (*plan.Plan, error) {
	if env.Followup.Checklist(at) == nil {
		return nil, fmt.Errorf("follow up: there is no list for %q; expected %s or %s", at, environment.After2h, environment.After24h)
	}
	if deployed.Run == "" {
		return nil, fmt.Errorf("follow up the deployment of %s to %s: %w", release, env.Name, ErrNoDeployment)
	}
	g := gateOf(following)
	if at == environment.After24h {
		g.Suites = []string{followupSuite}
	}
	return insist(root, &plan.Plan{
		Name: fmt.Sprintf("follow up %s in %s after %s", release, env.Name, at),
		Env:  env,
		From: release,
		To:   release,
		Phases: []plan.Phase{{
			Name: following, About: "compare with the time before the deployment, and learn from it",
			Steps: []plan.Step{
				recallForFollowup{deployed: deployed, at: at},
				readAttestations{to: release},
				draftRetrospective{runs: runs, deployed: deployed, at: at},
			},
			Gate: g,
		}},
		RollbackGate: gateOf(rollback),
		Notes:        []string{"The deployment that is followed up is run " + deployed.Run + ". Nothing is changed."},
	})
}

// ErrNoDeployment is wrapped by the error for a follow-up of a deployment of which
// no journal is at hand.
var ErrNoDeployment = errors.New("no journal here tells of it; run barqgate where the deployment was run, or bring its folder of .barqgate/runs")

// recallForFollowup hands on what the deployment has recorded.
type recallForFollowup struct {
	deployed Deployed
	at       string
}

func (s recallForFollowup) Name() string {
	return "Recall the deployment, for what has to be done after " + s.at
}

func (recallForFollowup) Effect() plan.Effect { return plan.ReadOnly }

func (s recallForFollowup) Run(_ context.Context, sc *plan.StepContext) error {
	return errors.Join(s.deployed.recall(sc), sc.SetFact(barq.FactFollowup, s.at))
}

// draftRetrospective writes the draft from the journals.
type draftRetrospective struct {
	runs     string
	deployed Deployed
	at       string
}

func (s draftRetrospective) Name() string {
	return "Draft the retrospective of run " + s.deployed.Run
}

func (draftRetrospective) Effect() plan.Effect { return plan.ReadOnly }

func (s draftRetrospective) Run(_ context.Context, sc *plan.StepContext) error {
	runs, problems := history.List(s.runs)
	if err := errors.Join(problems...); err != nil {
		sc.Progress("not all runs can be read: %v", err)
	}
	deployment, err := history.Load(filepath.Join(s.runs, s.deployed.Run))
	if err != nil {
		return err
	}
	var later []string
	for _, r := range retrospective.After(deployment, runs, KindOf) {
		later = append(later, filepath.Join(s.runs, r.ID))
	}
	about, err := attestationsAbout(sc.Env, sc.Root, deployment.To)
	if err != nil {
		return err
	}
	conf := sc.Env.Followup
	items := retrospective.ItemsOf(conf.After2h, about, conf.Age, time.Now())
	if s.at == environment.After24h {
		items = append(items, retrospective.ItemsOf(conf.After24h, about, conf.Age, time.Now())...)
	}
	draft, err := retrospective.Make(filepath.Join(s.runs, s.deployed.Run), later, retrospective.FiguresOf(deployment, runs, KindOf), items)
	if err != nil {
		return err
	}
	var text bytes.Buffer
	if err := draft.Markdown(&text); err != nil {
		return err
	}
	sc.Progress("%d of %d items of the checklist are open", draft.Open(), len(items))
	return store(sc, RetrospectiveFile, text.Bytes())
}

// followupSuite needs to know what people have stated, and nothing of the platform.
const followupSuite = "followup"

// everythingDone is what people would have stated of the release after its
// deployment, for proofs.
func everythingDone(env *environment.Environment, release string, now time.Time) []attestation.Attestation {
	var all []attestation.Attestation
	for id, sentence := range env.Followup.Checklist(environment.After24h) {
		all = append(all, attestation.Attestation{ID: id, Who: "barqgate prove", When: now.UTC(), Release: release, Environment: env.Name, Statement: sentence})
	}
	return all
}
