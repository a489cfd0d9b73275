package gotest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
)

// Sources prepares the suites to be run from their sources by `go test`: it
// compiles them, so that a suite that does not build is known now, and lists their
// tests. progress is told what is being done; it may be nil.
func (w Workspace) Sources(ctx context.Context, suites []string, progress func(text string)) (Set, error) {
	if progress == nil {
		progress = func(string) {}
	}
	if err := w.check(suites); err != nil {
		return nil, err
	}
	root, err := filepath.Abs(w.Root)
	if err != nil {
		return nil, fmt.Errorf("find the module's root: %w", err)
	}
	var flags []string
	if w.Race {
		flags = append(flags, "-race")
	}
	set := Set{}
	for _, name := range suites {
		progress("listing the tests of suite " + name)
		e := Executable{Suite: name, Dir: filepath.Join(root, w.Suites, name), root: root, build: flags}
		if e.SHA256, err = hashSources(e.Dir); err != nil {
			return nil, fmt.Errorf("suite %s: %w", name, err)
		}
		if e.Tests, err = e.inventory(ctx, root, "go", slices.Concat([]string{"test", "-list=.*"}, flags, []string{e.pkg()})...); err != nil {
			return nil, err
		}
		set[name] = e
	}
	return set, nil
}

// pkg is the package as go test takes it, relative to the root.
func (e Executable) pkg() string {
	relative, err := filepath.Rel(e.root, e.Dir)
	if err != nil {
		return e.Dir
	}
	return "./" + filepath.ToSlash(relative)
}

// hashSources returns the SHA-256 of the names and contents of a folder's Go
// files.
func hashSources(dir string) (string, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil || len(files) == 0 {
		return "", errors.Join(fmt.Errorf("no Go file in %s", dir), err)
	}
	sum := sha256.New()
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(sum, "%s %d\n%s", filepath.Base(file), len(data), data)
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}
