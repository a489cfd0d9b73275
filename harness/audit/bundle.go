package audit

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/klauspost/compress/zstd"
)

// Extension ends the name of an evidence bundle.
const Extension = ".tar.zst"

// largestBundle bounds what is unpacked, in bytes.
const largestBundle = 16 << 30

// Pack writes everything in the run's folder to one file and returns its SHA-256,
// in hex. The same folder always gives the same bytes: neither times nor owners
// nor the order of the file system are in it.
func Pack(dir, path string) (sum string, err error) {
	var out bytes.Buffer
	if err := pack(dir, &out); err != nil {
		return "", fmt.Errorf("bundle the evidence of %s: %w", dir, err)
	}
	beside := path + ".part"
	if err := os.WriteFile(beside, out.Bytes(), 0o644); err != nil {
		return "", fmt.Errorf("bundle the evidence of %s: %w", dir, err)
	}
	if err := os.Rename(beside, path); err != nil {
		return "", fmt.Errorf("bundle the evidence of %s: %w", dir, err)
	}
	return digest(out.Bytes()), nil
}

func pack(dir string, w io.Writer) error {
	names, err := contents(dir)
	if err != nil {
		return err
	}
	// One goroutine: the bytes must not depend on how work is shared out.
	compressed, err := zstd.NewWriter(w, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedDefault))
	if err != nil {
		return err
	}
	archive := tar.NewWriter(compressed)
	for _, name := range names {
		if err := add(archive, dir, name); err != nil {
			return errors.Join(err, compressed.Close())
		}
	}
	return errors.Join(archive.Close(), compressed.Close())
}

// contents lists the files of the folder, sorted, but for the journal's lock.
func contents(dir string) ([]string, error) {
	var names []string
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		if !entry.Type().IsRegular() {
			return fmt.Errorf("%s is no regular file", path)
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		if name = filepath.ToSlash(name); name != lockFile {
			names = append(names, name)
		}
		return nil
	})
	slices.Sort(names)
	return names, err
}

func add(archive *tar.Writer, dir, name string) error {
	data, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(name)))
	if err != nil {
		return err
	}
	header := &tar.Header{Name: name, Mode: 0o644, Size: int64(len(data)), ModTime: time.Unix(0, 0), Format: tar.FormatPAX}
	if err := archive.WriteHeader(header); err != nil {
		return err
	}
	_, err = archive.Write(data)
	return err
}

// VerifyBundle audits a bundle as Verify does its folder. Any changed byte of it
// is found: packing again what is in it has to give the same.
func VerifyBundle(path string) (result Result, err error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return Result{}, fmt.Errorf("audit the bundle: %w", err)
	}
	dir, err := os.MkdirTemp("", "barqgate-bundle-*")
	if err != nil {
		return Result{}, fmt.Errorf("audit the bundle: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	changed := func(format string, args ...any) (Result, error) {
		return Result{Problems: []string{fmt.Sprintf("the bundle was changed: "+format, args...)}}, nil
	}
	if err := unpack(bytes.NewReader(data), dir); err != nil {
		return changed("%v", err)
	}
	var again bytes.Buffer
	if err := pack(dir, &again); err != nil {
		return Result{}, fmt.Errorf("audit the bundle: %w", err)
	}
	if result, err = Verify(dir); err != nil {
		return changed("%v", err)
	}
	if !bytes.Equal(again.Bytes(), data) {
		result.Problems = append(result.Problems, "the bundle was changed: packing its contents again gives other bytes")
	}
	return result, nil
}

// unpack writes the files of a bundle below the folder, and nowhere else.
func unpack(r io.Reader, dir string) error {
	plain, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1))
	if err != nil {
		return err
	}
	defer plain.Close()
	archive := tar.NewReader(io.LimitReader(plain, largestBundle))
	for {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return drain(plain)
		}
		if err != nil {
			return err
		}
		name := filepath.FromSlash(header.Name)
		if header.Typeflag != tar.TypeReg || !filepath.IsLocal(name) || strings.Contains(header.Name, `\`) {
			return fmt.Errorf("it holds %q, which is no file below the run's folder", header.Name)
		}
		if err := extract(archive, filepath.Join(dir, name)); err != nil {
			return err
		}
	}
}

// drain reads to the end, so that the checksum of the whole is compared.
func drain(r io.Reader) error {
	_, err := io.Copy(io.Discard, r)
	return err
}

func extract(r io.Reader, path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	_, err = io.Copy(file, r)
	return errors.Join(err, file.Close())
}
