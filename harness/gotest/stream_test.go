package gotest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// memory is a store's file that can be looked at.
type memory struct {
	bytes.Buffer
	broken error
}

func (m *memory) Write(p []byte) (int, error) {
	if m.broken != nil {
		return 0, m.broken
	}
	return m.Buffer.Write(p)
}

func (m *memory) Close() error { return nil }

// However much is written, a store keeps the beginning, the end and all that is
// essential, in order, and says how much is missing.
func TestStoreKeepsBothEndsAndWhatIsEssential(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		file := &memory{}
		s := newStore(file, "it", func(left int64) []byte { return fmt.Appendf(nil, "<%d>", left) })
		s.head, s.limit = 50, 20
		var whole, essential string
		for i := range rapid.IntRange(0, 60).Draw(t, "pieces") {
			text := strings.Repeat(string(rune('a'+i%26)), rapid.IntRange(1, 12).Draw(t, "length"))
			if keep := rapid.Bool().Draw(t, "essential"); keep {
				text = strings.ToUpper(text)
				essential += text
			}
			whole += text
			s.write([]byte(text), text == strings.ToUpper(text))
		}
		require.NoError(t, s.close())
		got := file.String()
		require.Equal(t, essential, keepUpper(got))
		if len(whole) <= 50 {
			require.Equal(t, whole, got)
			return
		}
		require.True(t, strings.HasPrefix(got, whole[:38]), "a piece has at most 12 bytes")
		require.True(t, strings.HasSuffix(got, whole[len(whole)-8:]), "%s of %s", got, whole)
		if before, after, cut := strings.Cut(got, "<"); cut {
			left, rest, _ := strings.Cut(after, ">")
			require.Equal(t, fmt.Sprint(len(whole)-len(before)-len(rest)), left)
		} else {
			require.Equal(t, whole, got)
		}
	})
}

func keepUpper(text string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' {
			return r
		}
		return -1
	}, text)
}

func TestFullDiskIsAnErrorAndBlocksNobody(t *testing.T) {
	full := errors.New("no space left on device")
	r := newRecorder(nil, newStore(&memory{broken: full}, "its test events", leftOutOfEvents), newStore(&memory{}, "its output", leftOutOfLog))
	stream := strings.Repeat(`{"Action":"output","Output":"x\n"}`+"\n", 1000)
	require.NoError(t, r.read(strings.NewReader(stream)), "it is consumed to its end")
	err := r.close()
	require.ErrorIs(t, err, full)
	require.ErrorContains(t, err, "store its test events")
}

// endless is a stream of so many bytes, made of one piece.
type endless struct {
	piece string
	left  int
	rest  string
}

func (e *endless) Read(p []byte) (int, error) {
	if e.rest == "" {
		if e.left <= 0 {
			return 0, io.EOF
		}
		e.left -= len(e.piece)
		e.rest = e.piece
	}
	n := copy(p, e.rest)
	e.rest = e.rest[n:]
	return n, nil
}

// Whatever a suite says, and however much of it, what is kept in memory is bounded.
func TestMemoryIsBounded(t *testing.T) {
	failing := `{"Action":"run","Test":"%[1]s"}` + "\n" + `{"Action":"output","Test":"%[1]s","Output":"` + strings.Repeat("x", 4000) + `"}` + "\n" + `{"Action":"fail","Test":"%[1]s"}` + "\n"
	var tests strings.Builder
	for i := range 8000 {
		fmt.Fprintf(&tests, failing, fmt.Sprintf("Test%d", i))
	}
	streams := map[string]struct {
		stream io.Reader
		says   string
	}{
		"output":            {&endless{piece: `{"Action":"output","Test":"TestA","Output":"` + strings.Repeat("x", 1000) + `\n"}` + "\n", left: 48 << 20}, ""},
		"one line":          {&endless{piece: strings.Repeat("x", 1<<20), left: 48 << 20}, "event 1 is longer than 1048576 bytes"},
		"a record":          {&endless{piece: `{"Action":"attr","Test":"TestA","Key":"barqgate-part","Value":"` + strings.Repeat("x", 100_000) + `+"}` + "\n", left: 48 << 20}, "TestA reported a record of more than 1048576 bytes"},
		"tests that failed": {strings.NewReader(tests.String()), ""},
		"no JSON":           {&endless{piece: "nonsense\n", left: 8 << 20}, `line 1 of the test events is no event: "nonsense"`},
	}
	for name, test := range streams {
		t.Run(name, func(t *testing.T) {
			transcript := readStream(t, test.stream)
			require.Contains(t, strings.Join(transcript.problems, "; ")+" ", test.says)
			require.LessOrEqual(t, len(transcript.problems), mostProblem)
			require.LessOrEqual(t, transcript.kept, keptBytes)
			var m runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&m)
			require.Less(t, m.HeapAlloc, uint64(160<<20), "while the transcript is in use")
			runtime.KeepAlive(transcript)
		})
	}
}

func TestOddEventsAreContradictions(t *testing.T) {
	for stream, says := range map[string]string{
		`{"Action":"explode"}`: `unknown action "explode"`,
		`{"Action":"run","Package":"a","Test":"T"}` + "\n" + `{"Action":"run","Package":"b","Test":"U"}`: "two packages, a and b",
		`{"Action":"pass","Test":"T"}`:                                    "T ended without having started",
		`{"Action":"pass"}` + "\n" + `{"Action":"fail"}`:                  "the package ended twice, as pass and as fail",
		`{"Action":"run","Test":"T"}` + "\n" + `{"Action":"pass"`:         `line 2 of the test events breaks off, and the stream with it: "{\"Action\":\"pass\""`,
		`{"Action":"attr","Test":"T","Key":"barqgate","Value":"{"}`:       "T reported a record that cannot be read",
		`{"Action":"attr","Test":"T","Key":"barqgate-part","Value":"{+"}`: "T reported only the beginning of a record",
	} {
		require.Contains(t, strings.Join(readStream(t, strings.NewReader(stream)).problems, "; "), says, stream)
	}
}
