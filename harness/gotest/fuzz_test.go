package gotest

import (
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// FuzzTranscript shows that no stream of events, however odd, panics or leaves a
// test that both ended well and never ended.
func FuzzTranscript(f *testing.F) {
	f.Add(`{"Action":"start"}` + "\n" + `{"Action":"run","Test":"TestA"}` + "\n" + `{"Action":"pass","Test":"TestA"}` + "\n" + `{"Action":"pass"}`)
	f.Add(`{"Action":"run","Test":"TestA"}` + "\n" + `{"Action":"attr","Test":"TestA","Key":"barqgate","Value":"{}"}`)
	f.Add(`{"Action":"output","Output":"=== ATTR  TestA barqgate x\n"}`)
	f.Add(`{"Action":"pass"`)
	f.Add("not json")
	f.Fuzz(func(t *testing.T, stream string) {
		transcript := newTranscript()
		err := transcript.read(strings.NewReader(stream), sinks{raw: io.Discard, log: io.Discard})
		running := transcript.running()
		for _, test := range transcript.result() {
			for _, name := range running {
				require.False(t, name == test.Name && test.Outcome == "pass", "%s is running and has passed", name)
			}
		}
		if stream == "" {
			require.NoError(t, err)
			require.Empty(t, transcript.outcome, "an empty stream has no outcome")
		}
	})
}
