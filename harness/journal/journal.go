// Package journal keeps the append-only record of one run: one JSON object a
// line, each with a sequence number, the time, and the hash of the line before.
// A record is on disk when Append returns.
//
// It must never know what the records mean (package event does), and it must
// never go on after a write that failed: a run whose record has a hole cannot
// be trusted or resumed.
package journal

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
)

// FileName is the journal's name inside a run's folder.
const FileName = "journal.jsonl"

// Errors that callers tell apart with errors.Is.
var (
	// ErrLocked means that another process writes this journal.
	ErrLocked = errors.New("the journal is being written by another process")
	// ErrBroken means that the file is not the unbroken chain that was written.
	ErrBroken = errors.New("the journal is broken")
)

// Record is one line of the journal.
type Record struct {
	Seq  int             `json:"seq"` // from 1, without gaps
	Time time.Time       `json:"time"`
	Kind string          `json:"kind"`
	Data json.RawMessage `json:"data"`
	Prev string          `json:"prev"` // SHA-256 of the line before, "" for the first
}

// Writer appends to one journal. It belongs to one goroutine at a time.
type Writer struct {
	file *os.File
	lock *flock.Flock
	now  func() time.Time
	seq  int
	prev string
	err  error // the first failure; every later call returns it
}

// Create starts the journal of a new run in the folder, which must not have one.
func Create(dir string) (*Writer, error) {
	path := filepath.Join(dir, FileName)
	lock := flock.New(path + ".lock")
	locked, err := lock.TryLock()
	if err != nil {
		return nil, fmt.Errorf("lock the journal %s: %w", path, err)
	}
	if !locked {
		return nil, fmt.Errorf("open the journal %s: %w; wait for it to end, or look at the run it belongs to", path, ErrLocked)
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("create the journal: %w", err), lock.Unlock())
	}
	// The file's name must survive a crash as surely as its content.
	if err := syncDir(dir); err != nil {
		return nil, errors.Join(fmt.Errorf("create the journal: %w", err), file.Close(), lock.Unlock())
	}
	return &Writer{file: file, lock: lock, now: time.Now}, nil
}

// Append writes one record and returns it once it is on disk. After an error
// the journal takes no further record: what the caller was about to do must not
// be done.
func (w *Writer) Append(kind string, data any) (Record, error) {
	if w.err != nil {
		return Record{}, w.err
	}
	record, err := w.append(kind, data)
	if err != nil {
		w.err = fmt.Errorf("append record %d (%s) to the journal %s: %w; the run stops before its next effect", w.seq+1, kind, w.file.Name(), err)
		return Record{}, w.err
	}
	return record, nil
}

func (w *Writer) append(kind string, data any) (Record, error) {
	raw, err := json.Marshal(data)
	if err != nil {
		return Record{}, err
	}
	record := Record{Seq: w.seq + 1, Time: w.now().UTC(), Kind: kind, Data: raw, Prev: w.prev}
	line, err := json.Marshal(record)
	if err != nil {
		return Record{}, err
	}
	if _, err := w.file.Write(append(line, '\n')); err != nil {
		return Record{}, err
	}
	if err := w.file.Sync(); err != nil {
		return Record{}, err
	}
	w.seq, w.prev = record.Seq, hash(line)
	return record, nil
}

// Digest returns the hash of the last record, which stands for the whole chain.
func (w *Writer) Digest() string { return w.prev }

// Close releases the file and its lock.
func (w *Writer) Close() error {
	err := errors.Join(w.file.Close(), w.lock.Unlock())
	if err != nil {
		return fmt.Errorf("close the journal %s: %w", w.file.Name(), err)
	}
	return nil
}

// Chain is a journal that has been read back and verified.
type Chain struct {
	Records []Record
	Digest  string // hash of the last record
	Torn    bool   // a last line without its end was dropped: the writer died in it
}

// Replay reads the journal of the run's folder and verifies its chain. A last
// line that the writer could not finish is dropped; any other deviation is
// ErrBroken and names the line.
func Replay(dir string) (Chain, error) {
	path := filepath.Join(dir, FileName)
	data, err := os.ReadFile(path)
	if err != nil {
		return Chain{}, fmt.Errorf("replay the journal: %w", err)
	}
	var chain Chain
	for number := 1; len(data) > 0; number++ {
		line, rest, complete := bytes.Cut(data, []byte{'\n'})
		if !complete {
			chain.Torn = true
			break
		}
		record, err := decode(line, number, chain.Digest)
		if err != nil {
			return Chain{}, fmt.Errorf("replay the journal %s: line %d: %w: %w", path, number, ErrBroken, err)
		}
		chain.Records = append(chain.Records, record)
		chain.Digest = hash(line)
		data = rest
	}
	return chain, nil
}

func decode(line []byte, seq int, prev string) (Record, error) {
	var record Record
	decoder := json.NewDecoder(bytes.NewReader(line))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&record); err != nil {
		return record, fmt.Errorf("not a record: %w", err)
	}
	if decoder.More() {
		return record, errors.New("more than one value on the line")
	}
	if record.Seq != seq {
		return record, fmt.Errorf("sequence number %d; expected %d", record.Seq, seq)
	}
	if record.Prev != prev {
		return record, fmt.Errorf("it follows a record with hash %q; the line before has %q, so one of them was changed", record.Prev, prev)
	}
	if record.Kind == "" || record.Time.IsZero() {
		return record, errors.New("kind or time is missing")
	}
	return record, nil
}

func hash(line []byte) string {
	sum := sha256.Sum256(line)
	return hex.EncodeToString(sum[:])
}

func syncDir(dir string) error {
	folder, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}
