package environment_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/barq-platform/barqgate/harness/environment"
	"github.com/barq-platform/barqgate/harness/environment/environmenttest"
	"github.com/goccy/go-yaml"
	"github.com/stretchr/testify/require"
)

func load(t *testing.T, changes map[string]any) (*environment.Environment, error) {
	t.Helper()
	return environment.Load(t.Context(), environmenttest.Root(t, changes), environmenttest.Name)
}

func TestLoad(t *testing.T) {
	env, err := load(t, nil)
	require.NoError(t, err)
	require.Equal(t, environmenttest.Name, env.Name)
	require.Equal(t, 500*time.Millisecond, env.Thresholds.P95)
	require.True(t, env.Allows(environment.Deploy))
	require.False(t, env.Allows("dance"))
	require.Equal(t, env.Kubernetes.ImageRepository+":v1", env.Image("v1"))
}

func TestLoadRefuses(t *testing.T) {
	tests := []struct {
		name    string
		changes map[string]any
		says    string
	}{
		{"an unknown key", map[string]any{"thresholds": map[string]any{"p59": "1s"}}, "thresholds.p59: unknown"},
		{"a wrong type", map[string]any{"kubernetes": map[string]any{"replicas": "four"}}, "kubernetes.replicas: expected a whole number"},
		{"a negative number", map[string]any{"kubernetes": map[string]any{"replicas": -4}}, "kubernetes.replicas is -4; expected a value above zero"},
		{"no duration", map[string]any{"api": map[string]any{"timeout": "soon"}}, "api.timeout: expected a duration"},
		{"a broken reference", map[string]any{"database": map[string]any{"dsn": "${BARQ_LAB_DSN"}}, "database.dsn has a ${ that begins no reference"},
		{"a missing value", map[string]any{"thresholds": map[string]any{"p95": "0s"}}, "thresholds.p95 is missing"},
		{"a negative duration", map[string]any{"thresholds": map[string]any{"p95": "-1s"}}, "thresholds.p95 is -1s; expected a value above zero"},
		{"a share above 1", map[string]any{"thresholds": map[string]any{"errorRate": 0.1, "memoryShare": 80}}, "thresholds.memoryShare is 80"},
		{"an unknown effect", map[string]any{"allow": []string{"dance"}}, `allow[0] is "dance"; expected one of write, load`},
		{"a redirect called healthy", map[string]any{"api": map[string]any{"readyCodes": []int{302}}}, "302"},
		{"a path in the address", map[string]any{"api": map[string]any{"url": "http://host/api"}}, "expected a scheme and a host"},
		{"a drill over the database itself", map[string]any{"database": map[string]any{"scratchName": "BARQ_DB"}}, "would overwrite it"},
		{"a way that does not exist", map[string]any{"database": map[string]any{"reach": "tunnel"}}, `database.reach is "tunnel"; expected one of direct, port-forward`},
		{"a forward without a Service", map[string]any{"database": map[string]any{"reach": "port-forward", "service": map[string]any{"name": ""}}}, "database.service.name is missing"},
		{"a bundle that is not named", map[string]any{"database": map[string]any{"migrations": map[string]any{"tool": "bundle"}}}, "database.migrations.bundle is missing"},
		{"ef without projects", map[string]any{"database": map[string]any{"migrations": map[string]any{"tool": "ef"}}}, "database.migrations.startupProject is missing"},
		{"no limit for a rehearsal", map[string]any{"database": map[string]any{"migrations": map[string]any{"rehearsal": map[string]any{"maxBlocked": "0s"}}}}, "database.migrations.rehearsal.maxBlocked is missing"},
		{"one tenant", map[string]any{"tenancy": map[string]any{"provision": false}}, "exactly two tenants"},
		{"an unset variable", map[string]any{"database": map[string]any{"dsn": "${BARQ_TEST_UNSET}"}}, "BARQ_TEST_UNSET, which is not set"},
		{"a warning beyond the alarm", map[string]any{"thresholds": map[string]any{"warningErrorRate": 0.5}}, "above its critical level"},
		{"another name", map[string]any{"name": "other"}, `name is "other"`},
		{"an unknown rollback policy", map[string]any{"rollback": map[string]any{"database": "maybe"}}, `rollback.database is "maybe"`},
		{"an unknown kind of frontend", map[string]any{"frontend": map[string]any{"kind": "ftp"}}, `frontend.kind is "ftp"; expected one of s3-cloudfront, deployment, none`},
		{"a backup in the place of the frontend", map[string]any{"frontend": map[string]any{"s3": map[string]any{"backupBucket": "barq-frontend-prod"}}}, "frontend.s3.backupBucket is the bucket itself"},
		{"half of the keys", map[string]any{"frontend": map[string]any{"s3": map[string]any{"accessKey": ""}}}, "frontend.s3 has one of accessKey and secretKey"},
		{"an answer called missing", map[string]any{"frontend": map[string]any{"missingCodes": []int{200}}}, "frontend.missingCodes lists status 200"},
		{"half of a login", map[string]any{"frontend": map[string]any{"login": map[string]any{"done": ""}}}, "frontend.login.done is missing"},
		{"a frontend in no Deployment", map[string]any{"frontend": map[string]any{"kind": "deployment"}}, "frontend.deployment.name is missing"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := load(t, test.changes)
			require.ErrorContains(t, err, test.says)
			require.Regexp(t, `(?m)^testdata.envs.fixed\.yaml:[0-9]+: `, err.Error())
		})
	}
}

func TestUnknownEnvironmentNamesTheValidOnes(t *testing.T) {
	root := environmenttest.Root(t, nil)
	for _, name := range []string{"stagign", "", "../envs/fixed"} {
		_, err := environment.Load(t.Context(), root, name)
		require.ErrorIs(t, err, environment.ErrUnknown)
		require.ErrorContains(t, err, "expected one of fixed")
	}
}

func TestUnknownKeyIsLocated(t *testing.T) {
	root := environmenttest.Root(t, nil)
	path := filepath.Join(root, "testdata", "envs", "fixed.yaml")
	source, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, append([]byte("extra: x\n"), source...), 0o644))
	_, err = environment.Load(t.Context(), root, "fixed")
	require.ErrorContains(t, err, filepath.Join("testdata", "envs", "fixed.yaml")+`:1: extra: unknown field "extra"`)
}

func TestSecretsAreNeverPrinted(t *testing.T) {
	t.Setenv("BARQ_TEST_DSN", "sqlserver://sa:hunter2@127.0.0.1:1")
	env, err := load(t, map[string]any{"database": map[string]any{"dsn": "${BARQ_TEST_DSN}"}})
	require.NoError(t, err)
	require.Contains(t, env.Database.DSN.Reveal(), "hunter2")
	asJSON, err := json.Marshal(env)
	require.NoError(t, err)
	asYAML, err := yaml.Marshal(env)
	require.NoError(t, err)
	for _, text := range []string{string(asJSON), string(asYAML), fmt.Sprintf("%v %+v %#v %v %s %q", env, *env, *env, env.Database, env.Database.DSN, env.Database.DSN)} {
		require.NotContains(t, text, "hunter2")
	}
}

func TestProvider(t *testing.T) {
	provider := func(script string) map[string]any {
		return map[string]any{
			"provider": map[string]any{"command": []string{"sh", "-c", script}, "timeout": "1m"},
			"api":      map[string]any{"url": "${PROVIDED}"},
		}
	}
	env, err := load(t, provider(`echo '{"PROVIDED": "http://127.0.0.1:8080"}'`))
	require.NoError(t, err)
	require.Equal(t, "http://127.0.0.1:8080", env.API.URL)

	_, err = load(t, provider(`echo hello`))
	require.ErrorContains(t, err, "not one JSON object of strings")
	_, err = load(t, provider(`exit 3`))
	require.ErrorContains(t, err, "exit status 3")
	_, err = load(t, provider(`echo '{}'`))
	require.ErrorContains(t, err, "PROVIDED, which is not set")
}

func TestAWrongFileStartsNoProvider(t *testing.T) {
	mark := filepath.Join(t.TempDir(), "started")
	_, err := load(t, map[string]any{
		"provider": map[string]any{"command": []string{"touch", mark}},
		"api":      map[string]any{"uri": "http://127.0.0.1:1"},
	})
	require.ErrorContains(t, err, "api.uri: unknown")
	require.NoFileExists(t, mark)
}

// A provider is asked to end with everything it has started, and only once.
func TestAStoppedProviderLeavesNothingBehind(t *testing.T) {
	alive := filepath.Join(t.TempDir(), "alive")
	require.NoError(t, syscall.Mkfifo(alive, 0o600))
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		if file, err := os.Open(alive); err == nil { // returns once a child has opened the other end
			cancel()
			_, _ = io.Copy(io.Discard, file) // returns once nobody holds it any more
			_ = file.Close()
		}
	}()
	root := environmenttest.Root(t, map[string]any{"provider": map[string]any{"command": []string{"sh", "-c", "(exec sleep 600 > " + alive + ") & wait"}}})
	_, err := environment.Load(ctx, root, environmenttest.Name)
	require.ErrorIs(t, err, context.Canceled)
}

func TestOverrides(t *testing.T) {
	t.Setenv(environment.OverridesVariable, `{"kubernetes":{"replicas":5},"files":{"sizes":[7]},"thresholds":{"p95":"1ms"}}`)
	env, err := load(t, nil)
	require.NoError(t, err)
	require.Equal(t, 5, env.Kubernetes.Replicas)
	require.NotEmpty(t, env.Kubernetes.Deployment, "the rest of the section stays")
	require.Equal(t, []int64{7}, env.Files.Sizes)
	require.Equal(t, time.Millisecond, env.Thresholds.P95)
	require.True(t, env.Database.DSN.IsSet())

	_, err = load(t, map[string]any{"allow": []string{"write"}})
	require.ErrorContains(t, err, "does not allow")

	for changes, says := range map[string]string{
		`{"kubernetes":{"replicsa":5}}`: "replicsa",
		`{"kubernetes":{"replicas":0}}`: "kubernetes.replicas is missing",
		`{"name":"other"}`:              "changes the name",
		`{`:                             environment.OverridesVariable,
	} {
		t.Setenv(environment.OverridesVariable, changes)
		_, err = load(t, nil)
		require.ErrorContains(t, err, says)
	}
}

func TestDigestIgnoresSecretsOnly(t *testing.T) {
	digest := func(changes map[string]any) string {
		env, err := load(t, changes)
		require.NoError(t, err)
		return env.Digest()
	}
	require.Equal(t, digest(nil), digest(map[string]any{"database": map[string]any{"dsn": "sqlserver://other"}}))
	require.NotEqual(t, digest(nil), digest(map[string]any{"kubernetes": map[string]any{"replicas": 5}}))
}

func TestProvidedValuesReplaceTheProvider(t *testing.T) {
	changes := func(script string) map[string]any {
		return map[string]any{
			"provider": map[string]any{"command": []string{"sh", "-c", script}, "timeout": "1m"},
			"api":      map[string]any{"url": "${PROVIDED}"},
		}
	}
	first, err := load(t, changes(`echo '{"PROVIDED": "http://127.0.0.1:8080"}'`))
	require.NoError(t, err)
	for _, variable := range first.Provided() {
		name, value, _ := strings.Cut(variable, "=")
		t.Setenv(name, value)
	}
	second, err := load(t, changes(`exit 3`))
	require.NoError(t, err, "a provider that has run already is not run again")
	require.NotContains(t, fmt.Sprintf("%+v", *first), "PROVIDED:", "what a provider printed may be secret")
	require.Equal(t, "http://127.0.0.1:8080", second.API.URL)
	t.Setenv(environment.ProvidedVariable, "another")
	_, err = load(t, changes(`exit 3`))
	require.Error(t, err, "values of another environment are not used")
}
