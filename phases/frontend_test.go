package phases

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/barq-platform/barqgate/fixtures/barq"
	"github.com/barq-platform/barqgate/fixtures/frontend"
	"github.com/barq-platform/barqgate/fixtures/kube"
	"github.com/barq-platform/barqgate/fixtures/lab/edge"
	"github.com/barq-platform/barqgate/fixtures/lab/s3"
	"github.com/barq-platform/barqgate/harness/environment"
	"github.com/barq-platform/barqgate/harness/plan"
)

// frontendPlace is a step's context over an object store and an edge with v2.0.0.
func frontendPlace(t *testing.T) (*plan.StepContext, map[string]string) {
	t.Helper()
	store, err := s3.Start(s3.Config{Site: "site", Backup: "backup"})
	require.NoError(t, err)
	cdn, err := edge.Start(edge.Config{Distribution: "E1", Bucket: "site", Origin: store.URL(), API: "http://127.0.0.1:1", Keys: edge.Keys(store.Keys()), Delay: 10 * time.Millisecond})
	require.NoError(t, err)
	t.Cleanup(func() {
		require.NoError(t, cdn.Close(context.Background()))
		require.NoError(t, store.Close(context.Background()))
	})
	facts := map[string]string{}
	sc, _ := stepContext(t, facts)
	sc.Env = fixed(t, map[string]any{"frontend": map[string]any{
		"url":        cdn.URL(),
		"s3":         map[string]any{"endpoint": store.URL(), "accessKey": store.Keys().Access, "secretKey": store.Keys().Secret, "bucket": "site", "backupBucket": "backup"},
		"cloudFront": map[string]any{"endpoint": cdn.APIURL(), "distribution": "E1", "interval": "10ms"},
	}})
	bucket, err := frontend.OpenStore(t.Context(), sc.Env.Frontend.S3)
	require.NoError(t, err)
	dist, err := frontend.LoadDist(t.Context(), filepath.Join(sc.Root, "testdata", "frontend", "v2.0.0"))
	require.NoError(t, err)
	_, err = bucket.Publish(t.Context(), dist, "v2.0.0", sc.Progress)
	require.NoError(t, err)
	return sc, facts
}

func do(t *testing.T, sc *plan.StepContext, steps []plan.Step) {
	t.Helper()
	for _, step := range steps {
		require.NoError(t, step.Run(t.Context(), sc), step.Name())
	}
}

// requireServed asserts that users get the index that the facts promise, whole.
func requireServed(t *testing.T, sc *plan.StepContext, release string) {
	t.Helper()
	index, _, missing, err := servedFrontend(t.Context(), sc.Env)
	require.NoError(t, err)
	require.Empty(t, missing)
	require.Equal(t, sc.Fact(barq.FactFrontendIndex), index)
	require.Equal(t, release, surveyFrontend(t.Context(), sc.Env).Release)
}

func TestTheFrontendIsPublishedAndTakenBack(t *testing.T) {
	sc, _ := frontendPlace(t)
	now := lab200()
	now.Frontend = surveyFrontend(t.Context(), sc.Env)
	require.NoError(t, now.Frontend.Unread)
	folder, err := builtFrontend(sc.Env, sc.Root, sc.To)
	require.NoError(t, err)
	save, publish := frontendSteps(sc.Env, now, sc.To, folder)
	do(t, sc, save)
	requireServed(t, sc, "v2.0.0")
	before := sc.Fact(barq.FactFrontendIndex)
	published, ok := publish[0].(publishFrontend)
	require.True(t, ok)
	done, err := published.Observe(t.Context(), sc)
	require.NoError(t, err)
	require.False(t, done)
	do(t, sc, publish)
	done, err = published.Observe(t.Context(), sc)
	require.NoError(t, err)
	require.True(t, done)
	requireServed(t, sc, "v2.1.0")
	require.NotEqual(t, before, sc.Fact(barq.FactFrontendIndex))

	require.NoError(t, published.Undo(t.Context(), sc))
	requireServed(t, sc, "v2.0.0")
	require.Equal(t, before, sc.Fact(barq.FactFrontendIndex))
}

func TestTheFrontendIsRolledBackByHand(t *testing.T) {
	sc, facts := frontendPlace(t)
	folder, err := builtFrontend(sc.Env, sc.Root, sc.To)
	require.NoError(t, err)
	save, publish := frontendSteps(sc.Env, lab200(), sc.To, folder)
	do(t, sc, append(save, publish...))
	clear(facts)

	now := lab210()
	now.Frontend = surveyFrontend(t.Context(), sc.Env)
	record, back, note := rollBackFrontend(sc.Env, now, "v2.0.0")
	require.Equal(t, "The frontend goes back from v2.1.0 to v2.0.0.", note)
	do(t, sc, append(record, back...))
	requireServed(t, sc, "v2.0.0")

	now.Frontend = surveyFrontend(t.Context(), sc.Env)
	_, back, note = rollBackFrontend(sc.Env, now, "v2.0.0")
	require.Empty(t, back)
	require.Equal(t, "The frontend is v2.0.0 already.", note)

	require.ErrorIs(t, restoreFrontend{version: "v1.9.9"}.Run(t.Context(), sc), frontend.ErrNotKept)
}

func TestABuildThatChangedSinceItWasCheckedIsNotPublished(t *testing.T) {
	sc, facts := frontendPlace(t)
	folder, err := builtFrontend(sc.Env, sc.Root, sc.To)
	require.NoError(t, err)
	save, publish := frontendSteps(sc.Env, lab200(), sc.To, folder)
	do(t, sc, save)
	facts[factDist] = "another"
	require.ErrorContains(t, publish[0].Run(t.Context(), sc), "has changed since it was checked")
}

func TestTheBuildCommandIsRun(t *testing.T) {
	sc, _ := frontendPlace(t)
	source := filepath.Join(sc.Root, "testdata", "frontend", "v2.1.0")
	sc.Root = t.TempDir()
	step := buildFrontend{folder: "dist", command: []string{"cp", "-r", source, "dist"}, limit: time.Minute}
	sc.Env.Frontend.Build = environment.FrontendBuild{Command: step.command, Dir: ".", Timeout: step.limit}
	require.NoError(t, step.Run(t.Context(), sc))
	require.NotEmpty(t, sc.Fact(factDist))

	sc.Env.Frontend.Build.Command = []string{"sh", "-c", "echo three type errors; exit 2"}
	require.ErrorContains(t, step.Run(t.Context(), sc), "exit status 2: three type errors")
	log, err := os.ReadFile(filepath.Join(sc.Evidence, "build.log"))
	require.NoError(t, err)
	require.Equal(t, "three type errors\n", string(log))
}

// TestARollbackDoesNotNeedTheFrontend: it may be what is broken.
func TestARollbackDoesNotNeedTheFrontend(t *testing.T) {
	sc, told := stepContext(t, map[string]string{})
	require.Error(t, recordFrontend{}.Run(t.Context(), sc))
	require.NoError(t, recordFrontend{goOn: true}.Run(t.Context(), sc))
	require.Contains(t, (*told)[0], "the gate will not pass")
	require.Empty(t, sc.Fact(barq.FactFrontendBefore))
}

func TestTheKindsOfFrontend(t *testing.T) {
	inCluster := map[string]any{"kind": "deployment", "deployment": map[string]any{
		"name": "barq-frontend", "container": "app", "imageRepository": "ghcr.io/alsairy/barq-frontend", "selector": "app=barq-frontend",
	}}
	env := fixed(t, map[string]any{"frontend": inCluster})
	now := lab200()
	now.Frontend.Deployment = kube.Deployment{Revision: 3, Image: "ghcr.io/alsairy/barq-frontend:v2.0.0"}
	now.Frontend.Release = "v2.0.0"
	p, err := Deploy(env, stepRoot(t), now, "v2.1.0")
	require.NoError(t, err)
	var names []string
	for _, step := range p.Phases[3].Steps {
		names = append(names, step.Name())
	}
	require.Contains(t, names, "Set the frontend's image to ghcr.io/alsairy/barq-frontend:v2.1.0")
	require.Contains(t, names, "Watch the rollout of Deployment barq-frontend for up to 2m0s")
	require.Contains(t, p.Phases[3].Gate.AllowedSkips, "frontend.origin.agrees")
	require.Equal(t, "barq-frontend", env.InCluster().Deployment)
	require.Equal(t, "barq-api", env.Kubernetes.Deployment)

	p, err = Deploy(fixed(t, map[string]any{"frontend": map[string]any{"kind": "none"}}), stepRoot(t), lab200(), "v2.1.0")
	require.NoError(t, err)
	for _, phase := range p.Phases {
		require.NotContains(t, phase.Gate.Suites, frontendSuite)
	}
	require.NotContains(t, p.RollbackGate.Suites, frontendSuite)
}

func stepRoot(t *testing.T) string {
	t.Helper()
	sc, _ := stepContext(t, map[string]string{})
	return sc.Root
}
