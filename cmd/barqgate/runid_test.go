package main

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// TestRunIDsSortByBeginning names runs by a clock that stands still and goes back.
func TestRunIDsSortByBeginning(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		runs, err := os.MkdirTemp(t.TempDir(), "runs") //nolint:usetesting // each of rapid's tries needs one of its own
		require.NoError(rt, err)
		clock := time.Date(2026, 11, 28, 12, 0, 0, 0, time.FixedZone("CET", 3600))
		var names []string
		for range rapid.IntRange(1, 6).Draw(rt, "runs") {
			clock = clock.Add(time.Duration(rapid.Int64Range(-7200, 7200).Draw(rt, "seconds")) * time.Second)
			name, err := newRunID(runs, clock)
			require.NoError(rt, err)
			require.Regexp(rt, `^\d{8}T\d{6}Z-[0-9a-f]{4}$`, name)
			require.NoError(rt, os.Mkdir(filepath.Join(runs, name), 0o755))
			require.NoError(rt, os.WriteFile(filepath.Join(runs, name+".tar.zst"), nil, 0o644))
			names = append(names, name)
		}
		require.True(rt, slices.IsSorted(names), "%v", names)
	})
	name, err := newRunID(filepath.Join(t.TempDir(), "missing"), time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC))
	require.NoError(t, err)
	require.Contains(t, name, "20261128T120000Z-")
}
