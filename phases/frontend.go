package phases

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/barq-platform/barqgate/fixtures/barq"
	"github.com/barq-platform/barqgate/fixtures/barq/release"
	"github.com/barq-platform/barqgate/fixtures/frontend"
	"github.com/barq-platform/barqgate/harness/environment"
	"github.com/barq-platform/barqgate/harness/plan"
)

// factDist is the digest of the built frontend that was checked.
const factDist = "frontend.dist"

// frontendSuite is left out where there is no frontend.
const frontendSuite = "frontend"

// forFrontend fits a gate to the environment's frontend.
func forFrontend(env *environment.Environment, g plan.Gate) plan.Gate {
	if env.Frontend.Kind == environment.NoFrontend {
		g.Suites = slices.DeleteFunc(slices.Clone(g.Suites), func(suite string) bool { return suite == frontendSuite })
		return g
	}
	g.AllowedSkips = frontendSkips(env)
	return g
}

// frontendSkips lists the criteria of the frontend's suite that may be skipped in
// the environment, each with its reason.
func frontendSkips(env *environment.Environment) map[string]string {
	allowed := frontend.Exceptions(env)
	if env.Frontend.Browser == environment.BrowserRequired {
		return allowed
	}
	for _, criterion := range []string{frontend.PageLoads, frontend.PageLogin} {
		if allowed[criterion] == "" {
			allowed[criterion] = "there may be no browser where barqgate runs (frontend.browser: optional)"
		}
	}
	return allowed
}

// MaySkip lists the criteria of a suite that may be skipped in the environment,
// each with its reason, when nothing but the suite is at stake.
func MaySkip(env *environment.Environment, suite string) map[string]string {
	if suite != frontendSuite {
		return nil
	}
	return frontendSkips(env)
}

// frontendSteps returns the steps before anything is changed, and those of the
// runbook's phase 3.3, for the built frontend in the folder. The build belongs to
// the first: one that fails must fail before the application is replaced.
func frontendSteps(env *environment.Environment, now Situation, to, folder string) (save, publish []plan.Step) {
	conf := env.Frontend
	record := recordFrontend{url: conf.URL}
	switch conf.Kind {
	case environment.FrontendS3CloudFront:
		save = []plan.Step{
			record,
			keepFrontend{version: now.frontendVersion(), bucket: conf.S3.BackupBucket},
			buildFrontend{folder: folder, command: conf.Build.Command, limit: conf.Build.Timeout},
		}
		publish = []plan.Step{
			publishFrontend{folder: folder, bucket: conf.S3.Bucket, from: now.frontendVersion(), backup: conf.S3.BackupBucket, distribution: conf.CloudFront.Distribution},
			invalidateFrontend{distribution: conf.CloudFront.Distribution, limit: conf.CloudFront.Timeout, reference: "publish"},
			tidyFrontend{folder: folder, grace: conf.S3.Grace},
		}
	case environment.FrontendInDeployment:
		save = []plan.Step{record}
		publish = []plan.Step{
			setFrontendImage{image: frontendImage(env, to), from: now.Frontend.Deployment},
			watchFrontend{deployment: conf.Deployment.Name, timeout: env.Kubernetes.RolloutTimeout},
		}
	case environment.NoFrontend:
	}
	return save, publish
}

// builtFrontend returns the folder of a release's built frontend, relative to the
// module's root; "" where no folder is published.
func builtFrontend(env *environment.Environment, root, tag string) (string, error) {
	if env.Frontend.Kind != environment.FrontendS3CloudFront {
		return "", nil
	}
	name := tag
	if env.Releases != "" {
		catalogue, err := release.Load(filepath.Join(root, env.Releases))
		if err != nil {
			return "", err
		}
		r, err := catalogue.Find(tag)
		if err != nil {
			return "", err
		}
		if r.Frontend == "" && strings.Contains(env.Frontend.Dist, "{release}") {
			return "", fmt.Errorf("release %s: %s names no frontend for it, and frontend.dist is %s", tag, env.Releases, env.Frontend.Dist)
		}
		name = r.Frontend
	}
	return frontend.Folder(env.Frontend, "", name), nil
}

// recordFrontend notes what users are served, so that the gates can see whether
// the new version is there and whether pages that are open still work.
type recordFrontend struct {
	url string
	// goOn has a frontend that cannot be read not hold up a rollback: without these
	// facts the gate cannot pass, and says why.
	goOn bool
}

func (s recordFrontend) Name() string { return "Record the frontend that users are served at " + s.url }

func (recordFrontend) Effect() plan.Effect { return plan.ReadOnly }

func (s recordFrontend) Run(ctx context.Context, sc *plan.StepContext) error {
	index, before, missing, err := servedFrontend(ctx, sc.Env)
	if err != nil && s.goOn {
		sc.Progress("going on without, so the gate will not pass: %v", err)
		return nil //nolint:nilerr // bringing the old version back comes first
	}
	if err != nil {
		return err
	}
	for _, file := range missing {
		sc.Progress("broken already: %s", file)
	}
	return errors.Join(sc.SetFact(barq.FactFrontendIndex, index), sc.SetFact(barq.FactFrontendBefore, before))
}

// servedFrontend returns the digest of the index that users are served, the
// digests of what it leads to as a fact, and what of that is missing.
func servedFrontend(ctx context.Context, env *environment.Environment) (index, before string, missing []string, err error) {
	visitor, err := frontend.NewVisitor(env.Frontend)
	if err != nil {
		return "", "", nil, err
	}
	defer visitor.Close()
	site, err := frontend.Crawl(ctx, visitor)
	if err != nil {
		return "", "", nil, err
	}
	before, err = encode(site.Digests())
	return site.Index.Digest(), before, site.Missing(), err
}

// keepFrontend copies the published frontend into the backup bucket.
type keepFrontend struct{ version, bucket string }

func (s keepFrontend) Name() string {
	return fmt.Sprintf("Keep the published frontend in s3://%s/%s/ and read it back", s.bucket, s.version)
}

func (keepFrontend) Effect() plan.Effect { return plan.Idempotent }

func (s keepFrontend) Run(ctx context.Context, sc *plan.StepContext) error {
	store, err := frontend.OpenStore(ctx, sc.Env.Frontend.S3)
	if err != nil {
		return err
	}
	var before map[string]string
	if err := json.Unmarshal([]byte(sc.Fact(barq.FactFrontendBefore)), &before); err != nil {
		return fmt.Errorf("read which files the published page needs, as recorded by the step before: %w", err)
	}
	needed := []string{frontend.IndexKey}
	for path := range before {
		needed = append(needed, strings.TrimPrefix(path, "/"))
	}
	_, err = store.Keep(ctx, s.version, needed, sc.Progress)
	return err
}

// buildFrontend makes the folder that will be published, or takes the one that is
// there, and checks that it is whole.
type buildFrontend struct {
	folder  string
	command []string
	limit   time.Duration
}

func (s buildFrontend) Name() string {
	if len(s.command) == 0 {
		return "Check that the built frontend in " + s.folder + " is whole"
	}
	return fmt.Sprintf("Build the frontend with `%s` and check that %s is whole", strings.Join(s.command, " "), s.folder)
}

func (buildFrontend) Effect() plan.Effect { return plan.Idempotent }

func (s buildFrontend) Timeout() time.Duration { return s.limit + plan.DefaultTimeout }

func (s buildFrontend) Run(ctx context.Context, sc *plan.StepContext) (err error) {
	if len(s.command) > 0 {
		log, err := os.Create(filepath.Join(sc.Evidence, "build.log"))
		if err != nil {
			return fmt.Errorf("keep the build's output: %w", err)
		}
		err = errors.Join(frontend.Build(ctx, sc.Env.Frontend.Build, sc.Root, log), log.Close())
		if err != nil {
			return err
		}
	}
	dist, err := frontend.LoadDist(ctx, filepath.Join(sc.Root, s.folder))
	if err != nil {
		return err
	}
	sc.Progress("%d files, index %.12s…", len(dist.Keys()), dist.Index().SHA256)
	return sc.SetFact(factDist, dist.Digest())
}

// publishFrontend stores the release's files, the index last. It is taken back
// from the backup bucket.
type publishFrontend struct {
	folder, bucket string
	from, backup   string // the version before, and where it is kept
	distribution   string
}

func (s publishFrontend) Name() string {
	return fmt.Sprintf("Publish the frontend in %s to s3://%s, hashed files first and the index last", s.folder, s.bucket)
}

func (publishFrontend) Effect() plan.Effect { return plan.Idempotent }

// load reads the build and refuses one that is not what was checked.
func (s publishFrontend) load(ctx context.Context, sc *plan.StepContext) (*frontend.Dist, error) {
	dist, err := frontend.LoadDist(ctx, filepath.Join(sc.Root, s.folder))
	if err != nil {
		return nil, err
	}
	checked, err := fact(sc, factDist)
	if err != nil {
		return nil, err
	}
	if now := dist.Digest(); now != checked {
		return nil, fmt.Errorf("the built frontend in %s has changed since it was checked (%.12s… now, %.12s… then); somebody else builds there: deploy again", s.folder, now, checked)
	}
	return dist, nil
}

func (s publishFrontend) Observe(ctx context.Context, sc *plan.StepContext) (bool, error) {
	dist, err := s.load(ctx, sc)
	if err != nil {
		return false, err
	}
	store, err := frontend.OpenStore(ctx, sc.Env.Frontend.S3)
	if err != nil {
		return false, err
	}
	return store.Published(ctx, dist, sc.To)
}

func (s publishFrontend) Run(ctx context.Context, sc *plan.StepContext) error {
	dist, err := s.load(ctx, sc)
	if err != nil {
		return err
	}
	store, err := frontend.OpenStore(ctx, sc.Env.Frontend.S3)
	if err != nil {
		return err
	}
	done, err := store.Publish(ctx, dist, sc.To, sc.Progress)
	if err != nil {
		return err
	}
	sc.Progress("%d files stored (%d bytes), %d unchanged, %d of earlier versions left in place", len(done.Uploaded), done.Bytes, done.Unchanged, len(done.Left))
	return sc.SetFact(barq.FactFrontendIndex, dist.Index().SHA256)
}

func (s publishFrontend) UndoName() string {
	return fmt.Sprintf("Restore the frontend from s3://%s/%s/ and invalidate distribution %s", s.backup, s.from, s.distribution)
}

func (s publishFrontend) Undo(ctx context.Context, sc *plan.StepContext) error {
	if err := bringFrontendBack(ctx, sc, s.from); err != nil {
		return err
	}
	return invalidate(ctx, sc, "undo")
}

// bringFrontendBack restores a kept version and says what users have to be served
// from then on.
func bringFrontendBack(ctx context.Context, sc *plan.StepContext, version string) error {
	store, err := frontend.OpenStore(ctx, sc.Env.Frontend.S3)
	if err != nil {
		return err
	}
	done, err := store.Restore(ctx, version, sc.Progress)
	if err != nil {
		return err
	}
	return sc.SetFact(barq.FactFrontendIndex, done.Kept.Index().SHA256)
}

// invalidateFrontend has the CDN forget the version before.
type invalidateFrontend struct {
	distribution string
	limit        time.Duration
	reference    string // names it among the invalidations of one run
}

func (s invalidateFrontend) Name() string {
	return fmt.Sprintf("Invalidate /* in CloudFront distribution %s and wait until it has reached every edge", s.distribution)
}

// Effect is Idempotent: a run's invalidation has a reference of its own, and
// CloudFront makes one invalidation of one reference.
func (invalidateFrontend) Effect() plan.Effect { return plan.Idempotent }

func (s invalidateFrontend) Timeout() time.Duration { return s.limit + time.Minute }

func (s invalidateFrontend) Run(ctx context.Context, sc *plan.StepContext) error {
	return invalidate(ctx, sc, s.reference)
}

func invalidate(ctx context.Context, sc *plan.StepContext, reference string) error {
	distribution, err := frontend.OpenDistribution(ctx, sc.Env.Frontend)
	if err != nil {
		return err
	}
	_, err = distribution.Invalidate(ctx, "barqgate-"+sc.Run+"-"+reference, sc.Progress)
	return err
}

// tidyFrontend deletes what no version has named for the environment's grace. What
// the version before needs is only noted now; a later deployment deletes it.
type tidyFrontend struct {
	folder string
	grace  time.Duration
}

func (s tidyFrontend) Name() string {
	return fmt.Sprintf("Note the frontend files that no version names any more, and delete those noted %s ago", s.grace)
}

func (tidyFrontend) Effect() plan.Effect { return plan.Idempotent }

func (s tidyFrontend) Run(ctx context.Context, sc *plan.StepContext) error {
	dist, err := frontend.LoadDist(ctx, filepath.Join(sc.Root, s.folder))
	if err != nil {
		return err
	}
	return tidy(ctx, sc, dist.Keys())
}

func tidy(ctx context.Context, sc *plan.StepContext, published []string) error {
	store, err := frontend.OpenStore(ctx, sc.Env.Frontend.S3)
	if err != nil {
		return err
	}
	done, err := store.Tidy(ctx, published, time.Now())
	if err != nil {
		return err
	}
	sc.Progress("%d files deleted, %d wait", len(done.Deleted), len(done.Waiting))
	return nil
}
