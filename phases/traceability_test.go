package phases

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/barq-platform/barqgate/harness/environment/environmenttest"
	"github.com/barq-platform/barqgate/harness/plan"
	"github.com/barq-platform/barqgate/phases/runbook"
)

// titles lists the names of a plan's steps and of their undoing.
func titles(p *plan.Plan) []string {
	var all []string
	for _, phase := range p.Outline().Phases {
		for _, step := range phase.Steps {
			all = append(all, step.Name)
			if step.Undo != "" {
				all = append(all, step.Undo)
			}
		}
	}
	return all
}

// TestSuccessCanBeShown requires that every criterion of the success checklists is
// judged by a gate that counts for it: otherwise the item could never be ticked.
func TestSuccessCanBeShown(t *testing.T) {
	p, err := Deploy(fixed(t, nil), environmenttest.Repository(t), lab200(), "v2.1.0")
	require.NoError(t, err)
	required := map[string][]string{harnessRollback: p.RollbackGate.Required}
	for _, phase := range p.Phases {
		required[phase.Name] = phase.Gate.Required
	}
	require.Len(t, p.Checklists, 2)
	require.Len(t, p.Checklists[0].Items, 6)
	require.Len(t, p.Checklists[1].Items, 5)
	for _, list := range p.Checklists {
		for _, item := range list.Items {
			require.NotEmpty(t, item.Criteria, item.Text)
			for _, id := range item.Criteria {
				require.True(t, slices.ContainsFunc(list.Phases, func(phase string) bool { return slices.Contains(required[phase], id) }),
					"%s: %s is judged in none of %v, so %q could never be ticked", list.Name, id, list.Phases, item.Text)
			}
		}
	}
}

// TestStepsOfTheRunbookExist requires that every step of testdata/traceability.yaml
// is one of a plan, and that every step of a plan stands there: a step that no line
// of the runbook asks for needs a line that it serves.
func TestStepsOfTheRunbookExist(t *testing.T) {
	root := environmenttest.Repository(t)
	env := fixed(t, nil)
	deploy, err := Deploy(env, root, lab200(), "v2.1.0")
	require.NoError(t, err)
	back, err := Rollback(env, root, lab210(), 0)
	require.NoError(t, err)
	restore, err := RestoreDatabase(env, root, lab210(), lastNight())
	require.NoError(t, err)
	watched, err := Watch(env, root, lab210(), Deployed{}, env.Watch.Window)
	require.NoError(t, err)
	followed, err := Followup(env, root, t.TempDir(), Deployed{Run: "r1"}, "v2.1.0", "24h")
	require.NoError(t, err)
	all := slices.Concat(titles(deploy), titles(back), titles(restore), titles(watched), titles(followed))
	table, err := runbook.Load(root)
	require.NoError(t, err)
	var patterns []string
	for _, item := range table.Items() {
		for _, pattern := range item.Steps {
			patterns = append(patterns, pattern)
			require.True(t, slices.ContainsFunc(all, func(title string) bool { return runbook.Matches(pattern, title) }), "item %s: no plan has the step %q", item.ID, pattern)
		}
	}
	for _, title := range all {
		require.True(t, slices.ContainsFunc(patterns, func(pattern string) bool { return runbook.Matches(pattern, title) }), "no item of %s names the step %q", runbook.TableFile, title)
	}
}
