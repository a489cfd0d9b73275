package gotest

import (
	"fmt"
	"io"
	"os"
)

// How much of a stream is stored: its beginning and its end. A suite that prints
// without end would fill the disk that the journal has to be written to.
const (
	storeHead = 32 << 20 // bytes
	storeTail = 1 << 20  // bytes
)

// store is a file that keeps the beginning and the end of what is written to it,
// and everything that is essential. The first failure is kept until close.
type store struct {
	file    io.WriteCloser
	what    string                  // for errors
	notice  func(left int64) []byte // what stands where something was left out
	head    int                     // bytes that may still be written at once
	limit   int                     // bytes that the tail may hold
	tail    []piece                 // not written yet
	held    int                     // bytes in the tail
	left    int64                   // bytes left out
	failure error
}

type piece struct {
	data      []byte
	essential bool
}

func createStore(path, what string, notice func(left int64) []byte) (*store, error) {
	file, err := os.Create(path)
	if err != nil {
		return nil, fmt.Errorf("store %s: %w", what, err)
	}
	return newStore(file, what, notice), nil
}

func newStore(file io.WriteCloser, what string, notice func(left int64) []byte) *store {
	return &store{file: file, what: what, notice: notice, head: storeHead, limit: storeTail}
}

func (s *store) fail(err error) {
	if s.failure == nil {
		s.failure = fmt.Errorf("store %s: %w", s.what, err)
	}
}

func (s *store) flush(data []byte) {
	if s.failure != nil {
		return
	}
	if _, err := s.file.Write(data); err != nil {
		s.fail(err)
	}
}

// write takes a piece of the stream. Essential ones are stored in any case.
func (s *store) write(data []byte, essential bool) {
	if len(data) <= s.head {
		s.head -= len(data)
		s.flush(data)
		return
	}
	s.head = 0
	s.tail = append(s.tail, piece{append([]byte(nil), data...), essential})
	s.held += len(data)
	for s.held > s.limit && len(s.tail) > 0 {
		first := s.tail[0]
		s.tail, s.held = s.tail[1:], s.held-len(first.data)
		if first.essential {
			s.flush(first.data)
		} else {
			s.left += int64(len(first.data))
		}
	}
}

func (s *store) close() error {
	if s.left > 0 {
		s.flush(s.notice(s.left))
	}
	for _, p := range s.tail {
		s.flush(p.data)
	}
	s.tail = nil
	if err := s.file.Close(); err != nil {
		s.fail(err)
	}
	return s.failure
}

// leftOutOfLog stands in the log where output was left out.
func leftOutOfLog(left int64) []byte {
	return fmt.Appendf(nil, "\n[barqgate left out %d bytes of output here]\n\n", left)
}

// leftOutOfEvents stands among the events where events of output were left out.
func leftOutOfEvents(left int64) []byte {
	return fmt.Appendf(nil, `{"Action":"output","Output":"[barqgate left out %d bytes of output events here]\n"}`+"\n", left)
}
