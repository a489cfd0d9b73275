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

// listTimeout bounds the listing of a suite's tests, which runs none of them.
const listTimeout = time.Minute

// List returns the names of the suites in the workspace, sorted.
func (w Workspace) List() ([]string, error) {
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

// Build compiles the suites, lists their tests, and returns them by name.
// progress is told what is being done; it may be nil.
func (w Workspace) Build(ctx context.Context, suites []string, progress func(text string)) (Set, error) {
	if progress == nil {
		progress = func(string) {}
	}
	if err := w.check(suites); err != nil {
		return nil, err
	}
	progress(fmt.Sprintf("compiling %d suites: %s", len(suites), strings.Join(suites, ", ")))
	if err := w.compile(ctx, suites); err != nil {
		return nil, err
	}
	converter, err := tool(ctx, w.Root, "test2json")
	if err != nil {
		return nil, err
	}
	set := Set{}
	for _, name := range suites {
		b := Binary{Suite: name, Path: w.binary(name), Dir: filepath.Join(w.Root, w.Suites, name), converter: converter}
		if b.SHA256, err = hashFile(b.Path); err != nil {
			return nil, fmt.Errorf("suite %s: %w; go test -c wrote no binary for it: %w", name, err, ErrNoTests)
		}
		if b.Tests, err = b.inventory(ctx); err != nil {
			return nil, err
		}
		set[name] = b
	}
	return set, nil
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

func (w Workspace) binary(suite string) string { return filepath.Join(w.Bin, suite+".test") }

// noTestFiles is what go test -c says of a package that it writes no binary for.
// One of an earlier build must never stand in for it. Removing all binaries first
// would be simpler, but then each is linked again, which takes seconds.
const noTestFiles = "[no test files]"

// compile builds all suites with one go command.
func (w Workspace) compile(ctx context.Context, suites []string) error {
	bin, err := filepath.Abs(w.Bin)
	if err != nil {
		return fmt.Errorf("build the suites: %w", err)
	}
	if err := os.MkdirAll(bin, 0o755); err != nil {
		return fmt.Errorf("build the suites: %w", err)
	}
	// Without symbol tables linking takes half the time; stack traces stay.
	args := []string{"test", "-c", "-ldflags=-s -w", "-o", bin + string(filepath.Separator)}
	for _, name := range suites {
		args = append(args, "./"+filepath.ToSlash(filepath.Join(w.Suites, name)))
	}
	cmd := command(ctx, "go", args...)
	cmd.Dir = w.Root
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("%w (%w): go %s\n%s", ErrBuild, err, strings.Join(args, " "), bytes.TrimSpace(out))
	}
	if bytes.Contains(out, []byte(noTestFiles)) {
		return fmt.Errorf("%w: go %s\n%s", ErrNoTests, strings.Join(args, " "), bytes.TrimSpace(out))
	}
	return nil
}

// testName matches what `go test` runs without being asked to.
var testName = regexp.MustCompile(`^(Test|Example|Fuzz)\S*$`)

// inventory asks the binary for its top-level tests.
func (b Binary) inventory(ctx context.Context) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, listTimeout)
	defer cancel()
	cmd := command(ctx, b.Path, "-test.list=.*")
	cmd.Dir = b.Dir
	var messages bytes.Buffer
	cmd.Stderr = &messages
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("list the tests of suite %s: %w: %s", b.Suite, err, bytes.TrimSpace(messages.Bytes()))
	}
	var tests []string
	for line := range strings.Lines(string(out)) {
		if line = strings.TrimSpace(line); testName.MatchString(line) {
			tests = append(tests, line)
		}
	}
	if len(tests) == 0 {
		return nil, fmt.Errorf("suite %s: %w: expected at least one func Test…", b.Suite, ErrNoTests)
	}
	return tests, nil
}

// tool returns the path of a command of the Go distribution, built if needed.
func tool(ctx context.Context, root, name string) (string, error) {
	cmd := command(ctx, "go", "tool", "-n", name)
	cmd.Dir = root
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("find `go tool %s`, which reads the output of test binaries: %w", name, err)
	}
	return strings.TrimSpace(string(out)), nil
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
