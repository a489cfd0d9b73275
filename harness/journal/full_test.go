package journal

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// fillVariable makes the test binary write to a journal until the disk is full.
const fillVariable = "BARQGATE_TEST_FILL_JOURNAL"

// limit is how many bytes the "disk" of TestFullDisk holds.
const limit = 4096

func TestMain(m *testing.M) {
	if dir := os.Getenv(fillVariable); dir != "" {
		fill(dir)
	}
	os.Exit(m.Run())
}

// fill appends under a limit of the file's size, as a full disk would set it, and
// prints how many records Append has confirmed.
func fill(dir string) {
	signal.Ignore(syscall.SIGXFSZ)
	size := syscall.Rlimit{Cur: limit, Max: limit}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &size); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	w, err := Create(dir)
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	confirmed := 0
	for ; err == nil && confirmed < limit; confirmed++ {
		_, err = w.Append("note", payload{Text: "one more"})
	}
	_, again := w.Append("note", payload{Text: "must not be written"})
	fmt.Printf("%d %t %v", confirmed-1, errors.Is(again, err), err)
	os.Exit(0)
}

// TestFullDisk shows that a record is confirmed only if it is there, that nothing
// is written behind half a record, and that the journal can be gone on with.
func TestFullDisk(t *testing.T) {
	dir := t.TempDir()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), fillVariable+"="+dir)
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	var confirmed int
	var final bool
	_, err = fmt.Sscanf(string(out), "%d %t", &confirmed, &final)
	require.NoError(t, err, "%s", out)
	require.True(t, final, "%s", out)
	require.Contains(t, string(out), "stops before its next effect")
	require.Positive(t, confirmed)

	data, err := os.ReadFile(filepath.Join(dir, FileName))
	require.NoError(t, err)
	require.Len(t, data, limit, "the disk was full in the middle of a record")
	w, chain, err := Open(dir)
	require.NoError(t, err)
	require.True(t, chain.Torn)
	require.Len(t, chain.Records, confirmed)
	_, err = w.Append("note", payload{Text: "there is space again"})
	require.NoError(t, err)
	require.NoError(t, w.Close())
}
