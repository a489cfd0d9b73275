package phases

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/barq-platform/barqgate/fixtures/barq"
	"github.com/barq-platform/barqgate/harness/environment/environmenttest"
	"github.com/barq-platform/barqgate/harness/journal"
	"github.com/barq-platform/barqgate/harness/journal/event"
	"github.com/barq-platform/barqgate/harness/plan"
)

func TestAWatchStandsByToRollBack(t *testing.T) {
	root := environmenttest.Repository(t)
	p, err := Watch(fixed(t, nil), root, lab210(), Deployed{Run: "r1", Facts: map[string]string{barq.FactDeployStarted: "then"}}, time.Hour)
	require.NoError(t, err)
	require.Contains(t, titles(p), "Roll the release back to revision 1 (ghcr.io/alsairy/barq-api:v2.0.0) and watch it")
	require.Empty(t, p.Phases[0].Gate.AllowedSkips)
	require.Contains(t, p.Phases[0].Gate.Required, "watch.alerts.none-critical")
	require.Contains(t, p.RollbackGate.Required, "rollback.image.restored")
	golden(t, "watch", p)
}

func TestAWatchThatMayNotRollBackOnlyLooks(t *testing.T) {
	root := environmenttest.Repository(t)
	lonely := lab210()
	lonely.History = lonely.History[1:]
	unread := lab210()
	unread.Unread = context.DeadlineExceeded
	for name, c := range map[string]struct {
		changes map[string]any
		now     Situation
		note    string
	}{
		"by policy":        {map[string]any{"rollback": map[string]any{"application": "manual"}}, lab210(), "rollback.application is manual"},
		"nothing to go to": {nil, lonely, "not taken back by itself"},
		"unread":           {nil, unread, "nobody could read which migrations are applied"},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := Watch(fixed(t, c.changes), root, c.now, Deployed{}, time.Hour)
			require.NoError(t, err)
			for _, step := range p.Phases[0].Steps {
				require.Equal(t, plan.ReadOnly, plan.EffectOf(step), step.Name())
			}
			require.Contains(t, p.Notes[len(p.Notes)-1], c.note)
			require.Contains(t, p.Notes[1], "No journal here tells of the deployment")
			require.Empty(t, p.Phases[0].Gate.AllowedSkips)
		})
	}
}

// write makes a run's folder with the events.
func writeRun(t *testing.T, runs, id string, events ...event.Event) {
	t.Helper()
	dir := filepath.Join(runs, id)
	require.NoError(t, os.MkdirAll(dir, 0o755))
	w, err := journal.Create(dir)
	require.NoError(t, err)
	for _, e := range events {
		_, err := event.Append(w, e)
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
}

// deployedRun are the records of a deployment that ended so, or of a watch.
func deployedRun(id, from, to string, exit int) []event.Event {
	verb := "deploy "
	if from == to {
		verb = "watch "
	}
	return []event.Event{
		event.RunStarted{Run: id, Plan: plan.Outline{Name: verb + to, Environment: environmenttest.Name, From: from, To: to}},
		event.FactSet{Name: barq.FactDeployStarted, Value: id},
		event.RunFinished{Exit: exit},
	}
}

func TestTheDeploymentThatIsWatchedIsTheLatestOfWhatRuns(t *testing.T) {
	env, runs := fixed(t, nil), t.TempDir()
	found, err := LatestDeployment(runs, env, "v2.1.0")
	require.NoError(t, err)
	require.Equal(t, Deployed{}, found)
	writeRun(t, runs, "20260101T000000Z-0001", deployedRun("20260101T000000Z-0001", "v2.0.0", "v2.1.0", 0)...)
	writeRun(t, runs, "20260102T000000Z-0001", deployedRun("20260102T000000Z-0001", "v2.0.0", "v2.1.0", 0)...)
	writeRun(t, runs, "20260103T000000Z-0001", deployedRun("20260103T000000Z-0001", "v2.0.0", "v2.1.0", 1)...)
	writeRun(t, runs, "20260104T000000Z-0001", deployedRun("20260104T000000Z-0001", "v2.0.0", "v2.2.0", 0)...)
	writeRun(t, runs, "20260105T000000Z-0001", deployedRun("20260105T000000Z-0001", "v2.1.0", "v2.1.0", 0)...)
	found, err = LatestDeployment(runs, env, "v2.1.0")
	require.NoError(t, err)
	require.Equal(t, "20260102T000000Z-0001", found.Run)
}
