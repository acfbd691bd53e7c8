package main

import (
	"bytes"
	"errors"
	"io"
)

// A splitter cuts a log into blocks of whole lines.
type splitter struct {
	r        io.Reader
	rest     []byte // the beginning of the line that the last block ended in
	tooLong  uint64 // lines that fit into no block, which were left out
	finished bool
}

func newSplitter(r io.Reader) *splitter { return &splitter{r: r, rest: make([]byte, 0, blockSize)} }

// next fills b with as many lines as fit, and returns io.EOF when there are none left. The last line need not end.
func (s *splitter) next(b *block) error {
	for !s.finished {
		text := b.text[:blockSize]
		n := copy(text, s.rest)
		s.rest = s.rest[:0]
		m, err := s.read(text[n:])
		if n += m; err != nil {
			return err
		}
		cut := n
		if !s.finished {
			cut = bytes.LastIndexByte(text[:n], '\n') + 1
		}
		if cut == 0 && n > 0 {
			if err := s.skip(text); err != nil {
				return err
			}
			continue
		}
		s.rest = append(s.rest, text[cut:n]...)
		if b.text = text[:cut]; cut > 0 {
			return nil
		}
	}
	return io.EOF
}

// read fills p, unless the log ends before.
func (s *splitter) read(p []byte) (int, error) {
	n, err := io.ReadFull(s.r, p)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		s.finished, err = true, nil
	}
	return n, err
}

// skip leaves out the rest of a line that fits into no block. It may use the buffer.
func (s *splitter) skip(buffer []byte) error {
	s.tooLong++
	for !s.finished {
		n, err := s.read(buffer)
		if err != nil {
			return err
		}
		if end := bytes.IndexByte(buffer[:n], '\n'); end >= 0 {
			s.rest = append(s.rest, buffer[end+1:n]...)
			break
		}
	}
	return nil
}
