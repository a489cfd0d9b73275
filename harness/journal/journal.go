// Package journal keeps the append-only record of one run: one JSON object a
// line, each with a sequence number, the time, the hash of the line before and
// its own. A record is on disk when Append returns, and those that were added before
// it with it. The order of the records is
// that of their numbers: clocks of machines go backwards.
//
// It must never know what the records mean (package event does), and it must
// never go on after a write that failed: a run whose record has a hole cannot
// be trusted or resumed.
package journal

import (
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
	// ErrEmpty means that the writer died before its first record.
	ErrEmpty = errors.New("the journal is empty")
	// ErrBroken means that the file is not the unbroken chain that was written.
	ErrBroken = errors.New("the journal is broken")
)

// Record is one line of the journal.
type Record struct {
	Seq  int             `json:"seq"` // from 1, without gaps
	Time time.Time       `json:"time"`
	Kind string          `json:"kind"`
	Data json.RawMessage `json:"data"`
	Prev string          `json:"prev"` // Sum of the line before, "" for the first
	// Sum is the SHA-256, in hex, of the line up to its own key. It names the line
	// that was changed, also if that is the last one.
	Sum string `json:"-"`
}

// Writer appends to one journal. It belongs to one goroutine at a time.
type Writer struct {
	file *os.File
	lock *flock.Flock
	now  func() time.Time
	seq  int
	prev string
	torn int64 // where the line begins that an earlier writer did not finish; 0: there is none
	err  error // the first failure; every later call returns it
}

// Option changes how a journal is written.
type Option func(*Writer)

// Clock gives the journal another clock than the machine's.
func Clock(now func() time.Time) Option { return func(w *Writer) { w.now = now } }

// Create starts the journal of a new run in the folder, which must not have one.
func Create(dir string, options ...Option) (*Writer, error) {
	w, err := locked(dir, options)
	if err != nil {
		return nil, err
	}
	if w.file, err = os.OpenFile(filepath.Join(dir, FileName), os.O_WRONLY|os.O_APPEND|os.O_CREATE|os.O_EXCL, 0o644); err != nil {
		return nil, errors.Join(fmt.Errorf("create the journal: %w", err), w.lock.Unlock())
	}
	// The file's name must survive a crash as surely as its content.
	if err := syncDir(dir); err != nil {
		return nil, errors.Join(fmt.Errorf("create the journal: %w", err), w.Close())
	}
	return w, nil
}

// Open goes on with the journal of a run whose process has ended, and returns
// what it holds. A last line that was not finished is dropped with the first
// Append; until then nothing of the file is changed.
func Open(dir string, options ...Option) (*Writer, Chain, error) {
	w, err := locked(dir, options)
	if err != nil {
		return nil, Chain{}, err
	}
	chain, err := Replay(dir)
	if err == nil && len(chain.Records) == 0 {
		err = fmt.Errorf("go on with the journal in %s: %w; nothing was done, so start anew", dir, ErrEmpty)
	}
	if err != nil {
		return nil, Chain{}, errors.Join(err, w.lock.Unlock())
	}
	if w.file, err = os.OpenFile(filepath.Join(dir, FileName), os.O_WRONLY|os.O_APPEND, 0); err != nil {
		return nil, Chain{}, errors.Join(fmt.Errorf("go on with the journal: %w", err), w.lock.Unlock())
	}
	w.seq, w.prev = len(chain.Records), chain.Digest
	if chain.Torn {
		w.torn = chain.size
	}
	return w, chain, nil
}

// locked returns a Writer without a file that keeps every other one away.
func locked(dir string, options []Option) (*Writer, error) {
	path := filepath.Join(dir, FileName)
	lock := flock.New(path + ".lock")
	held, err := lock.TryLock()
	if err != nil {
		return nil, fmt.Errorf("lock the journal %s: %w", path, err)
	}
	if !held {
		return nil, fmt.Errorf("open the journal %s: %w; wait for it to end, or look at the run it belongs to", path, ErrLocked)
	}
	w := &Writer{lock: lock, now: time.Now}
	for _, option := range options {
		option(w)
	}
	return w, nil
}

// Append writes one record and returns it once it is on disk. After an error
// the journal takes no further record: what the caller was about to do must not
// be done.
func (w *Writer) Append(kind string, data any) (Record, error) { return w.write(kind, data, true) }

// Add writes one record without waiting for the disk: it is there at the latest when
// the next Append returns, and a crash of the machine before that takes it away as if
// it had not been written. It is for what is complete only with a later record, such
// as the criteria of one suite, and never for what an effect follows.
func (w *Writer) Add(kind string, data any) (Record, error) { return w.write(kind, data, false) }

func (w *Writer) write(kind string, data any, sync bool) (Record, error) {
	if w.err != nil {
		return Record{}, w.err
	}
	record, err := w.append(kind, data, sync)
	if err != nil {
		w.err = fmt.Errorf("append record %d (%s) to the journal %s: %w; the run stops before its next effect", w.seq+1, kind, w.file.Name(), err)
		return Record{}, w.err
	}
	return record, nil
}

func (w *Writer) append(kind string, data any, sync bool) (Record, error) {
	raw, err := json.Marshal(data)
	if err != nil {
		return Record{}, err
	}
	if err := w.dropTorn(); err != nil {
		return Record{}, err
	}
	record := Record{Seq: w.seq + 1, Time: w.now().UTC(), Kind: kind, Data: raw, Prev: w.prev}
	line, err := record.line()
	if err != nil {
		return Record{}, err
	}
	if _, err := w.file.Write(line); err != nil {
		return Record{}, err
	}
	if sync {
		if err := w.file.Sync(); err != nil {
			return Record{}, err
		}
	}
	w.seq, w.prev = record.Seq, record.Sum
	return record, nil
}

// dropTorn cuts off the line that an earlier writer did not finish.
func (w *Writer) dropTorn() error {
	if w.torn == 0 {
		return nil
	}
	if err := w.file.Truncate(w.torn); err != nil {
		return fmt.Errorf("drop the unfinished last line: %w", err)
	}
	w.torn = 0
	return w.file.Sync()
}

// Len returns how many records there are.
func (w *Writer) Len() int { return w.seq }

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

func syncDir(dir string) error {
	folder, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}
