package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/barq-platform/barqgate/harness/attestation"
	"github.com/barq-platform/barqgate/harness/environment"
)

func TestAttest(t *testing.T) {
	in, out, err := os.Pipe()
	require.NoError(t, err)
	t.Cleanup(func() { _, _ = in.Close(), out.Close() })
	file := filepath.Join(t.TempDir(), "attestations.yaml")
	env := &environment.Environment{Name: "staging"}
	env.Preflight.Attestations = environment.Attestations{File: file, Age: time.Hour, Required: map[string]string{"team-told": "The team was told.", "plan-read": "The plan was read."}}
	s := statements{env: env, release: "v2", who: "tester"}
	var shown bytes.Buffer
	a := &app{in: in, out: &shown, err: io.Discard}
	require.ErrorContains(t, a.attest(t.Context(), s, []string{"team-tolt"}), "expected one of plan-read, team-told")
	require.ErrorContains(t, a.attest(t.Context(), s, nil), "attest -env=staging --to=v2 plan-read team-told", "a pipeline is never asked")
	require.NoError(t, a.attest(t.Context(), s, []string{"team-told"}))
	shown.Reset()
	require.Error(t, a.attest(t.Context(), s, nil))
	require.Contains(t, shown.String(), "[x] team-told: The team was told. (tester, ")
	require.Contains(t, shown.String(), "[ ] plan-read: nobody has stated it for this release")
	all, err := attestation.Load(file)
	require.NoError(t, err)
	require.Len(t, all, 1)
	require.Equal(t, "v2", all[0].Release)
	s.release = "v3"
	open, err := a.openStatements(s)
	require.NoError(t, err)
	require.Len(t, open, 2, "what was stated of v2 says nothing of v3")
}

func TestOnlyYesIsYes(t *testing.T) {
	env := &environment.Environment{Name: "staging"}
	env.Preflight.Attestations.Required = map[string]string{"a": "A.", "b": "B.", "c": "C."}
	s := statements{env: env, release: "v2", who: "tester"}
	stated, err := ask(strings.NewReader("yes\nno\n YES \n"), io.Discard, s, []string{"a", "b", "c"})
	require.NoError(t, err)
	require.Equal(t, []string{"a", "c"}, stated)
	_, err = ask(strings.NewReader("yes\n"), io.Discard, s, []string{"a", "b"})
	require.Error(t, err, "an answer that never came is no answer")
}
