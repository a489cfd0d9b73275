package suite

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/barq-platform/barqgate/harness/environment"
	"github.com/barq-platform/barqgate/harness/environment/environmenttest"
	"github.com/stretchr/testify/require"
)

// How criteria, records and companions behave is tested where their processes
// are judged, in harness/gotest.

func TestFactsSurviveTheirFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "facts.json")
	facts := Facts{Run: "r1", From: "v1", To: "v2", Values: map[string]string{"count": "7"}}
	require.NoError(t, facts.Write(path))
	back, err := ReadFacts(path)
	require.NoError(t, err)
	require.Equal(t, facts, back)
}

func TestFactsOfNoRunAreRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "facts.json")
	_, err := ReadFacts(path)
	require.ErrorIs(t, err, os.ErrNotExist)
	for _, text := range []string{"", "{}", `{"run":""}`, "[]"} {
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
		_, err := ReadFacts(path)
		require.Error(t, err)
	}
}

func TestPrepareRefuses(t *testing.T) {
	t.Chdir(environmenttest.Root(t, map[string]any{"allow": []string{"write"}}))
	whole := Suite{Name: "s", About: "Looks."}
	tests := []struct {
		name  string
		suite Suite
		env   string
		facts string
		says  string
	}{
		{"no environment", whole, "", "", "with -env after the packages"},
		{"an unknown environment", whole, "stagign", "", "expected one of fixed"},
		{"an effect that is not allowed", Suite{Name: "s", About: "Locks.", Effects: []environment.Effect{environment.Lockout}}, "fixed", "", `needs the effect "lockout"`},
		{"missing facts", whole, "fixed", "nowhere.json", "nowhere.json"},
		{"a suite that says nothing about itself", Suite{Name: "s"}, "fixed", "", "an About"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			st := &state{suite: test.suite}
			require.ErrorContains(t, st.prepare(test.env, test.facts, t.TempDir()), test.says)
		})
	}
	st := &state{suite: Suite{Name: "s", About: "Writes.", Effects: []environment.Effect{environment.Write}}}
	require.NoError(t, st.prepare("fixed", "", t.TempDir()))
}

func TestSummarySaysWhyOrHowMuch(t *testing.T) {
	require.Equal(t, "it broke", Record{Reason: "it broke", Samples: 3}.Summary())
	require.Equal(t, "3 requests; would have caught a failure rate of 1 %", Record{Samples: 3, Observed: "requests", WouldCatch: "a failure rate of 1 %"}.Summary())
}
