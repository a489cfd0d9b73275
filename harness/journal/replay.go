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
)

// Chain is a journal that has been read back and verified.
type Chain struct {
	Records []Record
	Digest  string // Sum of the last record
	Torn    bool   // a last line without its end was dropped: the writer died in it

	size int64 // bytes up to the end of the last whole line
}

// Replay reads the journal of the run's folder and verifies its chain. A last
// line that the writer could not finish is dropped; any other deviation is
// ErrBroken and names the record.
func Replay(dir string) (Chain, error) {
	path := filepath.Join(dir, FileName)
	data, err := os.ReadFile(path)
	if err != nil {
		return Chain{}, fmt.Errorf("replay the journal: %w", err)
	}
	chain, err := Parse(data)
	if err != nil {
		return Chain{}, fmt.Errorf("replay the journal %s: %w", path, err)
	}
	return chain, nil
}

// Parse is Replay on the bytes of a journal.
func Parse(data []byte) (Chain, error) {
	var chain Chain
	for number := 1; len(data) > 0; number++ {
		line, rest, complete := bytes.Cut(data, []byte{'\n'})
		if !complete {
			if last := line[:len(line)-1]; isRecord(last) {
				return Chain{}, fmt.Errorf("record %d: %w: the byte behind it is %q; expected the end of the line", number, ErrBroken, line[len(last):])
			}
			chain.Torn = true
			break
		}
		record, err := decode(line, number, chain.Digest)
		if err != nil {
			return Chain{}, fmt.Errorf("record %d: %w: %w", number, ErrBroken, err)
		}
		chain.Records = append(chain.Records, record)
		chain.Digest = record.Sum
		chain.size += int64(len(line)) + 1
		data = rest
	}
	return chain, nil
}

// What surrounds a record's own hash at the end of its line.
const (
	sumBegins = `,"sum":"`
	sumEnds   = `"}`
)

// line encodes the record, sets its Sum, and returns the line with its end.
func (r *Record) line() ([]byte, error) {
	line, err := json.Marshal(r)
	if err != nil {
		return nil, err
	}
	line = line[:len(line)-1] // the closing brace comes behind the hash
	r.Sum = hash(line)
	return append(line, sumBegins+r.Sum+sumEnds+"\n"...), nil
}

// split separates a line into what its hash covers, and the hash.
func split(line []byte) (body []byte, sum string, ok bool) {
	at := len(line) - len(sumBegins) - hex.EncodedLen(sha256.Size) - len(sumEnds)
	if at < 1 {
		return nil, "", false
	}
	tail := string(line[at:])
	sum = tail[len(sumBegins) : len(tail)-len(sumEnds)]
	return line[:at], sum, tail == sumBegins+sum+sumEnds
}

func isRecord(line []byte) bool {
	body, sum, ok := split(line)
	return ok && hash(body) == sum
}

func decode(line []byte, seq int, prev string) (Record, error) {
	var record Record
	body, sum, ok := split(line)
	if !ok {
		return record, errors.New("it does not end with its hash, so it is no record, or was changed")
	}
	if found := hash(body); found != sum {
		return record, fmt.Errorf("it has the hash %s and says %s, so it was changed", found, sum)
	}
	decoder := json.NewDecoder(bytes.NewReader(append(bytes.Clone(body), '}')))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&record); err != nil {
		return record, fmt.Errorf("not a record: %w", err)
	}
	if decoder.More() {
		return record, errors.New("more than one value on the line")
	}
	record.Sum = sum
	if record.Seq != seq {
		return record, fmt.Errorf("its sequence number is %d; a record is missing, or there twice", record.Seq)
	}
	if record.Prev != prev {
		return record, fmt.Errorf("it follows a record with hash %q; the one before it has %q, so one of them was replaced", record.Prev, prev)
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
