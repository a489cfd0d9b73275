// Package environmenttest makes module roots with an environment for tests that
// need one and no lab.
//
// It must never be imported by anything but tests.
package environmenttest

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/stretchr/testify/require"
)

// Name is the environment's name.
const Name = "fixed"

// Repository returns the root of the checkout that the test belongs to.
func Repository(t testing.TB) string {
	t.Helper()
	_, file, _, ok := runtime.Caller(0)
	require.True(t, ok, "find the checkout's root")
	return filepath.Join(filepath.Dir(file), "..", "..", "..")
}

// Root makes a folder that counts as a module's root and holds the environment
// "fixed": the one of the lab with constant values instead of a provider, after
// the changes, which are merged section by section.
func Root(t testing.TB, changes map[string]any) string {
	t.Helper()
	source, err := os.ReadFile(filepath.Join(Repository(t), "testdata", "envs", "local.yaml"))
	require.NoError(t, err)
	lab := map[string]string{
		"BARQ_LAB_API_URL": "http://127.0.0.1:1", "BARQ_LAB_FAULTS_URL": "http://127.0.0.1:1/faults",
		"BARQ_LAB_KUBECONFIG": "/nowhere/kubeconfig", "BARQ_LAB_BACKUP_DIR": "/nowhere/backup",
		"BARQ_LAB_DSN": "sqlserver://sa:not-a-secret@127.0.0.1:1?encrypt=true",
	}
	var document map[string]any
	require.NoError(t, yaml.Unmarshal([]byte(os.Expand(string(source), func(name string) string { return lab[name] })), &document))
	delete(document, "provider")
	document["name"] = Name
	merge(document, changes)
	root := t.TempDir()
	write(t, filepath.Join(root, "go.mod"), []byte("module fixed.test\n"))
	text, err := yaml.Marshal(document)
	require.NoError(t, err)
	write(t, filepath.Join(root, "testdata", "envs", Name+".yaml"), text)
	return root
}

func merge(into, changes map[string]any) {
	for key, value := range changes {
		section, isSection := into[key].(map[string]any)
		change, isChange := value.(map[string]any)
		if isSection && isChange {
			merge(section, change)
			continue
		}
		into[key] = value
	}
}

func write(t testing.TB, path string, data []byte) {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(t, os.WriteFile(path, data, 0o644))
}
