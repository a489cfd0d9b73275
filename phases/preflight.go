package phases

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/barq-platform/barqgate/fixtures/barq"
	"github.com/barq-platform/barqgate/fixtures/kube"
	"github.com/barq-platform/barqgate/fixtures/registry"
	"github.com/barq-platform/barqgate/fixtures/vcs"
	"github.com/barq-platform/barqgate/harness/attestation"
	"github.com/barq-platform/barqgate/harness/environment"
	"github.com/barq-platform/barqgate/harness/plan"
)

// preflightSuite needs to know what is released, beyond what is running.
const preflightSuite = "preflight"

// establishRelease finds out what the release's name stands for: everything that is
// judged from here on is judged of this commit and this image.
type establishRelease struct{ to string }

func (s establishRelease) Name() string {
	return fmt.Sprintf("Establish the commit, the changes and the image of %s", s.to)
}

func (establishRelease) Effect() plan.Effect { return plan.ReadOnly }

func (s establishRelease) Run(ctx context.Context, sc *plan.StepContext) error {
	facts, err := releaseFacts(ctx, sc.Env, sc.Root, sc.From, s.to)
	if err != nil {
		return err
	}
	sc.Progress("commit %.12s, counted from %.12s; image %.19s", facts[barq.FactReleaseCommit], facts[barq.FactReleaseBase], facts[barq.FactReleaseDigest])
	for _, name := range slices.Sorted(maps.Keys(facts)) {
		if err := sc.SetFact(name, facts[name]); err != nil {
			return err
		}
	}
	return nil
}

// releaseFacts finds out what a release is, and what it changes against another one.
func releaseFacts(ctx context.Context, env *environment.Environment, root, from, to string) (map[string]string, error) {
	repo, err := vcs.Open(root, env.Source)
	if err != nil {
		return nil, err
	}
	commit, err := repo.Target(to)
	if err != nil {
		return nil, err
	}
	base, err := baseOf(repo, from, commit)
	if err != nil {
		return nil, err
	}
	digest, err := registry.Digest(ctx, env.Preflight.Registry, env.Image(to))
	if err != nil {
		return nil, err
	}
	return map[string]string{barq.FactReleaseCommit: commit, barq.FactReleaseBase: base, barq.FactReleaseDigest: digest}, nil
}

// baseOf returns the commit that a release's changes are counted from: that of the
// running release, or, if the release adds nothing to it because it is older, that of
// the release before.
func baseOf(repo *vcs.Repository, from, commit string) (string, error) {
	base, err := repo.Commit(from)
	if err != nil {
		return "", fmt.Errorf("find out what is new since the running release: %w", err)
	}
	added, err := repo.Range(base, commit)
	if err != nil || len(added) > 0 {
		return base, err
	}
	return repo.Before(commit)
}

// readAttestations records what people have stated about the release, so that the
// journal holds it whatever becomes of the file.
type readAttestations struct{ to string }

func (s readAttestations) Name() string {
	return fmt.Sprintf("Read what people have stated about %s", s.to)
}

func (readAttestations) Effect() plan.Effect { return plan.ReadOnly }

func (s readAttestations) Run(_ context.Context, sc *plan.StepContext) error {
	about, err := attestationsAbout(sc.Env, sc.Root, s.to)
	if err != nil {
		return err
	}
	for _, a := range about {
		sc.Progress("%s by %s: %s", a.ID, a.Who, a.Statement)
	}
	return setJSON(sc, barq.FactAttestations, about)
}

func attestationsAbout(env *environment.Environment, root, release string) ([]attestation.Attestation, error) {
	all, err := attestation.Load(AttestationsFile(env, root))
	if err != nil {
		return nil, err
	}
	return attestation.For(all, env.Name, release), nil
}

// AttestationsFile is where the environment keeps what people have stated.
func AttestationsFile(env *environment.Environment, root string) string {
	file := env.Preflight.Attestations.File
	if filepath.IsAbs(file) {
		return file
	}
	return filepath.Join(root, file)
}

// rehearseImage asks the API server whether it would take the new image.
type rehearseImage struct{ image string }

func (s rehearseImage) Name() string {
	return "Rehearse setting the image to " + s.image + " (server-side dry run)"
}

func (rehearseImage) Effect() plan.Effect { return plan.ReadOnly }

func (s rehearseImage) Run(ctx context.Context, sc *plan.StepContext) error {
	cluster, err := kube.Connect(ctx, sc.Env.Kubernetes)
	if err != nil {
		return err
	}
	return cluster.RehearseImage(ctx, s.image)
}

// preflightFacts are those of a deployment of what is running.
func preflightFacts(ctx context.Context, env *environment.Environment, root, tag string) (map[string]string, error) {
	facts, err := releaseFacts(ctx, env, root, tag, tag)
	if err != nil {
		return nil, err
	}
	about, err := attestationsAbout(env, root, tag)
	if err != nil {
		return nil, err
	}
	facts[barq.FactAttestations], err = encode(about)
	return facts, err
}

// Attest adds statements about a release to the environment's file. A statement
// that the environment does not ask for is refused.
func Attest(ctx context.Context, env *environment.Environment, root string, statements ...attestation.Attestation) error {
	for _, s := range statements {
		if env.Statements()[s.ID] == "" {
			return fmt.Errorf("attest %s: environment %s does not ask for it: expected one of %s", s.ID, env.Name, strings.Join(slices.Sorted(maps.Keys(env.Statements())), ", "))
		}
	}
	if len(statements) == 0 {
		return errors.New("attest: nothing was stated")
	}
	return attestation.Add(ctx, AttestationsFile(env, root), statements...)
}

// preflightGate lets the first stage do without what only an earlier one can show.
func preflightGate(env *environment.Environment) plan.Gate {
	g := gateOf(preflight)
	if env.Preflight.Staging != environment.FirstStage {
		return g
	}
	g.AllowedSkips = map[string]string{}
	for _, criterion := range []string{"preflight.staging.validated", "preflight.performance.passed", "preflight.migrations.tested", "preflight.rollback.rehearsed"} {
		g.AllowedSkips[criterion] = "this is the first stage: a release passes no other one before"
	}
	return g
}
