package gotest

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Files of a folder with suites that were compiled elsewhere, such as in a container
// image without a Go toolchain. `make image-root` makes one.
const (
	binarySuffix  = ".test"
	converterName = "test2json"
	sumsName      = "SHA256SUMS" // of every other file, as sha256sum(1) writes it
)

// prebuilt lists the suites of the folder.
func (w Workspace) prebuilt() ([]string, error) {
	files, err := filepath.Glob(filepath.Join(w.Prebuilt, "*"+binarySuffix))
	if err != nil {
		return nil, fmt.Errorf("list the suites in %s: %w", w.Prebuilt, err)
	}
	var names []string
	for _, file := range files {
		names = append(names, strings.TrimSuffix(filepath.Base(file), binarySuffix))
	}
	slices.Sort(names)
	return names, nil
}

// adopt takes the suites as they were compiled elsewhere: what the sums do not know
// is not run.
func (w Workspace) adopt(ctx context.Context, suites []string) (Set, error) {
	sums, err := readSums(filepath.Join(w.Prebuilt, sumsName))
	if err != nil {
		return nil, err
	}
	converter := filepath.Join(w.Prebuilt, converterName)
	if _, err := verified(sums, converter); err != nil {
		return nil, err
	}
	set := Set{}
	for _, name := range suites {
		e := Executable{Suite: name, Path: filepath.Join(w.Prebuilt, name+binarySuffix), Dir: filepath.Join(w.Root, w.Suites, name), Converter: converter}
		if e.SHA256, err = verified(sums, e.Path); err != nil {
			return nil, fmt.Errorf("suite %s: %w", name, err)
		}
		if e.Tests, err = e.inventory(ctx, e.Dir, e.Path, "-test.list=.*"); err != nil {
			return nil, err
		}
		set[name] = e
	}
	return set, nil
}

// ErrAltered means that a compiled suite is not the one that was made.
var ErrAltered = errors.New("it is not the file that was made")

// verified returns the sum of a file that is the one that was made.
func verified(sums map[string]string, path string) (string, error) {
	sum, err := hashFile(path)
	if err != nil {
		return "", fmt.Errorf("read the compiled %s: %w", filepath.Base(path), err)
	}
	if want := sums[filepath.Base(path)]; want != sum {
		return "", fmt.Errorf("%s: %w: its SHA-256 is %s; %s says %q", path, ErrAltered, sum, sumsName, want)
	}
	return sum, nil
}

// readSums reads lines of a sum, two spaces and a name.
func readSums(path string) (map[string]string, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the sums of the compiled suites: %w", err)
	}
	sums := map[string]string{}
	lines := bufio.NewScanner(bytes.NewReader(text))
	for lines.Scan() {
		sum, name, ok := strings.Cut(lines.Text(), "  ")
		if !ok || len(sum) != 64 || name != filepath.Base(name) {
			return nil, fmt.Errorf("read the sums of the compiled suites: %s: %q is no line of sha256sum", path, lines.Text())
		}
		sums[name] = sum
	}
	return sums, lines.Err()
}
