package workload

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"sync"
	"sync/atomic"
)

// fileSize is large beside the caches of a CPU, and small beside a page cache, in which it is to stay.
const fileSize = 64 << 20

// wantRoom is for errors.
const wantRoom = "want TMPDIR to name a directory with room for it"

// file is a temporary file of blocks, each of which has contents of its own. It has no name any more when newFile returns: the system takes it back
// when it is closed, or when the process ends in whatever way. Reads go through the page cache, where writing has left it.
type file struct {
	f      *os.File
	size   int // of a block
	blocks int
	rooms  sync.Pool // of *[]byte, a block each
	failed atomic.Pointer[error]
}

func newFile(size int) (*file, error) {
	f, err := os.CreateTemp("", "sedabench-*")
	if err != nil {
		return nil, fmt.Errorf("a file to read from: %w; %s", err, wantRoom)
	}
	d := &file{f: f, size: size, blocks: max(fileSize/size, 1)}
	d.rooms.New = func() any { b := make([]byte, size); return &b }
	if err = os.Remove(f.Name()); err == nil {
		err = d.fill()
	}
	if err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("a file of %d MiB to read from: %w; %s", fileSize>>20, err, wantRoom)
	}
	return d, nil
}

func (d *file) fill() error {
	block := make([]byte, d.size)
	for n := range d.blocks {
		write(block, n)
		if _, err := d.f.Write(block); err != nil {
			return err
		}
	}
	return nil
}

// stretch is how much of a block has the same contents: less than a page, so that no page of it goes unseen.
const stretch = 1 << 10

// write makes the contents of a block: in each stretch the number of the block and of the stretch, and then zeros.
func write(block []byte, n int) {
	for i, part := 0, block; len(part) > 0; i, part = i+1, part[stretch:] {
		binary.LittleEndian.PutUint64(part, mark(n, i))
	}
}

func mark(block, stretch int) uint64 { return uint64(block)<<32 | uint64(stretch) }

// read reads one block at random, and looks at each stretch of it.
func (d *file) read() {
	room := d.rooms.Get().(*[]byte)
	n := rand.IntN(d.blocks)
	if err := d.readBlock(*room, n); err != nil {
		d.failed.CompareAndSwap(nil, &err)
	}
	d.rooms.Put(room)
}

func (d *file) readBlock(block []byte, n int) error {
	at := int64(n) * int64(d.size)
	if _, err := d.f.ReadAt(block, at); err != nil {
		if err == io.EOF {
			err = io.ErrUnexpectedEOF // it has been cut
		}
		return fmt.Errorf("read %d bytes at %d: %w", d.size, at, err)
	}
	var want [8]byte
	for i := 0; i*stretch < len(block); i++ {
		binary.LittleEndian.PutUint64(want[:], mark(n, i))
		if got := block[i*stretch : i*stretch+8]; !bytes.Equal(got, want[:]) {
			return fmt.Errorf("read at %d: %x, want %x", at+int64(i*stretch), got, want)
		}
	}
	return nil
}

func (d *file) close() error { return d.f.Close() }
