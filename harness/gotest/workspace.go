package gotest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/barq-platform/barqgate/harness/procgroup"
)

// Errors that callers tell apart with errors.Is.
var (
	// ErrUnknownSuite means that no folder of that name holds tests.
	ErrUnknownSuite = errors.New("unknown suite")
	// ErrBuild means that a suite does not compile.
	ErrBuild = errors.New("the suites do not build")
	// ErrNoTests means that a suite has nothing that could be judged.
	ErrNoTests = errors.New("the suite has no tests")
)

// listTimeout bounds the listing of a suite's tests, which runs none of them, but
// from sources compiles all of them.
const listTimeout = 10 * time.Minute

// List returns the names of the suites in the workspace, sorted.
func (w Workspace) List() ([]string, error) {
	if w.Prebuilt != "" {
		return w.prebuilt()
	}
	files, err := filepath.Glob(filepath.Join(w.Root, w.Suites, "*", "*_test.go"))
	if err != nil {
		return nil, fmt.Errorf("list the suites below %s: %w", w.Suites, err)
	}
	var names []string
	for _, file := range files {
		names = append(names, filepath.Base(filepath.Dir(file)))
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}

func (w Workspace) check(suites []string) error {
	known, err := w.List()
	if err != nil {
		return err
	}
	if len(suites) == 0 {
		return errors.New("no suite was named, so nothing could be judged")
	}
	for _, name := range suites {
		if !slices.Contains(known, name) {
			return fmt.Errorf("%w %q: expected one of %s", ErrUnknownSuite, name, strings.Join(known, ", "))
		}
	}
	return nil
}

// testName matches what `go test` runs without being asked to.
var testName = regexp.MustCompile(`^(Test|Example|Fuzz)\S*$`)

// inventory runs a command that lists the suite's top-level tests.
func (e Executable) inventory(ctx context.Context, dir, name string, args ...string) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, listTimeout)
	defer cancel()
	cmd := command(ctx, name, args...)
	cmd.Dir = dir
	var messages bytes.Buffer
	cmd.Stderr = &messages
	out, err := cmd.Output()
	if err != nil {
		said := bytes.TrimSpace(append(out, messages.Bytes()...))
		if bytes.HasSuffix(said, []byte(" failed]")) || bytes.Contains(said, []byte(" failed]\n")) {
			err = fmt.Errorf("%w (%w)", ErrBuild, err) // [build failed], [setup failed]
		}
		return nil, fmt.Errorf("list the tests of suite %s: %w: %s", e.Suite, err, said)
	}
	var tests []string
	for line := range strings.Lines(string(out)) {
		if line = strings.TrimSpace(line); testName.MatchString(line) {
			tests = append(tests, line)
		}
	}
	if len(tests) == 0 {
		return nil, fmt.Errorf("suite %s: %w: expected at least one func Test…", e.Suite, ErrNoTests)
	}
	return tests, nil
}

// command is exec.CommandContext for a helper that ends with its whole group.
func command(ctx context.Context, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, args...)
	procgroup.Own(cmd)
	cmd.Cancel = func() error { return procgroup.Kill(cmd.Process.Pid) }
	cmd.WaitDelay = 5 * time.Second // a grandchild may hold the pipe
	return cmd
}

func hashFile(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer file.Close() // only read from
	sum := sha256.New()
	if _, err := io.Copy(sum, file); err != nil {
		return "", err
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}
