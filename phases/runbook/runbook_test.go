package runbook_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/barq-platform/barqgate/harness/environment/environmenttest"
	"github.com/barq-platform/barqgate/phases/runbook"
)

// pending is how many items of the runbook nothing stands for yet. It only goes
// down, and the runbook is done at 0.
const pending = 0

func table(t *testing.T) (string, runbook.Table) {
	t.Helper()
	root := environmenttest.Repository(t)
	loaded, err := runbook.Load(root)
	require.NoError(t, err)
	return root, loaded
}

// TestNoLineIsForgotten compares the table with the runbook line by line.
func TestNoLineIsForgotten(t *testing.T) {
	root, loaded := table(t)
	source, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(runbook.SourceFile)))
	require.NoError(t, err)
	var mapped []string
	for _, item := range loaded.Items() {
		mapped = append(mapped, runbook.Lines(item.Text)...)
	}
	require.Equal(t, runbook.Lines(string(source)), mapped)
	require.Greater(t, len(mapped), 100, "the runbook has more lines than that")
}

func TestPendingItemsBecomeFewer(t *testing.T) {
	_, loaded := table(t)
	var found []string
	for _, item := range loaded.Items() {
		if item.Pending != "" {
			found = append(found, item.ID)
		}
	}
	require.Len(t, found, pending, "%v", found)
}

// TestCriteriaAreMapped requires that every criterion of the table exists, and that
// every criterion that exists stands in the table.
func TestCriteriaAreMapped(t *testing.T) {
	root, loaded := table(t)
	known, err := runbook.Known(root)
	require.NoError(t, err)
	mapped := map[string]bool{}
	for _, item := range loaded.Items() {
		criteria, err := item.Expand(known)
		require.NoError(t, err)
		for _, id := range criteria {
			mapped[id] = true
		}
	}
	for _, id := range known {
		require.True(t, mapped[id], "%s is a criterion that no line of the runbook asks for; add it to an item of %s", id, runbook.TableFile)
	}
}

// TestEveryDeclaredCriterionIsKnown catches a criterion that the table cannot see
// because it has no mutant.
func TestEveryDeclaredCriterionIsKnown(t *testing.T) {
	root, _ := table(t)
	known, err := runbook.Known(root)
	require.NoError(t, err)
	files, err := filepath.Glob(filepath.Join(root, "suites", "*", "*_test.go"))
	require.NoError(t, err)
	declared := regexp.MustCompile(`suite\.Criterion\(\w+, "([^"]+)"`)
	seen := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		for _, match := range declared.FindAllStringSubmatch(string(text), -1) {
			seen++
			require.Contains(t, known, match[1], "%s has no mutant", file)
		}
	}
	require.Greater(t, seen, 50)
}

func TestLines(t *testing.T) {
	require.Equal(t, []string{"text", "- [ ] box", "run this"}, runbook.Lines("# Heading\n\ntext\n- [ ] box\n```bash\n  # comment\n  run this\n```\n"))
}

func TestMatches(t *testing.T) {
	require.True(t, runbook.Matches("Back up database *", "Back up database BARQ_DB"))
	require.True(t, runbook.Matches("auth.*", "auth.token.none-refused"))
	require.False(t, runbook.Matches("auth.*", "authority.a.b"))
	require.False(t, runbook.Matches("Back up", "Back up database"))
}

func TestExpandNamesWhatDoesNotExist(t *testing.T) {
	_, err := runbook.Item{ID: "a.b", Criteria: []string{"auth.*", "atuh.*"}}.Expand([]string{"auth.a.b"})
	require.ErrorContains(t, err, "atuh.*")
}

func TestLoadRefuses(t *testing.T) {
	for name, c := range map[string]struct{ source, says string }{
		"nothing":       {"- {section: S, items: []}", "no items"},
		"no step":       {"- {section: S, items: [{id: a.b, text: x}]}", "must either have a step or a criterion"},
		"both":          {"- {section: S, items: [{id: a.b, text: x, steps: [s], pending: later}]}", "or be pending"},
		"twice":         {"- {section: S, items: [{id: a.b, text: x, steps: [s]}, {id: a.b, text: x, steps: [s]}]}", "occurs twice"},
		"no id":         {"- {section: S, items: [{text: x, steps: [s]}]}", "expected area.thing"},
		"no text":       {"- {section: S, items: [{id: a.b, steps: [s]}]}", "has no text"},
		"unknown key":   {"- {section: S, items: [{id: a.b, text: x, stpes: [s]}]}", "stpes"},
		"commands only": {"- {section: S, items: [{id: a.b, text: x, commands: [barqgate deploy]}]}", "must either have"},
	} {
		t.Run(name, func(t *testing.T) {
			root := t.TempDir()
			require.NoError(t, os.MkdirAll(filepath.Join(root, "testdata"), 0o755))
			require.NoError(t, os.WriteFile(filepath.Join(root, filepath.FromSlash(runbook.TableFile)), []byte(c.source), 0o600))
			_, err := runbook.Load(root)
			require.ErrorContains(t, err, c.says)
		})
	}
}

func TestTitle(t *testing.T) {
	require.Equal(t, "Response Time: < 500ms", runbook.Item{Text: "- **Response Time**: < 500ms"}.Title())
	require.Equal(t, "All tests passing", runbook.Item{Text: "- [ ] All tests passing"}.Title())
	require.True(t, strings.HasSuffix(runbook.Item{Text: "for i\n  do\ndone"}.Title(), " …"))
	require.False(t, slices.Contains([]string{"", "…"}, runbook.Item{Text: "x"}.Title()))
}
