package phases

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/barq-platform/barqgate/fixtures/barq"
	"github.com/barq-platform/barqgate/fixtures/mssql"
	"github.com/barq-platform/barqgate/harness/environment/environmenttest"
	"github.com/barq-platform/barqgate/harness/plan"
)

// stepContext is a step's context with facts in a map, and what it has told.
func stepContext(t *testing.T, facts map[string]string) (*plan.StepContext, *[]string) {
	t.Helper()
	told := new([]string)
	return &plan.StepContext{
		Removed: func(string, string) error { return nil },
		Env:     fixed(t, nil), Root: environmenttest.Repository(t), Run: "test", From: "v2.0.0", To: "v2.1.0", Evidence: t.TempDir(),
		Fact:     func(name string) string { return facts[name] },
		SetFact:  func(name, value string) error { facts[name] = value; return nil },
		Progress: func(format string, args ...any) { *told = append(*told, fmt.Sprintf(format, args...)) },
		Created:  func(string, string) error { return nil },
	}, told
}

func sums(value int64) map[string]mssql.Checksum {
	return map[string]mssql.Checksum{"Tasks": {Columns: []string{"Id"}, Value: value}}
}

func tasks(rows, sum int64) mssql.Contents {
	return mssql.Contents{Rows: map[string]int64{"Tasks": rows}, Checksums: sums(sum)}
}

func TestRestoredContentsMustBeExplained(t *testing.T) {
	for name, c := range map[string]struct {
		before, after, restored mssql.Contents
		moved                   []string
		words                   string
	}{
		"equal":                    {before: tasks(10, 1), after: tasks(10, 1), restored: tasks(10, 1)},
		"a row lost":               {before: tasks(10, 1), after: tasks(10, 1), restored: tasks(9, 2), words: "Tasks has 9 rows; expected 10"},
		"a value changed":          {before: tasks(10, 1), after: tasks(10, 1), restored: tasks(10, 2), words: "another content"},
		"written to meanwhile":     {before: tasks(10, 1), after: tasks(20, 3), restored: tasks(15, 2), moved: []string{"Tasks"}},
		"changed meanwhile":        {before: tasks(10, 1), after: tasks(10, 3), restored: tasks(10, 2), moved: []string{"Tasks"}},
		"removed from meanwhile":   {before: tasks(20, 1), after: tasks(10, 3), restored: tasks(15, 2), moved: []string{"Tasks"}},
		"fewer than ever":          {before: tasks(10, 1), after: tasks(20, 3), restored: tasks(9, 2), words: "expected between 10 and 20"},
		"more than ever":           {before: tasks(10, 1), after: tasks(20, 3), restored: tasks(21, 2), words: "expected between 10 and 20"},
		"the table is not there":   {before: tasks(10, 1), after: tasks(10, 1), restored: mssql.Contents{}, words: "has 0 rows"},
		"nothing to compare with":  {restored: tasks(1, 1), words: "no table was counted"},
		"checksums were not taken": {before: tasks(1, 1), after: tasks(1, 1), restored: mssql.Contents{Rows: map[string]int64{"Tasks": 1}}, words: "another content"},
	} {
		t.Run(name, func(t *testing.T) {
			moved, err := mssql.Window{Before: c.before, After: c.after}.Explains(c.restored)
			if c.words != "" {
				require.ErrorContains(t, err, c.words)
				return
			}
			require.NoError(t, err)
			require.Equal(t, c.moved, moved)
		})
	}
}

func TestBackupPathFollowsTheServersFileSystem(t *testing.T) {
	require.Equal(t, "/backups/BARQ_DB_run.bak", backupPath("/backups", "BARQ_DB", "run"))
	require.Equal(t, `D:\backups\BARQ_DB_run.bak`, backupPath(`D:\backups\`, "BARQ_DB", "run"))
}

// TestMigrationsStayOnceTheNewVersionHasRun shows that acknowledged writes are
// never thrown away by a restore that nobody has asked for.
func TestMigrationsStayOnceTheNewVersionHasRun(t *testing.T) {
	step := applyMigrations{database: "BARQ_DB"}
	sc, _ := stepContext(t, map[string]string{factUnsafe: "[]"})
	err := step.keep(sc, []string{"M"})
	require.ErrorIs(t, err, plan.ErrKept)
	require.ErrorContains(t, err, "stay applied")

	sc, _ = stepContext(t, map[string]string{factUnsafe: `["M"]`, barq.FactBackupPath: "/backups/x.bak"})
	err = step.keep(sc, []string{"M"})
	require.ErrorContains(t, err, "roll forward")
	require.ErrorContains(t, err, "/backups/x.bak")
}

// TestUndoNeedsItsFacts shows that nothing is taken back on a guess.
func TestUndoNeedsItsFacts(t *testing.T) {
	sc, _ := stepContext(t, map[string]string{})
	require.ErrorContains(t, applyMigrations{database: "BARQ_DB"}.Undo(t.Context(), sc), barq.FactMigrationsBefore)
	require.ErrorContains(t, restoreDatabase(t.Context(), sc), factReplicas)
	require.ErrorContains(t, setImage{}.Undo(t.Context(), sc), factUnsafe)
}

func TestTheApplicationStaysWhereItsOldVersionCannotRun(t *testing.T) {
	sc, _ := stepContext(t, map[string]string{factUnsafe: `["M"]`})
	err := setImage{image: "repo:v2.1.0", from: lab200().Running}.Undo(t.Context(), sc)
	require.ErrorContains(t, err, "cannot run on migrations M")
	require.ErrorContains(t, err, "barqgate rollback -env=fixed --to-revision=1")
}

// TestCriteriaThatNeedADeploymentExist keeps the list of allowed skips true.
func TestCriteriaThatNeedADeploymentExist(t *testing.T) {
	root := environmenttest.Repository(t)
	files, err := filepath.Glob(filepath.Join(root, "suites", "*", "*_test.go"))
	require.NoError(t, err)
	var comparing []string
	declared := regexp.MustCompile(`(?:suite\.Criterion|declare)\(t, "([^"]+)"`)
	for _, file := range files {
		for _, function := range strings.Split(read(t, file), "\nfunc ") {
			if id := declared.FindStringSubmatch(function); id != nil && strings.Contains(function, "c.Fact(") && !strings.Contains(function, "suite.Deployment()") {
				comparing = append(comparing, id[1])
			}
		}
	}
	slices.Sort(comparing)
	require.Equal(t, needDeployment(), comparing)
}

func read(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(data)
}
