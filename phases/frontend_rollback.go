package phases

import (
	"context"
	"errors"
	"fmt"

	"github.com/barq-platform/barqgate/fixtures/frontend"
	"github.com/barq-platform/barqgate/fixtures/kube"
	"github.com/barq-platform/barqgate/harness/environment"
	"github.com/barq-platform/barqgate/harness/plan"
)

// FrontendSituation is what was found of the frontend when a plan was made.
type FrontendSituation struct {
	// Release is the published one, "" if the frontend does not say.
	Release string
	// Deployment and History are those of a frontend in Kubernetes.
	Deployment kube.Deployment
	History    []kube.Revision
	// Unread says why the rest could not be read.
	Unread error `json:"-"`
}

// frontendVersion names the frontend that is published now: by its own word, or
// by that of the application.
func (s Situation) frontendVersion() string {
	if s.Frontend.Release != "" {
		return s.Frontend.Release
	}
	return s.Running.Tag()
}

// surveyFrontend reads the frontend's situation. What cannot be read is said
// there: a rollback must not depend on it.
func surveyFrontend(ctx context.Context, env *environment.Environment) (now FrontendSituation) {
	switch env.Frontend.Kind {
	case environment.FrontendS3CloudFront:
		var store *frontend.Store
		if store, now.Unread = frontend.OpenStore(ctx, env.Frontend.S3); now.Unread == nil {
			now.Release, now.Unread = store.Release(ctx)
		}
	case environment.FrontendInDeployment:
		var cluster *kube.Cluster
		if cluster, now.Unread = kube.Connect(ctx, env.InCluster()); now.Unread != nil {
			return now
		}
		var errs [2]error
		now.Deployment, errs[0] = cluster.Deployment(ctx)
		now.History, errs[1] = cluster.History(ctx)
		now.Release, now.Unread = now.Deployment.Tag(), errors.Join(errs[:]...)
	case environment.NoFrontend:
	}
	return now
}

// rollBackFrontend returns the runbook's steps of "Frontend Rollback", and what a
// person should know of them.
func rollBackFrontend(env *environment.Environment, now Situation, to string) (record, back []plan.Step, note string) {
	conf := env.Frontend
	if conf.Kind == environment.NoFrontend {
		return nil, nil, ""
	}
	record = []plan.Step{recordFrontend{url: conf.URL, goOn: true}}
	switch {
	case now.Frontend.Unread != nil:
		note = fmt.Sprintf("Nobody knows which frontend is published: %v.", now.Frontend.Unread)
	case now.Frontend.Release == to:
		return record, nil, fmt.Sprintf("The frontend is %s already.", to)
	default:
		note = fmt.Sprintf("The frontend goes back from %s to %s.", now.frontendVersion(), to)
	}
	if conf.Kind == environment.FrontendInDeployment {
		return record, []plan.Step{
			rollBackFrontendImage{image: frontendImage(env, to)},
			watchFrontend{deployment: conf.Deployment.Name, timeout: env.Kubernetes.RolloutTimeout},
		}, note
	}
	return record, []plan.Step{
		restoreFrontend{version: to, bucket: conf.S3.BackupBucket},
		invalidateFrontend{distribution: conf.CloudFront.Distribution, limit: conf.CloudFront.Timeout, reference: "rollback"},
		tidyRestored{version: to},
	}, note
}

// restoreFrontend brings a kept version back, as the runbook's `aws s3 sync` from
// the backup bucket, but without deleting what open pages need.
type restoreFrontend struct{ version, bucket string }

func (s restoreFrontend) Name() string {
	return fmt.Sprintf("Restore the frontend from s3://%s/%s/", s.bucket, s.version)
}

func (restoreFrontend) Effect() plan.Effect { return plan.Idempotent }

func (s restoreFrontend) Observe(ctx context.Context, sc *plan.StepContext) (bool, error) {
	store, err := frontend.OpenStore(ctx, sc.Env.Frontend.S3)
	if err != nil {
		return false, err
	}
	release, err := store.Release(ctx)
	return release == s.version, err
}

func (s restoreFrontend) Run(ctx context.Context, sc *plan.StepContext) error {
	return bringFrontendBack(ctx, sc, s.version)
}

// tidyRestored notes what only the version that was taken back needs.
type tidyRestored struct{ version string }

func (s tidyRestored) Name() string {
	return fmt.Sprintf("Note the frontend files that %s does not have, to be deleted later", s.version)
}

func (tidyRestored) Effect() plan.Effect { return plan.Idempotent }

func (s tidyRestored) Run(ctx context.Context, sc *plan.StepContext) error {
	store, err := frontend.OpenStore(ctx, sc.Env.Frontend.S3)
	if err != nil {
		return err
	}
	kept, err := store.Find(ctx, s.version)
	if err != nil {
		return err
	}
	return tidy(ctx, sc, kept.Keys())
}
