package phases

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/barq-platform/barqgate/harness/attestation"
	"github.com/barq-platform/barqgate/harness/environment"
	"github.com/barq-platform/barqgate/harness/environment/environmenttest"
	"github.com/barq-platform/barqgate/harness/journal/history"
	"github.com/barq-platform/barqgate/harness/retrospective"
)

func TestAFollowUpNeedsTheDeploymentAndAList(t *testing.T) {
	root, env := environmenttest.Repository(t), fixed(t, nil)
	_, err := Followup(env, root, t.TempDir(), Deployed{}, "v2.1.0", environment.After2h)
	require.ErrorIs(t, err, ErrNoDeployment)
	_, err = Followup(env, root, t.TempDir(), Deployed{Run: "r1"}, "v2.1.0", "3h")
	require.ErrorContains(t, err, "expected 2h or 24h")
	p, err := Followup(env, root, t.TempDir(), Deployed{Run: "r1"}, "v2.1.0", environment.After2h)
	require.NoError(t, err)
	require.Equal(t, []string{"followup", "performance", "logs"}, p.Phases[0].Gate.Suites)
	require.Contains(t, p.Phases[0].Gate.Required, "performance.baseline.no-regression")
	p, err = Followup(env, root, t.TempDir(), Deployed{Run: "r1"}, "v2.1.0", environment.After24h)
	require.NoError(t, err)
	require.Equal(t, []string{"followup"}, p.Phases[0].Gate.Suites)
}

func TestTheDraftIsMadeOfTheJournalsAndStaysOpen(t *testing.T) {
	runs := t.TempDir()
	writeRun(t, runs, "20260101T000000Z-0001", deployedRun("20260101T000000Z-0001", "v2.0.0", "v2.1.0", 0)...)
	sc, _ := stepContext(t, map[string]string{})
	sc.Env, sc.Evidence = fixed(t, nil), t.TempDir()
	file := filepath.Join(t.TempDir(), "attestations.yaml")
	sc.Env.Preflight.Attestations.File = file
	require.NoError(t, Attest(t.Context(), sc.Env, sc.Root, attestation.Attestation{
		ID: "documentation", Who: "ann", When: time.Now().UTC().Truncate(time.Second), Release: "v2.1.0", Environment: environmenttest.Name, Statement: sc.Env.Followup.After2h["documentation"],
	}))
	step := draftRetrospective{runs: runs, deployed: Deployed{Run: "20260101T000000Z-0001"}, at: environment.After24h}
	require.NoError(t, step.Run(t.Context(), sc))
	draft, err := os.ReadFile(filepath.Join(sc.Evidence, RetrospectiveFile))
	require.NoError(t, err)
	require.Contains(t, string(draft), "# Retrospective: deploy v2.1.0")
	require.Contains(t, string(draft), "- [x] "+sc.Env.Followup.After2h["documentation"]+" (ann, ")
	require.Contains(t, string(draft), "- [ ] "+sc.Env.Followup.After24h["team-feedback"])
	require.Contains(t, string(draft), "barqgate attest -env=fixed --to=v2.1.0 team-feedback")
}

func TestRunsAreToldApart(t *testing.T) {
	for planned, want := range map[string]retrospective.Kind{
		"deploy v2.1.0 to local": retrospective.Deployment, "roll local back to revision 1 (x)": retrospective.Rollback,
		"restore database BARQ_DB in local and roll back to revision 1 (x)": retrospective.Rollback,
		"watch v2.1.0 in local for 9s":                                      retrospective.Watch, "follow up v2.1.0 in local after 2h": retrospective.Other, "check local": retrospective.Other,
	} {
		require.Equal(t, want, KindOf(history.Run{Plan: planned}), planned)
	}
}
