package journal

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

type payload struct {
	Text string `json:"text"`
}

// written makes a journal of n records, every other of which is only added, and
// returns what is in it.
func written(t require.TestingT, dir string, n int) Chain {
	w, err := Create(dir)
	require.NoError(t, err)
	for i := range n {
		write := w.Append
		if i%2 == 1 {
			write = w.Add
		}
		record, err := write("note", payload{Text: fmt.Sprintf("line %d\nsecond", i)})
		require.NoError(t, err)
		require.Equal(t, i+1, record.Seq)
	}
	digest := w.Digest()
	require.NoError(t, w.Close())
	chain, err := Replay(dir)
	require.NoError(t, err)
	require.Equal(t, digest, chain.Digest)
	return chain
}

func TestReplayReturnsWhatWasWritten(t *testing.T) {
	chain := written(t, t.TempDir(), 5)
	require.Len(t, chain.Records, 5)
	require.False(t, chain.Torn)
	require.JSONEq(t, `{"text":"line 4\nsecond"}`, string(chain.Records[4].Data))
	require.Empty(t, chain.Records[0].Prev)
}

func TestOnlyATornLastLineIsForgiven(t *testing.T) {
	dir := t.TempDir()
	written(t, dir, 3)
	path := filepath.Join(dir, FileName)
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	lastLine := bytes.LastIndexByte(data[:len(data)-1], '\n') + 1
	for cut := lastLine + 1; cut < len(data); cut++ {
		require.NoError(t, os.WriteFile(path, data[:cut], 0o644))
		chain, err := Replay(dir)
		require.NoError(t, err)
		require.True(t, chain.Torn)
		require.Len(t, chain.Records, 2)
	}
}

// TestAnyChangedByteIsFoundAndNamed shows that no byte can be changed unnoticed,
// and that the record it belongs to is named.
func TestAnyChangedByteIsFoundAndNamed(t *testing.T) {
	base := t.TempDir()
	written(t, base, 4)
	good, err := os.ReadFile(filepath.Join(base, FileName))
	require.NoError(t, err)
	rapid.Check(t, func(t *rapid.T) {
		at := rapid.IntRange(0, len(good)-1).Draw(t, "at")
		changed := bytes.Clone(good)
		changed[at] ^= byte(rapid.IntRange(1, 255).Draw(t, "bits"))
		_, err := Parse(changed)
		require.ErrorIs(t, err, ErrBroken)
		require.ErrorContains(t, err, fmt.Sprintf("record %d:", 1+bytes.Count(good[:at], []byte{'\n'})))
	})
}

func TestMissingAndRepeatedLinesAreFound(t *testing.T) {
	base := t.TempDir()
	written(t, base, 3)
	data, err := os.ReadFile(filepath.Join(base, FileName))
	require.NoError(t, err)
	lines := bytes.SplitAfter(data, []byte{'\n'})
	for name, kept := range map[string][]int{"first missing": {1, 2}, "middle missing": {0, 2}, "repeated": {0, 0, 1, 2}, "swapped": {1, 0, 2}} {
		t.Run(name, func(t *testing.T) {
			var changed []byte
			for _, i := range kept {
				changed = append(changed, lines[i]...)
			}
			require.NoError(t, os.WriteFile(filepath.Join(base, FileName), changed, 0o644))
			_, err := Replay(base)
			require.ErrorIs(t, err, ErrBroken)
		})
	}
}

func TestOneWriterAndOneJournalAFolder(t *testing.T) {
	dir := t.TempDir()
	w, err := Create(dir)
	require.NoError(t, err)
	_, err = Create(dir)
	require.ErrorIs(t, err, ErrLocked)
	require.NoError(t, w.Close())
	_, err = Create(dir)
	require.ErrorIs(t, err, os.ErrExist)
}

func TestFailureToAppendIsFinal(t *testing.T) {
	w, err := Create(t.TempDir())
	require.NoError(t, err)
	_, err = w.Append("note", func() {}) // cannot be encoded
	require.Error(t, err)
	_, again := w.Append("note", payload{Text: "fine"})
	require.Equal(t, err, again)
	require.NoError(t, w.Close())
}

func TestOpenGoesOnWhereTheWriterDied(t *testing.T) {
	dir := t.TempDir()
	written(t, dir, 3)
	path := filepath.Join(dir, FileName)
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	for _, cut := range []int{0, 1, 40} {
		require.NoError(t, os.WriteFile(path, data[:len(data)-cut], 0o644))
		w, chain, err := Open(dir)
		require.NoError(t, err)
		require.Equal(t, cut > 0, chain.Torn)
		unchanged, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Equal(t, data[:len(data)-cut], unchanged, "looking at a journal must not change it")
		record, err := w.Append("note", payload{Text: "later"})
		require.NoError(t, err)
		require.Equal(t, len(chain.Records)+1, record.Seq)
		require.NoError(t, w.Close())
		chain, err = Replay(dir)
		require.NoError(t, err)
		require.False(t, chain.Torn)
		require.Len(t, chain.Records, record.Seq)
		require.Equal(t, record, chain.Records[record.Seq-1])
	}
}

func TestOpenRefuses(t *testing.T) {
	busy := t.TempDir()
	w, err := Create(busy)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, w.Close()) })
	empty, broken := t.TempDir(), t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(empty, FileName), nil, 0o644))
	require.NoError(t, os.WriteFile(filepath.Join(broken, FileName), []byte("{}\n"), 0o644))
	for name, c := range map[string]struct {
		dir  string
		want error
		says string
	}{
		"a journal that is being written": {busy, ErrLocked, "wait for it to end"},
		"an empty one":                    {empty, nil, "start anew"},
		"a broken one":                    {broken, ErrBroken, "record 1"},
		"none":                            {t.TempDir(), os.ErrNotExist, "replay the journal"},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := Open(c.dir)
			require.ErrorContains(t, err, c.says)
			if c.want != nil {
				require.ErrorIs(t, err, c.want)
			}
		})
	}
	_, _, err = Open(broken)
	require.ErrorIs(t, err, ErrBroken, "a refusal leaves no lock behind")
}

// TestAClockThatGoesBackwardsChangesNoOrder: records are ordered by number.
func TestAClockThatGoesBackwardsChangesNoOrder(t *testing.T) {
	now := time.Date(2026, 3, 29, 3, 0, 0, 0, time.UTC)
	dir := t.TempDir()
	w, err := Create(dir, Clock(func() time.Time { now = now.Add(-time.Hour); return now }))
	require.NoError(t, err)
	for range 3 {
		_, err := w.Append("note", payload{})
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	chain, err := Replay(dir)
	require.NoError(t, err)
	require.Equal(t, []int{1, 2, 3}, []int{chain.Records[0].Seq, chain.Records[1].Seq, chain.Records[2].Seq})
	require.True(t, chain.Records[2].Time.Before(chain.Records[0].Time), "the time is recorded as it was")
}

// TestRecordsSurviveARoundTrip: what is read back is what was written.
func TestRecordsSurviveARoundTrip(t *testing.T) {
	dir := t.TempDir()
	w, err := Create(dir)
	require.NoError(t, err)
	var records []Record
	rapid.Check(t, func(t *rapid.T) {
		record, err := w.Append(rapid.StringMatching(`[a-z]+\.[a-z]+`).Draw(t, "kind"), map[string]any{"text": rapid.String().Draw(t, "text")})
		require.NoError(t, err)
		records = append(records, record)
	})
	require.NoError(t, w.Close())
	chain, err := Replay(dir)
	require.NoError(t, err)
	require.Equal(t, records, chain.Records)
}

func TestWhatKeepsAJournalFromBeingKeptIsSaid(t *testing.T) {
	_, err := Create(filepath.Join(t.TempDir(), "missing"))
	require.ErrorContains(t, err, "lock the journal")

	dir := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(dir, FileName), 0o755))
	_, err = Create(dir)
	require.ErrorContains(t, err, "create the journal")
	_, _, err = Open(dir)
	require.ErrorContains(t, err, "replay the journal")

	dir = t.TempDir()
	written(t, dir, 2)
	path := filepath.Join(dir, FileName)
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, data[:len(data)-9], 0o644))
	w, chain, err := Open(dir)
	require.NoError(t, err)
	require.True(t, chain.Torn)
	require.Equal(t, 1, w.Len())
	require.NoError(t, w.file.Close())
	_, err = w.Append("note", payload{})
	require.ErrorContains(t, err, "drop the unfinished last line")
	require.ErrorContains(t, w.Close(), "close the journal")
}

func TestAHashedLineThatIsNoRecordIsRefused(t *testing.T) {
	for name, body := range map[string]string{
		"unknown key":     `{"seq":1,"time":"2026-01-01T00:00:00Z","kind":"note","data":{},"prev":"","mood":"good"`,
		"no kind":         `{"seq":1,"time":"2026-01-01T00:00:00Z","kind":"","data":{},"prev":""`,
		"another record":  `{"seq":2,"time":"2026-01-01T00:00:00Z","kind":"note","data":{},"prev":""`,
		"after another":   `{"seq":1,"time":"2026-01-01T00:00:00Z","kind":"note","data":{},"prev":"x"`,
		"two on one line": `{} {"seq":1`,
		"no object":       `[`,
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Parse([]byte(body + sumBegins + hash([]byte(body)) + sumEnds + "\n"))
			require.ErrorIs(t, err, ErrBroken)
			require.ErrorContains(t, err, "record 1: ")
		})
	}
}
