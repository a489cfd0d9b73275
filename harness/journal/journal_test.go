package journal

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

type payload struct {
	Text string `json:"text"`
}

// written makes a journal of n records and returns its folder.
func written(t require.TestingT, dir string, n int) Chain {
	w, err := Create(dir)
	require.NoError(t, err)
	for i := range n {
		record, err := w.Append("note", payload{Text: fmt.Sprintf("line %d\nsecond", i)})
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

func TestAnyOtherChangeIsFound(t *testing.T) {
	base := t.TempDir()
	written(t, base, 4)
	good, err := os.ReadFile(filepath.Join(base, FileName))
	require.NoError(t, err)
	lastLine := bytes.LastIndexByte(good[:len(good)-1], '\n') + 1
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		// Every byte before the last line is covered by the hash in the line after.
		at := rapid.IntRange(0, lastLine-1).Draw(t, "at")
		changed := bytes.Clone(good)
		changed[at] ^= byte(rapid.IntRange(1, 255).Draw(t, "bits"))
		require.NoError(t, os.WriteFile(filepath.Join(dir, FileName), changed, 0o644))
		_, err := Replay(dir)
		require.ErrorIs(t, err, ErrBroken)
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
