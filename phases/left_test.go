package phases

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/barq-platform/barqgate/fixtures/barq"
	"github.com/barq-platform/barqgate/fixtures/kube"
	"github.com/barq-platform/barqgate/harness/environment/environmenttest"
	"github.com/barq-platform/barqgate/harness/plan"
)

func TestTheSamePlanIsMadeAgain(t *testing.T) {
	env, root := fixed(t, nil), environmenttest.Repository(t)
	unread := lab210()
	unread.Unread = errors.New("the database is away")
	deploy, err := Deploy(env, root, lab200(), "v2.1.0")
	require.NoError(t, err)
	back, err := Rollback(env, root, unread, 1)
	require.NoError(t, err)
	restore, err := RestoreDatabase(env, root, unread, lastNight())
	require.NoError(t, err)
	for name, c := range map[string]struct {
		origin Origin
		want   *plan.Plan
	}{
		"deployment":               {DeployOf(lab200(), "v2.1.0"), deploy},
		"rollback":                 {RollbackOf(unread, 1), back},
		"rollback of the database": {RestoreOf(unread, lastNight()), restore},
	} {
		t.Run(name, func(t *testing.T) {
			data, err := c.origin.Encode()
			require.NoError(t, err)
			again, origin, err := Again(env, root, data)
			require.NoError(t, err)
			require.Equal(t, c.want.Digest(), again.Digest())
			require.Equal(t, c.origin.Deploy, origin.Deploy)
		})
	}
	for _, text := range []string{"", "{}", `{"mood":"good"}`} {
		_, _, err := Again(env, root, []byte(text))
		require.Error(t, err)
	}
}

func TestWhatADeploymentHasLeft(t *testing.T) {
	const old, fresh, foreign = "ghcr.io/alsairy/barq-api:v2.0.0", "ghcr.io/alsairy/barq-api:v2.1.0", "ghcr.io/alsairy/barq-api:v9"
	left := leftByDeploy{now: lab200(), image: fresh}
	for name, c := range map[string]struct {
		running kube.Deployment
		set     plan.Remains
		ok      bool
	}{
		"untouched":                         {kube.Deployment{Image: old, Revision: 1}, plan.Nothing, true},
		"set":                               {kube.Deployment{Image: fresh, Revision: 2}, plan.InPlace, true},
		"taken back":                        {kube.Deployment{Image: old, Revision: 3}, plan.TakenBack, true},
		"between, before":                   {kube.Deployment{Image: old, Revision: 1}, plan.Partly, true},
		"between, behind":                   {kube.Deployment{Image: fresh, Revision: 2}, plan.Partly, true},
		"somebody deployed":                 {kube.Deployment{Image: foreign, Revision: 2}, plan.Nothing, false},
		"somebody deployed the same image":  {kube.Deployment{Image: old, Revision: 3}, plan.Nothing, false},
		"somebody replaced it":              {kube.Deployment{Image: foreign, Revision: 3}, plan.InPlace, false},
		"somebody rolled it back":           {kube.Deployment{Image: old, Revision: 3}, plan.InPlace, false},
		"somebody set it again":             {kube.Deployment{Image: fresh, Revision: 4}, plan.InPlace, false},
		"somebody deployed after the undo":  {kube.Deployment{Image: fresh, Revision: 4}, plan.TakenBack, false},
		"somebody deployed during the undo": {kube.Deployment{Image: foreign, Revision: 4}, plan.Partly, false},
	} {
		t.Run(name, func(t *testing.T) {
			err := left.deployment(c.running, c.set, "2")
			require.Equal(t, c.ok, err == nil, "%v", err)
		})
	}
	back := leftByRollback{now: lab210(), to: kube.Revision{Number: 1, Image: old}, step: "Roll back"}
	require.NoError(t, back.deployment(kube.Deployment{Image: fresh, Revision: 2}, plan.Nothing))
	require.NoError(t, back.deployment(kube.Deployment{Image: old, Revision: 3}, plan.InPlace))
	require.NoError(t, back.deployment(kube.Deployment{Image: old, Revision: 3}, plan.Partly))
	require.ErrorContains(t, back.deployment(kube.Deployment{Image: foreign, Revision: 3}, plan.Partly), "this run was to bring back")
}

func TestWhichMigrationsADeploymentHasLeft(t *testing.T) {
	const added = "20251101090000_V210_TaskExternalReference"
	before := lab200().Applied
	after, foreign := append(append([]string{}, before...), added), append(append([]string{}, before...), "20990101000000_Foreign")
	left := leftByDeploy{now: lab200()}
	for name, c := range map[string]struct {
		applied []string
		apply   plan.Remains
		ok      bool
	}{
		"untouched":              {before, plan.Nothing, true},
		"applied":                {after, plan.InPlace, true},
		"half applied":           {after, plan.Nothing, true},
		"taken back":             {before, plan.TakenBack, true},
		"between":                {before, plan.Partly, true},
		"somebody's":             {foreign, plan.Nothing, false},
		"somebody's, behind":     {foreign, plan.InPlace, false},
		"somebody's, between":    {foreign, plan.Partly, false},
		"one is missing":         {before[:1], plan.Nothing, false},
		"applied and then taken": {before, plan.InPlace, false},
		"not taken back":         {after, plan.TakenBack, false},
	} {
		t.Run(name, func(t *testing.T) {
			sc, _ := stepContext(t, map[string]string{})
			require.NoError(t, setJSON(sc, barq.FactMigrationsExpected, after))
			err := left.migrations(sc, c.applied, c.apply)
			require.Equal(t, c.ok, err == nil, "%v", err)
		})
	}
}

func TestADrillCutsGatesDownButNotAway(t *testing.T) {
	env := fixed(t, nil)
	env.Run.OnlySuites = []string{"preflight", "health", "database", "rollout", "tenancy"}
	p, err := Deploy(env, environmenttest.Repository(t), lab200(), "v2.1.0")
	require.NoError(t, err)
	for _, phase := range p.Phases {
		require.NotEmpty(t, phase.Gate.Suites, phase.Name)
		require.Empty(t, phase.Companions)
	}
	require.NoError(t, p.Validate(env.Run.OnlySuites), "what the policies say of other suites is gone with them")
	require.Contains(t, p.Notes[len(p.Notes)-1], "not a judgement of the release")
	env.Run.OnlySuites = []string{"health"}
	_, err = Deploy(env, environmenttest.Repository(t), lab200(), "v2.1.0")
	require.ErrorContains(t, err, "without a suite")
}
