package run

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/barq-platform/barqgate/harness/environment"
	"github.com/barq-platform/barqgate/harness/environment/environmenttest"
	"github.com/barq-platform/barqgate/harness/journal"
	"github.com/barq-platform/barqgate/harness/journal/event"
	"github.com/barq-platform/barqgate/harness/plan"
)

// unrecordable is a time that no journal can hold: to the run it is as if the disk
// were full.
var unrecordable = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)

// TestNothingCanBeRecordedAnyMore makes the journal refuse each record in turn.
// The run stops before its next effect, and once there is space again it comes to
// the same as if nothing had happened.
func TestNothingCanBeRecordedAnyMore(t *testing.T) {
	suites, err := build()
	require.NoError(t, err)
	for name, m := range map[string]mortal{"promoted": {Suites: suites}, "rolled back": {Suites: suites, Bad: true}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want, records := whole(t, m)
			for record := 2; record <= records; record++ {
				m.Root = newSite(t)
				env, err := environment.Load(t.Context(), m.Root, environmenttest.Name)
				require.NoError(t, err)
				c := m.config(env)
				written := 0
				c.Clock = func() time.Time {
					if written++; written >= record {
						return unrecordable
					}
					return time.Now()
				}
				before := 0
				c.Reached = func(at Moment) {
					if at.Record == record {
						before = len(site{dir: filepath.Join(m.Root, "site")}.get("effects"))
					}
				}
				o, err := Execute(t.Context(), c)
				require.ErrorIs(t, err, ErrUnrecorded, "record %d", record)
				require.Contains(t, []ExitCode{HarnessError, RollbackFailed}, o.Exit, "record %d: %s", record, o.Reason)
				require.Len(t, site{dir: filepath.Join(m.Root, "site")}.get("effects"), before, "an effect after record %d could not be written", record)

				o, err = Resume(t.Context(), m.config(env))
				require.NoError(t, err)
				require.Equal(t, want.ended.Exit, int(o.Exit), "record %d: %s", record, o.Reason)
				require.Equal(t, want, finalOf(t, m.Root), "record %d", record)
			}
		})
	}
}

func TestACheckIsNoDeployment(t *testing.T) {
	for name, want := range map[string]ExitCode{"pass": Promoted, "fail": RolledBack} {
		c, _ := setup(t)
		c.Plan.Phases[0].Steps, c.Plan.RollbackGate = nil, plan.Gate{}
		if name == "fail" {
			c.Plan.Phases[0].Gate.Required = []string{"gate.other.missing"}
			want = HarnessError // it is not judged
		}
		o, err := Execute(t.Context(), c)
		require.NoError(t, err)
		require.Equal(t, want, o.Exit, o.Reason)
		chain, err := journal.Replay(c.Dir)
		require.NoError(t, err)
		last, err := event.Decode(chain.Records[len(chain.Records)-1])
		require.NoError(t, err)
		finished, ok := last.(event.RunFinished)
		require.True(t, ok)
		require.Equal(t, map[ExitCode]string{Promoted: "passed", HarnessError: "harness error"}[want], finished.Name)
	}
}

func TestEveryExitCodeSaysWhatItMeans(t *testing.T) {
	said := map[string]bool{}
	for code := Promoted; code <= RollbackFailed; code++ {
		name, meaning := code.ofCheck()
		require.NotEmpty(t, name)
		require.NotEmpty(t, meaning)
		said[code.String()], said[code.Meaning()] = true, true
	}
	require.Len(t, said, 2*int(RollbackFailed+1))
	require.Equal(t, "exit code 99", ExitCode(99).String())
	require.Equal(t, "not an exit code of barqgate", ExitCode(99).Meaning())
}

// TestACompanionThatWasCutShortLeavesACaveat: its verdict does not rest on all of
// the phase.
func TestACompanionThatWasCutShortLeavesACaveat(t *testing.T) {
	c, w := setup(t)
	c.Plan.Phases[0].Companions = []string{"beside"}
	written, full := 0, 8
	c.Clock = func() time.Time {
		if written++; written >= full {
			return unrecordable
		}
		return time.Now()
	}
	_, err := Execute(t.Context(), c)
	require.ErrorIs(t, err, ErrUnrecorded)
	c.Clock = nil
	o, err := Resume(context.Background(), c)
	require.NoError(t, err)
	require.Equal(t, Promoted, o.Exit, o.Reason)
	require.Equal(t, []string{"first", "second"}, w.acts())
	require.Len(t, o.Caveats, 1)
	require.Contains(t, o.Caveats[0], "beside")
}
