package gotest

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Build compiles the suites, lists their tests, and returns them by name.
// progress is told what is being done; it may be nil.
func (w Workspace) Build(ctx context.Context, suites []string, progress func(text string)) (Set, error) {
	if progress == nil {
		progress = func(string) {}
	}
	if err := w.check(suites); err != nil {
		return nil, err
	}
	if w.Prebuilt != "" {
		progress(fmt.Sprintf("using %d compiled suites: %s", len(suites), strings.Join(suites, ", ")))
		return w.adopt(ctx, suites)
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
		e := Executable{Suite: name, Path: w.binary(name), Dir: filepath.Join(w.Root, w.Suites, name), Converter: converter}
		if e.built, err = os.Stat(e.Path); err == nil {
			e.SHA256, err = hashFile(e.Path)
		}
		if err != nil {
			return nil, fmt.Errorf("suite %s: %w; go test -c wrote no binary for it: %w", name, err, ErrNoTests)
		}
		if e.Tests, err = e.inventory(ctx, e.Dir, e.Path, "-test.list=.*"); err != nil {
			return nil, err
		}
		set[name] = e
	}
	return set, nil
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
