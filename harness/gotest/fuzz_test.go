package gotest

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/barq-platform/barqgate/harness/verdict"
	"github.com/stretchr/testify/require"
)

// discard is a store's file that keeps nothing.
type discard struct{ io.Writer }

func (discard) Close() error { return nil }

// readStream gives what a recorded stream says, and what was stored of it.
func readStream(t *testing.T, stream io.Reader) *transcript {
	t.Helper()
	r := newRecorder(nil, newStore(discard{io.Discard}, "events", leftOutOfEvents), newStore(discard{io.Discard}, "output", leftOutOfLog))
	require.NoError(t, r.read(stream))
	require.NoError(t, r.close())
	return r.transcript
}

// FuzzStream shows that no stream of events, however odd, panics, and that one
// passes only if it says everything that a pass needs.
func FuzzStream(f *testing.F) {
	f.Add(`{"Action":"start"}` + "\n" + `{"Action":"run","Test":"TestA"}` + "\n" + `{"Action":"pass","Test":"TestA"}` + "\n" + `{"Action":"pass"}`)
	f.Add(`{"Action":"run","Test":"TestA"}` + "\n" + `{"Action":"attr","Test":"TestA","Key":"barqgate","Value":"{}"}`)
	f.Add(`{"Action":"output","Output":"=== ATTR  TestA barqgate x\n"}`)
	f.Add(`{"Action":"pass"`)
	f.Add("not json")
	streams, err := filepath.Glob(filepath.Join(corpus(f), "*", "events.jsonl"))
	require.NoError(f, err)
	for _, path := range streams {
		stream, err := os.ReadFile(path)
		require.NoError(f, err)
		f.Add(string(stream))
	}
	f.Fuzz(func(t *testing.T, stream string) {
		transcript := readStream(t, strings.NewReader(stream))
		x := execution{inventory: []string{"TestFirst", "TestSecond"}, evidence: filepath.Join(corpus(t), "pass-compiled", "evidence"), status: "exit status 0", transcript: transcript}
		v, reason := x.judge()
		require.Equal(t, v.Passed(), reason == "", "%s: %s", v, reason)
		require.NotEqual(t, verdict.Unset, v)
		if !v.Passed() {
			return
		}
		require.Equal(t, "pass", transcript.outcome)
		require.NotEmpty(t, transcript.records)
		require.Equal(t, "pass", transcript.byName["TestFirst"].Outcome)
		for _, test := range transcript.tests {
			require.NotEmpty(t, test.Outcome, test.Name)
			require.NotEqual(t, "fail", test.Outcome, test.Name)
		}
		for _, j := range transcript.records {
			require.Positive(t, j.record.Samples)
		}
	})
}
