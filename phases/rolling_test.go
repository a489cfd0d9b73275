package phases

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/barq-platform/barqgate/fixtures/barq"
	"github.com/barq-platform/barqgate/fixtures/barq/release"
	"github.com/barq-platform/barqgate/fixtures/kube"
	"github.com/barq-platform/barqgate/fixtures/mssql"
	"github.com/barq-platform/barqgate/harness/environment"
	"github.com/barq-platform/barqgate/harness/environment/environmenttest"
	"github.com/barq-platform/barqgate/harness/gotest"
	"github.com/barq-platform/barqgate/harness/plan"
)

// fixed is the environment of the golden plans: what appears in them does not
// follow the lab's settings.
func fixed(t *testing.T, changes map[string]any) *environment.Environment {
	t.Helper()
	settings := map[string]any{
		"kubernetes": map[string]any{"rolloutTimeout": "120s"},
		"health":     map[string]any{"attempts": 30, "interval": "1s"},
		"load":       map[string]any{"rate": 250, "duration": "14s"},
	}
	for key, value := range changes {
		settings[key] = value
	}
	env, err := environment.Load(t.Context(), environmenttest.Root(t, settings), environmenttest.Name)
	require.NoError(t, err)
	return env
}

// lab200 is the lab as it is when it has started.
func lab200() Situation {
	return Situation{
		Running: kube.Deployment{Revision: 1, Image: "ghcr.io/alsairy/barq-api:v2.0.0", Replicas: 4, Updated: 4, Available: 4, History: 10, Complete: true, Status: "successfully rolled out"},
		History: []kube.Revision{{Number: 1, Image: "ghcr.io/alsairy/barq-api:v2.0.0"}},
		Applied: []string{"20250819070511_Sprint10_I18n_Accessibility", "20250821193859_A1_UnifyDb_Identity", "20250821212829_B2_ComposeFilters_Indexes"},
	}
}

// lab210 is the lab after v2.1.0 was deployed.
func lab210() Situation {
	now := lab200()
	now.Running.Revision, now.Running.Image = 2, "ghcr.io/alsairy/barq-api:v2.1.0"
	now.History = append(now.History, kube.Revision{Number: 2, Image: now.Running.Image})
	now.Applied = append(now.Applied, "20251101090000_V210_TaskExternalReference")
	return now
}

// lastNight is a backup of lab200, and what was written since.
func lastNight() Restoration {
	return Restoration{
		To:      lab200().History[0],
		Backup:  mssql.Backup{Path: "/backups/BARQ_DB_nightly.bak", Finished: time.Date(2025, 11, 1, 2, 0, 0, 0, time.UTC)},
		Age:     7 * time.Hour,
		Written: "at least 12",
	}
}

// golden compares a printed plan with testdata/<name>.txt; UPDATE_GOLDEN=1
// rewrites the file.
func golden(t *testing.T, name string, p *plan.Plan) {
	t.Helper()
	var printed bytes.Buffer
	require.NoError(t, p.Print(&printed))
	file := filepath.Join("testdata", name+".txt")
	if os.Getenv("UPDATE_GOLDEN") != "" {
		require.NoError(t, os.WriteFile(file, printed.Bytes(), 0o644))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, string(want), printed.String(), "UPDATE_GOLDEN=1 go test ./phases rewrites the golden plans")
}

func TestPlans(t *testing.T) {
	root := environmenttest.Repository(t)
	suites, err := gotest.Workspace{Root: root, Suites: "suites"}.List()
	require.NoError(t, err)
	manual := map[string]any{"rollback": map[string]any{"application": "manual", "database": "manual"}}
	for name, c := range map[string]struct {
		changes map[string]any
		make    func(*environment.Environment) (*plan.Plan, error)
	}{
		"deploy": {make: func(env *environment.Environment) (*plan.Plan, error) {
			return Deploy(env, root, lab200(), "v2.1.0")
		}},
		"deploy-unsafe-migration": {make: func(env *environment.Environment) (*plan.Plan, error) {
			return Deploy(env, root, lab210(), "v2.1.0-badmigration")
		}},
		"deploy-manual-rollback": {changes: manual, make: func(env *environment.Environment) (*plan.Plan, error) {
			return Deploy(env, root, lab200(), "v2.1.0")
		}},
		"rollback": {make: func(env *environment.Environment) (*plan.Plan, error) {
			return Rollback(env, root, lab210(), 0)
		}},
		"rollback-database": {make: func(env *environment.Environment) (*plan.Plan, error) {
			return RestoreDatabase(env, root, lab210(), lastNight())
		}},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := c.make(fixed(t, c.changes))
			require.NoError(t, err)
			require.NoError(t, p.Validate(suites))
			golden(t, name, p)
		})
	}
}

func TestDeployRefuses(t *testing.T) {
	half := lab210()
	half.Running.Complete, half.Running.Status = false, "1 out of 4 new replicas have been updated"
	ahead := lab200()
	ahead.Applied = append(ahead.Applied, "20251101090100_V210_PurgeDraftTasks")
	unknown := lab200()
	unknown.Applied = append(unknown.Applied, "20991231235959_Unknown")
	blind := lab200()
	blind.Unread = errors.New("the database does not answer")
	for name, c := range map[string]struct {
		now     Situation
		to      string
		changes map[string]any
		is      error
		words   []string
	}{
		"an unknown release":            {now: lab200(), to: "v9", is: release.ErrUnknown, words: []string{`"v9"`, "v2.1.0-crash"}},
		"nothing to do":                 {now: lab210(), to: "v2.1.0", is: ErrAlreadyRunning, words: []string{"revision 2", "barqgate check"}},
		"the same, unfinished":          {now: half, to: "v2.1.0", is: ErrAlreadyRunning, words: []string{"not finished", "barqgate rollback"}},
		"somebody else's rollout":       {now: half, to: "v2.0.0", words: []string{"another rollout is not finished"}},
		"no release":                    {now: lab200(), words: []string{"--to"}},
		"a place that forbids it":       {now: lab200(), to: "v2.1.0", changes: map[string]any{"allow": []string{"write"}}, is: ErrNotAllowed, words: []string{"fixed.yaml", `"deploy"`}},
		"an unknown schema":             {now: blind, to: "v2.1.0", words: []string{"does not answer"}},
		"a database too far ahead":      {now: ahead, to: "v2.1.0", words: []string{"cannot run on this database", "PurgeDraftTasks"}},
		"a migration that nobody knows": {now: unknown, to: "v2.1.0", is: mssql.ErrNoMigration, words: []string{"nobody knows"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Deploy(fixed(t, c.changes), environmenttest.Repository(t), c.now, c.to)
			require.Error(t, err)
			if c.is != nil {
				require.ErrorIs(t, err, c.is)
			}
			for _, words := range c.words {
				require.ErrorContains(t, err, words)
			}
		})
	}
}

func TestAnOlderReleaseRunsOnASafeNewerSchema(t *testing.T) {
	p, err := Deploy(fixed(t, nil), environmenttest.Repository(t), lab210(), "v2.0.0")
	require.NoError(t, err)
	require.Contains(t, p.Notes, "Migration 20251101090000_V210_TaskExternalReference is applied and not part of this release; it is safe for older versions and stays.")
}

func TestRollbackRefuses(t *testing.T) {
	env, root := fixed(t, nil), environmenttest.Repository(t)
	_, err := Rollback(env, root, lab200(), 0)
	require.ErrorIs(t, err, kube.ErrNoPrevious)
	_, err = Rollback(env, root, lab210(), 7)
	require.ErrorIs(t, err, kube.ErrUnknownRevision)
	_, err = Rollback(env, root, lab210(), 2)
	require.ErrorIs(t, err, ErrAlreadyRunning)
	_, err = Rollback(fixed(t, map[string]any{"allow": []string{"write"}}), root, lab210(), 1)
	require.ErrorIs(t, err, ErrNotAllowed)
	unsafe := lab210()
	unsafe.Applied = append(unsafe.Applied, "20251101090100_V210_PurgeDraftTasks")
	_, err = Rollback(env, root, unsafe, 1)
	require.ErrorContains(t, err, "not safe for older versions")
}

func TestRollbackToAnImageOutsideTheCatalogue(t *testing.T) {
	now := lab210()
	now.History[0].Image = "ghcr.io/alsairy/barq-api:v1.9.9"
	p, err := Rollback(fixed(t, nil), environmenttest.Repository(t), now, 1)
	require.NoError(t, err)
	require.Equal(t, "v1.9.9", p.To)
}

// TestRollbackDoesNotNeedTheDatabase: it may be what is broken.
func TestRollbackDoesNotNeedTheDatabase(t *testing.T) {
	now := lab210()
	now.Unread = errors.New("the database does not answer")
	p, err := Rollback(fixed(t, nil), environmenttest.Repository(t), now, 0)
	require.NoError(t, err)
	require.Contains(t, p.Notes[2], "the database does not answer")

	sc, told := stepContext(t, map[string]string{})
	require.NoError(t, countBaseline{tables: []string{"Tasks"}}.Run(t.Context(), sc))
	require.Contains(t, (*told)[0], "the gate will not pass")
	require.Empty(t, sc.Fact(barq.FactBaselineRows))
}

func TestGateSuites(t *testing.T) {
	for _, name := range []string{"2", "database", "2 database"} {
		suites, err := GateSuites(name)
		require.NoError(t, err)
		require.Equal(t, []string{"database"}, suites)
	}
	_, err := GateSuites("7")
	require.ErrorIs(t, err, ErrUnknownPhase)
	require.ErrorContains(t, err, "4 verification")
}
