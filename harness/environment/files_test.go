package environment_test

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/barq-platform/barqgate/harness/environment"
	"github.com/barq-platform/barqgate/harness/environment/environmenttest"
)

// shapes are the variables whose values have to have a form; others may be any text.
var shapes = map[string]string{
	"BARQ_DB_DSN": "sqlserver://barqgate:not-a-secret@127.0.0.1:1?encrypt=true", "BARQ_DB_APPLICATION_DSN": "sqlserver://barq_app:not-a-secret@127.0.0.1:1?encrypt=true",
	"BARQ_AGE_RECIPIENT": "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p", "GRAFANA_URL": "https://grafana.example",
	"BARQ_BPM_URL": "https://bpm.example/flowable-rest/service/",
}

// TestTheFilesAreComplete loads each environment that needs no provider with its
// variables set, and shows that it says which is missing when one is not.
func TestTheFilesAreComplete(t *testing.T) {
	root := environmenttest.Repository(t)
	used := regexp.MustCompile(`\$\{([A-Z0-9_]+)\}`)
	for _, name := range []string{"staging", "preview", "production"} {
		t.Run(name, func(t *testing.T) {
			source, err := os.ReadFile(filepath.Join(root, "testdata", "envs", name+".yaml"))
			require.NoError(t, err)
			variables := used.FindAllStringSubmatch(string(source), -1)
			require.Greater(t, len(variables), 10)
			for _, variable := range variables {
				value := shapes[variable[1]]
				if value == "" {
					value = "value-of-" + variable[1]
				}
				t.Setenv(variable[1], value)
			}
			env, err := environment.Load(t.Context(), root, name)
			require.NoError(t, err)
			require.Equal(t, name, env.Name)
			require.False(t, env.Allows(environment.InjectFault))
			t.Setenv("BARQ_DB_DSN", "")
			_, err = environment.Load(t.Context(), root, name)
			require.ErrorContains(t, err, "needs the environment variable BARQ_DB_DSN")
		})
	}
}

// TestProductionIsLeftAlone keeps what is dangerous out of its file.
func TestProductionIsLeftAlone(t *testing.T) {
	source, err := os.ReadFile(filepath.Join(environmenttest.Repository(t), "testdata", "envs", "production.yaml"))
	require.NoError(t, err)
	require.Contains(t, string(source), "\nallow: [write, load, deploy]\n")
	require.Contains(t, string(source), "  database: manual\n")
}
