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

	"github.com/barq-platform/barqgate/harness/environment"
	"github.com/goccy/go-yaml"
	"github.com/stretchr/testify/require"
)

// Name is the environment's name.
const Name = "fixed"

// Repository returns the root of the checkout that the test belongs to.
func Repository(tb testing.TB) string {
	tb.Helper()
	_, file, _, ok := runtime.Caller(0)
	require.True(tb, ok, "find the checkout's root")
	return filepath.Join(filepath.Dir(file), "..", "..", "..")
}

// Root makes a folder that counts as a module's root and holds the environment
// "fixed": the one of the lab with constant values instead of a provider, after
// the changes, which are merged section by section.
func Root(tb testing.TB, changes map[string]any) string {
	tb.Helper()
	source, err := os.ReadFile(filepath.Join(Repository(tb), "testdata", "envs", "local.yaml"))
	require.NoError(tb, err)
	lab := provided()
	var document map[string]any
	require.NoError(tb, yaml.Unmarshal([]byte(os.Expand(string(source), func(name string) string { return lab[name] })), &document))
	delete(document, "provider")
	document["name"] = Name
	merge(document, changes)
	root := tb.TempDir()
	write(tb, filepath.Join(root, "go.mod"), []byte("module fixed.test\n"))
	text, err := yaml.Marshal(document)
	require.NoError(tb, err)
	write(tb, filepath.Join(root, "testdata", "envs", Name+".yaml"), text)
	return root
}

// provided are constant values in place of those that the lab's provider prints.
func provided() map[string]string {
	return map[string]string{
		"BARQ_LAB_API_URL": "http://127.0.0.1:1", "BARQ_LAB_FAULTS_URL": "http://127.0.0.1:1/faults",
		"BARQ_LAB_KUBECONFIG": "/nowhere/kubeconfig", "BARQ_LAB_BACKUP_DIR": "/nowhere/backup",
		"BARQ_LAB_AI_KEY":  "not-a-secret",
		"BARQ_LAB_BPM_URL": "http://127.0.0.1:1/flowable-rest/service/", "BARQ_LAB_BPM_USER": "rest-admin", "BARQ_LAB_BPM_PASSWORD": "not-a-secret",
		"BARQ_LAB_APPLICATION_DSN": "sqlserver://barq_app:not-a-secret@127.0.0.1:1?encrypt=true",
		"BARQ_LAB_DSN":             "sqlserver://sa:not-a-secret@127.0.0.1:1?encrypt=true", "BARQ_LAB_JWT_KEY": "not-a-secret-signing-key",
		"BARQ_LAB_FRONTEND_URL": "http://127.0.0.1:1", "BARQ_LAB_S3_URL": "http://127.0.0.1:1", "BARQ_LAB_CLOUDFRONT_URL": "http://127.0.0.1:1",
		"BARQ_LAB_SOURCE": "/nowhere/source", "BARQ_LAB_GITHUB_URL": "http://127.0.0.1:1/", "BARQ_LAB_GITHUB_TOKEN": "not-a-secret",
		"BARQ_LAB_REGISTRY": "127.0.0.1:1", "BARQ_LAB_STAGING_RUNS": "/nowhere/runs", "BARQ_LAB_ATTESTATIONS": "/nowhere/attestations.yaml",
		"BARQ_LAB_AGE_RECIPIENT": "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p",
		"BARQ_LAB_ALERTING_URL":  "https://127.0.0.1:1", "BARQ_LAB_ALERTING_CA": "/nowhere/ca.pem", "BARQ_LAB_ALERTING_KEY": "not-a-secret",
		"BARQ_LAB_AWS_ACCESS_KEY": "not-a-key", "BARQ_LAB_AWS_SECRET_KEY": "not-a-secret",
	}
}

// LocalWithoutLab returns the variables (KEY=value) with which a process can load
// the checkout's environment "local" although no lab runs.
func LocalWithoutLab(tb testing.TB) []string {
	tb.Helper()
	source, err := os.ReadFile(filepath.Join(Repository(tb), "testdata", "envs", "local.yaml"))
	require.NoError(tb, err)
	variables, known := []string{environment.ProvidedVariable + "=local"}, provided()
	os.Expand(string(source), func(name string) string {
		value := known[name]
		if value == "" {
			value = known["BARQ_LAB_API_URL"]
		}
		variables = append(variables, name+"="+value)
		return value
	})
	return variables
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

func write(tb testing.TB, path string, data []byte) {
	tb.Helper()
	require.NoError(tb, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(tb, os.WriteFile(path, data, 0o644))
}
