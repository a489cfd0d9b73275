package attestation_test

import (
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/barq-platform/barqgate/harness/attestation"
)

var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

func told(when time.Time) attestation.Attestation {
	return attestation.Attestation{ID: "team-told", Who: "tester", When: when, Release: "v2", Environment: "staging", Statement: "The team was told."}
}

func TestAStatementHoldsForOneReleaseAndAWhile(t *testing.T) {
	other := told(noon)
	other.Release = "v1"
	elsewhere := told(noon)
	elsewhere.Environment = "production"
	about := attestation.For([]attestation.Attestation{other, elsewhere, told(noon.Add(-time.Hour)), told(noon)}, "staging", "v2")
	require.Equal(t, []attestation.Attestation{told(noon)}, about, "the latest of this release here")

	check := func(id, statement string, age time.Duration, now time.Time) error {
		_, err := attestation.Check(about, id, statement, age, now)
		return err
	}
	require.NoError(t, check("team-told", "The team was told.", time.Hour, noon.Add(time.Hour)))
	require.ErrorIs(t, check("team-told", "The team was told.", time.Hour, noon.Add(time.Hour+1)), attestation.ErrExpired)
	require.ErrorIs(t, check("team-told", "The team was told.", time.Hour, noon.Add(-1)), attestation.ErrExpired, "a date to come")
	require.ErrorIs(t, check("team-told", "Everybody was told.", time.Hour, noon), attestation.ErrOther)
	require.ErrorIs(t, check("plan-read", "The plan was read.", time.Hour, noon), attestation.ErrMissing)
}

func TestTheFileSurvives(t *testing.T) {
	path := filepath.Join(t.TempDir(), "below", "attestations.yaml")
	none, err := attestation.Load(path)
	require.NoError(t, err)
	require.Empty(t, none)
	var writers sync.WaitGroup
	for i := range 8 {
		writers.Go(func() {
			if err := attestation.Add(t.Context(), path, told(noon.Add(time.Duration(i)*time.Second))); err != nil {
				t.Error(err)
			}
		})
	}
	writers.Wait()
	all, err := attestation.Load(path)
	require.NoError(t, err)
	require.Len(t, all, 8, "nobody's statement is lost")
	require.True(t, attestation.For(all, "staging", "v2")[0].When.Equal(noon.Add(7*time.Second)))
}

func TestHalfAStatementIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "attestations.yaml")
	nobody := told(noon)
	nobody.Who = " "
	require.ErrorContains(t, attestation.Add(t.Context(), path, nobody), "lacks who")
	require.ErrorContains(t, attestation.Add(t.Context(), path, told(time.Time{})), "lacks when")
	for _, source := range []string{"- {id: a}", "- {id: a, whom: b}", "x", ""} {
		require.NoError(t, os.WriteFile(path, []byte(source), 0o600))
		_, err := attestation.Load(path)
		require.Error(t, err, source)
	}
}

func FuzzLoad(f *testing.F) {
	f.Add("- {id: a, who: b, when: 2026-01-02T12:00:00Z, release: v1, environment: e, statement: s}")
	f.Add("[")
	f.Fuzz(func(t *testing.T, source string) {
		path := filepath.Join(t.TempDir(), "a.yaml")
		require.NoError(t, os.WriteFile(path, []byte(source), 0o600))
		all, err := attestation.Load(path)
		for _, a := range all {
			if err == nil && (a.Who == "" || a.When.IsZero()) {
				t.Fatalf("%q was read as %+v", source, a)
			}
		}
	})
}
