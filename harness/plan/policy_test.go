package plan_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/barq-platform/barqgate/harness/environment/environmenttest"
	"github.com/barq-platform/barqgate/harness/plan"
	"github.com/stretchr/testify/require"
)

// policyRoot makes a root with the policy of the environment "lab".
func policyRoot(t *testing.T, policy string) string {
	t.Helper()
	root := t.TempDir()
	dir := filepath.Join(root, "testdata", "gates")
	require.NoError(t, os.MkdirAll(dir, 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "safety-critical.yaml"), []byte("criteria: {database: lost data, health.live: nobody lives}\n"), 0o644))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "lab.yaml"), []byte(policy), 0o644))
	return root
}

const goodPolicy = `
retries:
  - {suite: health, attempts: 2, on: [inconclusive, transport], reason: a busy machine}
quarantines:
  - {criterion: health.ai.answers, owner: ann, until: 2026-12-31, reason: BARQ-1}
skips:
  - {criterion: health.flowable.answers, reason: no engine here}
  - {criterion: other.thing.holds, reason: not run here}
`

func TestPolicyReachesTheGatesOfItsSuites(t *testing.T) {
	policy, err := plan.LoadPolicy(policyRoot(t, goodPolicy), "lab")
	require.NoError(t, err)
	require.Equal(t, []string{"health.ai.answers", "health.flowable.answers", "other.thing.holds"}, policy.Criteria())
	p, plain := full(), full().Digest()
	p.Phases[1].Gate.Retries, p.Phases[1].Gate.Quarantines = nil, nil
	for i := range p.Phases {
		policy.Apply(&p.Phases[i].Gate, p.Phases[i].Companions)
	}
	require.Empty(t, p.Phases[0].Gate.Retries)
	gate := p.Phases[1].Gate
	require.Equal(t, 2, gate.RetryOf("health").Attempts)
	require.Zero(t, gate.RetryOf("smoke").Attempts)
	require.Equal(t, "no engine here", gate.AllowedSkips["health.flowable.answers"])
	require.NotContains(t, gate.AllowedSkips, "other.thing.holds")
	q, ok := gate.QuarantineOf("health.ai.answers")
	require.True(t, ok)
	require.Equal(t, "ann", q.Owner)
	require.NotEqual(t, plain, p.Digest(), "the policy is part of what is agreed to")

	day := func(text string) time.Time {
		at, err := time.Parse(time.RFC3339, text)
		require.NoError(t, err)
		return at
	}
	require.NoError(t, p.Current(day("2026-12-31T23:59:59Z")), "the last day counts")
	require.NoError(t, p.Current(day("2027-01-01T01:00:00+02:00")), "in UTC")
	err = p.Current(day("2027-01-01T00:00:00Z"))
	require.ErrorIs(t, err, plan.ErrPolicy)
	require.ErrorContains(t, err, "the quarantine of health.ai.answers has ended on 2026-12-31: ann has to repair it (BARQ-1)")
}

func TestWithoutAPolicyNothingIsAccepted(t *testing.T) {
	policy, err := plan.LoadPolicy(t.TempDir(), "lab")
	require.NoError(t, err)
	require.Zero(t, policy)
}

func TestPoliciesThatAreRefused(t *testing.T) {
	tests := map[string]struct{ policy, says string }{
		"unknown key":        {"retires: []", "testdata/gates/lab.yaml:1: retires"},
		"empty":              {"", "is empty"},
		"no owner":           {"quarantines:\n  - {criterion: health.ai.answers, until: 2026-12-31, reason: x}", "lab.yaml:2: quarantines[0]: expected criterion, owner"},
		"no end":             {"quarantines:\n  - {criterion: health.ai.answers, owner: ann, reason: x}", `until is ""; expected a day`},
		"safety-critical":    {"quarantines:\n  - {criterion: database.rows.kept, owner: ann, until: 2026-12-31, reason: x}", "database.rows.kept is safety-critical (lost data) and cannot be quarantined"},
		"one of its area":    {"skips:\n  - {criterion: health.live.answers, reason: x}", "safety-critical (nobody lives) and cannot be skipped"},
		"skip without why":   {"skips:\n  - {criterion: health.ai.answers}", "expected criterion and reason"},
		"failures retried":   {"retries:\n  - {suite: health, attempts: 1, on: [fail], reason: x}", "what has failed is not tried again"},
		"retries of nothing": {"retries:\n  - {suite: health, attempts: 1, reason: x}", "on is missing"},
		"too many retries":   {"retries:\n  - {suite: health, attempts: 9, on: [transport], reason: x}", "attempts is 9; expected 1 to 3"},
		"retries of nobody":  {"retries:\n  - {attempts: 1, on: [transport], reason: x}", "expected suite and reason"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := plan.LoadPolicy(policyRoot(t, test.policy), "lab")
			require.ErrorIs(t, err, plan.ErrPolicy)
			require.ErrorContains(t, err, test.says)
		})
	}
	root := policyRoot(t, goodPolicy)
	require.NoError(t, os.Remove(filepath.Join(root, "testdata", "gates", "safety-critical.yaml")))
	_, err := plan.LoadPolicy(root, "lab")
	require.ErrorContains(t, err, "safety-critical.yaml")
	require.ErrorIs(t, err, plan.ErrPolicy)
}

// Every policy in the checkout can be loaded, and no quarantine in it has ended: on
// the day after its last one, this test is red.
func TestPoliciesOfTheCheckoutAreInForce(t *testing.T) {
	root := environmenttest.Repository(t)
	files, err := filepath.Glob(filepath.Join(root, "testdata", "gates", "*.yaml"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		name := filepath.Base(file[:len(file)-len(".yaml")])
		if name == "safety-critical" {
			continue
		}
		policy, err := plan.LoadPolicy(root, name)
		require.NoError(t, err)
		require.NoError(t, (&plan.Plan{RollbackGate: plan.Gate{Quarantines: policy.Quarantines}}).Current(time.Now()))
	}
}
