package phases

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/barq-platform/barqgate/harness/environment"
	"github.com/barq-platform/barqgate/harness/plan"
	"github.com/stretchr/testify/require"
)

// governed is a plan with one gate in a root with this policy.
func governed(t *testing.T, policy string) (*plan.Plan, error) {
	t.Helper()
	root := t.TempDir()
	for name, text := range map[string]string{
		"gates/safety-critical.yaml": "criteria: {tenancy: one customer sees the data of another}\n",
		"gates/lab.yaml":             policy,
		"mutants/smoke.yaml":         "- {criterion: smoke.api.alive, faults: [down], says: down}\n",
	} {
		path := filepath.Join(root, "testdata", name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
	}
	return insist(root, &plan.Plan{
		Name: "check", Env: &environment.Environment{Name: "lab"}, RollbackGate: plan.Gate{Suites: []string{"smoke"}},
		Phases: []plan.Phase{{Name: "check", Gate: plan.Gate{Suites: []string{"smoke"}}}},
	})
}

func TestGatesFollowThePolicyOfTheirEnvironment(t *testing.T) {
	p, err := governed(t, "skips: [{criterion: smoke.api.alive, reason: it is not deployed yet}]\n")
	require.NoError(t, err)
	require.Equal(t, "it is not deployed yet", p.Phases[0].Gate.AllowedSkips["smoke.api.alive"])
	require.Empty(t, p.Phases[0].Gate.Required, "what may be skipped is not required")
	for policy, says := range map[string]string{
		"skips: [{criterion: smoke.api.alvie, reason: x}]":                                            "smoke.api.alvie, which no file of testdata/mutants knows",
		"quarantines: [{criterion: smoke.api.alive, owner: ann, until: 2020-01-31, reason: x}]":       "has ended on 2020-01-31",
		"quarantines: [{criterion: tenancy.list.own-only, owner: ann, until: 2999-01-31, reason: x}]": "cannot be quarantined",
	} {
		_, err := governed(t, policy+"\n")
		require.ErrorIs(t, err, plan.ErrPolicy)
		require.ErrorContains(t, err, says)
	}
}
