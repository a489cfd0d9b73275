package environment_test

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// What would weaken a gate, or make waiting pointless, is refused.
func TestRunRefuses(t *testing.T) {
	for says, changes := range map[string]map[string]any{
		"run.stall is -1s":      {"stall": "-1s"},
		"run.suite is -1s":      {"suite": "-1s"},
		"run.lease is 1s":       {"lease": "1s"},
		"run.onlySuites weaken": {"onlySuites": []string{"health"}},
	} {
		section := map[string]any{"run": changes}
		if _, only := changes["onlySuites"]; only {
			section["allow"] = []string{"deploy"}
		}
		_, err := load(t, section)
		require.ErrorContains(t, err, says)
	}
	env, err := load(t, map[string]any{"run": map[string]any{"stall": "1m", "suite": "2m", "lease": "30s"}})
	require.NoError(t, err)
	require.Equal(t, "1m0s 30s 2m0s", env.Run.StallAfter().String()+" "+env.Run.LeaseFor().String()+" "+env.Run.Suite.String())
}
