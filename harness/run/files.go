package run

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/barq-platform/barqgate/harness/journal/event"
)

// evidenceFolder is the folder of all evidence inside the run's.
const evidenceFolder = "evidence"

// digests lists the file, or all files of the folder, that lies at the path below
// the run's folder, in the order of their names. A missing path has none.
func digests(dir, path string) ([]event.File, error) {
	var files []event.File
	err := filepath.WalkDir(filepath.Join(dir, path), func(name string, entry fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil || entry.IsDir() {
			return err
		}
		relative, err := filepath.Rel(dir, name)
		if err != nil {
			return err
		}
		file, err := digest(name)
		file.Path = filepath.ToSlash(relative)
		files = append(files, file)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("take the digests of the evidence: %w", err)
	}
	return files, nil
}

func digest(path string) (event.File, error) {
	file, err := os.Open(path)
	if err != nil {
		return event.File{}, err
	}
	defer file.Close() // only read from
	sum := sha256.New()
	n, err := io.Copy(sum, file)
	return event.File{SHA256: hex.EncodeToString(sum.Sum(nil)), Bytes: n}, err
}
