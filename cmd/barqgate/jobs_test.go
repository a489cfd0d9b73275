package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	batch "k8s.io/api/batch/v1"
	"sigs.k8s.io/yaml"

	"github.com/barq-platform/barqgate/harness/environment/environmenttest"
)

// TestTheJobsAreOnes decodes the manifests strictly, and holds their arguments
// against the command as it is.
func TestTheJobsAreOnes(t *testing.T) {
	source, err := os.ReadFile(filepath.Join(environmenttest.Repository(t), "docs", "jobs.yaml"))
	require.NoError(t, err)
	documents := bytes.Split(source, []byte("\n---\n"))
	require.Len(t, documents, 2)
	for i, name := range []string{"watch", "followup"} {
		var job batch.Job
		require.NoError(t, yaml.UnmarshalStrict(documents[i], &job))
		require.Equal(t, "barqgate-"+name, job.Name)
		pod := job.Spec.Template.Spec
		require.Zero(t, *job.Spec.BackoffLimit, "a verdict is final")
		require.True(t, *pod.SecurityContext.RunAsNonRoot)
		arguments := pod.Containers[0].Args
		root := (&app{}).command()
		cmd, rest, err := root.Find(doubleDashes(arguments))
		require.NoError(t, err)
		require.Equal(t, name, cmd.Name())
		require.NoError(t, cmd.ParseFlags(rest))
	}
}
