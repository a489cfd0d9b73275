package verdict_test

import (
	"encoding/json"
	"testing"

	"github.com/barq-platform/barqgate/harness/verdict"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

var all = []verdict.Verdict{verdict.Unset, verdict.Pass, verdict.Inconclusive, verdict.Fail, verdict.Error}

func TestOnlyPassPasses(t *testing.T) {
	for _, v := range append(all, verdict.Verdict(-1), verdict.Verdict(99)) {
		require.Equal(t, v == verdict.Pass, v.Passed(), "%s", v)
	}
}

func TestFold(t *testing.T) {
	tests := []struct {
		name string
		in   []verdict.Verdict
		want verdict.Verdict
	}{
		{"nothing is inconclusive", nil, verdict.Inconclusive},
		{"passes pass", []verdict.Verdict{verdict.Pass, verdict.Pass}, verdict.Pass},
		{"inconclusive outweighs pass", []verdict.Verdict{verdict.Pass, verdict.Inconclusive}, verdict.Inconclusive},
		{"fail outweighs inconclusive", []verdict.Verdict{verdict.Fail, verdict.Inconclusive}, verdict.Fail},
		{"error outweighs fail", []verdict.Verdict{verdict.Fail, verdict.Error, verdict.Pass}, verdict.Error},
		{"a verdict never given is an error", []verdict.Verdict{verdict.Pass, verdict.Unset}, verdict.Error},
		{"an unknown value is an error", []verdict.Verdict{verdict.Pass, verdict.Verdict(42)}, verdict.Error},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			require.Equal(t, test.want, verdict.Fold(test.in...))
		})
	}
}

func TestFoldPassesOnlyWhenEveryMemberPasses(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := rapid.SliceOfN(rapid.SampledFrom(all), 1, 8).Draw(t, "verdicts")
		every := true
		for _, v := range in {
			every = every && v == verdict.Pass
		}
		require.Equal(t, every, verdict.Fold(in...).Passed())
	})
}

func TestJSONRoundTrip(t *testing.T) {
	for _, v := range all {
		data, err := json.Marshal(v)
		require.NoError(t, err)
		var back verdict.Verdict
		require.NoError(t, json.Unmarshal(data, &back))
		require.Equal(t, v, back)
	}
	var back verdict.Verdict
	require.Error(t, json.Unmarshal([]byte(`"passed"`), &back))
	require.Equal(t, verdict.Error, back)
}
