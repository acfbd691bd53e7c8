package main

import "bytes"

const (
	blockSize = 64 << 10 // little enough for a block and its records to stay in the cache of a core between the stages
	maxLine   = 16 << 10 // a longer line is malformed
	maxDigits = 15       // so is a number of bytes with more digits
)

// A block is a piece of the log that begins and ends with a line, and what the parser found in it.
type block struct {
	text      []byte // of blockSize at most
	records   []record
	malformed uint64 // lines
}

func newBlock() *block { return &block{text: make([]byte, 0, blockSize)} }

// A record is what is counted of one line. The path lies in the text of the block.
type record struct {
	path, end uint32
	class     uint8 // first digit of the status
	bytes     uint64
}

// parse finds the records of the block.
func (b *block) parse() {
	b.records, b.malformed = b.records[:0], 0
	plain := bytes.IndexByte(b.text, '\t') < 0
	for at := 0; at < len(b.text); {
		n := bytes.IndexByte(b.text[at:], '\n')
		if n < 0 {
			n = len(b.text) - at
		}
		if r, ok := parseLine(b.text[at:at+n], plain); ok {
			r.path += uint32(at)
			r.end += uint32(at)
			b.records = append(b.records, r)
		} else {
			b.malformed++
		}
		at += n + 1
	}
}

// The fields of a line in the Common Log Format, separated by blanks:
//
//	host ident user [time zone] "method path version" status bytes
const (
	pathField   = 6
	statusField = 8
	bytesField  = 9
	fields      = 10
)

// parseLine reads one line. A line is plain if it has no tab. Offsets of the record are those in the line.
func parseLine(line []byte, plain bool) (r record, ok bool) {
	if len(line) > maxLine {
		return r, false
	}
	var f [fields][2]int // where each begins and ends
	if !plain || !splitPlain(line, &f) {
		if !splitBlanks(line, &f) {
			return r, false
		}
	}
	status := line[f[statusField][0]:f[statusField][1]]
	if len(status) != 3 || status[0] < '1' || status[0] > '5' || !isDigit(status[1]) || !isDigit(status[2]) {
		return r, false
	}
	r.path, r.end, r.class = uint32(f[pathField][0]), uint32(f[pathField][1]), status[0]-'0'
	r.bytes, ok = parseBytes(line[f[bytesField][0]:f[bytesField][1]])
	return r, ok
}

// splitPlain splits a line whose fields are separated by one space each, and reports whether it is one, with the right number of fields.
func splitPlain(line []byte, f *[fields][2]int) bool {
	at := 0
	for i := range fields - 1 {
		n := bytes.IndexByte(line[at:], ' ')
		if n <= 0 {
			return false
		}
		f[i] = [2]int{at, at + n}
		at += n + 1
	}
	f[fields-1] = [2]int{at, len(line)}
	return at < len(line) && bytes.IndexByte(line[at:], ' ') < 0
}

// splitBlanks splits a line as awk does, at any number of spaces and tabs, and reports whether it has the right number of fields.
func splitBlanks(line []byte, f *[fields][2]int) bool {
	n, in := 0, false
	for i, c := range line {
		blank := c == ' ' || c == '\t'
		switch {
		case in && blank:
			f[n-1][1] = i
		case !in && !blank:
			if n == fields {
				return false
			}
			f[n] = [2]int{i, len(line)}
			n++
		}
		in = !blank
	}
	return n == fields
}

// parseBytes reads the number of bytes sent, of which - means none.
func parseBytes(digits []byte) (n uint64, ok bool) {
	if len(digits) == 1 && digits[0] == '-' {
		return 0, true
	}
	if len(digits) == 0 || len(digits) > maxDigits {
		return 0, false
	}
	for _, c := range digits {
		if !isDigit(c) {
			return 0, false
		}
		n = n*10 + uint64(c-'0')
	}
	return n, true
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
