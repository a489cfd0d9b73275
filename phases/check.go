package phases

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/barq-platform/barqgate/fixtures/kube"
	"github.com/barq-platform/barqgate/harness/environment"
	"github.com/barq-platform/barqgate/harness/plan"
)

// needDeployment lists the criteria that compare the platform with what a
// deployment has recorded of it. Without a deployment they may be skipped.
func needDeployment() []string {
	return []string{
		"database.data.kept",
		"database.migrations.expected",
		"database.rows.kept",
		"followup.checklist.attested",
		"frontend.index.current",
		"frontend.previous.served",
		"logs.errors.no-new-kind",
		"migration.rehearsal.data-kept",
		"migration.rehearsal.old-version-works",
		"migration.rehearsal.within-limits",
		"migration.safety.old-version-survives",
		"performance.baseline.no-regression",
		"preflight.attestations.given",
		"preflight.code-scanning.clean",
		"preflight.image.unchanged",
		"preflight.migrations.tested",
		"preflight.performance.passed",
		"preflight.review.approved",
		"preflight.rollback.rehearsed",
		"preflight.secrets.none-in-range",
		"preflight.staging.validated",
		"preflight.team.told",
		"preflight.tests.passed",
		"rollback.data.intact",
		"rollback.image.restored",
		"rollout.revision.recorded",
	}
}

// Check plans the judging of what is running, without changing anything: one gate
// of the named suites.
func Check(ctx context.Context, env *environment.Environment, root string, suites []string) (*plan.Plan, error) {
	cluster, err := kube.Reach(ctx, env.Kubernetes)
	if err != nil {
		return nil, err
	}
	running, err := cluster.Deployment(ctx)
	if err != nil {
		return nil, err
	}
	skips := map[string]string{}
	if slices.Contains(suites, frontendSuite) {
		skips = frontendSkips(env)
	}
	for _, criterion := range needDeployment() {
		if suite, _, _ := strings.Cut(criterion, "."); slices.Contains(suites, suite) {
			skips[criterion] = "it compares with a deployment, and this is none"
		}
	}
	return insist(root, &plan.Plan{
		Name:   "check " + env.Name,
		Env:    env,
		From:   running.Tag(),
		To:     running.Tag(),
		Phases: []plan.Phase{{Name: "check", About: "judge what is running", Gate: plan.Gate{Suites: suites, AllowedSkips: skips}}},
		Notes:  []string{fmt.Sprintf("Running now: %s, revision %d (%s).", running.Image, running.Revision, running.Status)},
	})
}
