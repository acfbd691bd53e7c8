// Files prints the SHA-256 digest of every file below the given directories, as sha256sum does. Reading blocks: it runs in a blocking stage,
// several files at a time, while the workers hash what has been read. Blocks of one file are read and hashed in their order, since both
// stages are keyed by file; memory is bounded by the rings, whatever the size of the files.
package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"log"
	"os"
	"path/filepath"
	"sync"

	"github.com/seda-go/seda/engine"
)

func main() {
	dirs := os.Args[1:]
	if len(dirs) == 0 {
		dirs = []string{"."}
	}
	if err := run(context.Background(), os.Stdout, dirs...); err != nil {
		log.Fatal(err)
	}
}

const (
	blockSize = 256 << 10
	readers   = 8
)

// block is a part of a file: to be read, then to be hashed.
type block struct {
	file  *file
	index int64
	data  *[]byte // what was read; in a buffer that is used again
	last  bool
}

// file is one that is being worked on. number is its key.
type file struct {
	name   string
	number uint64
}

func run(ctx context.Context, out io.Writer, dirs ...string) error {
	e := engine.New(engine.Config{})
	byFile := func(b block) uint64 { return b.file.number }
	read := engine.Add(e, engine.StageConfig[block]{Name: "read", Blocking: readers, Key: byFile, Capacity: 16})
	digest := engine.Add(e, engine.StageConfig[block]{Name: "digest", Key: byFile, Capacity: 16})
	show := engine.Add(e, engine.StageConfig[string]{Name: "show", Serial: true})
	problem := engine.Add(e, engine.StageConfig[engine.Failed[block]]{Name: "problem", Serial: true})
	toDigest, toShow := engine.Connect(read, digest), engine.Connect(digest, show)
	engine.OnFailure(read, problem)

	buffers := sync.Pool{New: func() any { b := make([]byte, blockSize); return &b }}
	open := engine.NewLocal(read, func() map[*file]*os.File { return map[*file]*os.File{} })
	read.Handle(func(c *engine.Context, b block) error {
		b.data = buffers.Get().(*[]byte)
		*b.data = (*b.data)[:blockSize]
		if err := b.read(*open.Get(c)); err != nil {
			buffers.Put(b.data)
			return err
		}
		toDigest.Emit(c, b)
		return nil
	})
	sums := engine.NewLocal(digest, func() map[*file]hash.Hash { return map[*file]hash.Hash{} })
	digest.Handle(func(c *engine.Context, b block) error {
		states := *sums.Get(c)
		sum := states[b.file]
		if sum == nil {
			sum = sha256.New()
			states[b.file] = sum
		}
		sum.Write(*b.data)
		buffers.Put(b.data)
		if b.last {
			delete(states, b.file)
			toShow.Emit(c, fmt.Sprintf("%x  %s", sum.Sum(nil), b.file.name))
		}
		return nil
	})
	var unwritten error // why lines are missing. A serial stage needs no lock for it
	show.Handle(func(_ *engine.Context, line string) error {
		if unwritten == nil {
			_, unwritten = fmt.Fprintln(out, line)
		}
		return nil
	})
	var problems []error
	problem.Handle(func(_ *engine.Context, f engine.Failed[block]) error { problems = append(problems, f.Err); return nil })

	if err := e.Start(ctx); err != nil {
		return err
	}
	err := errors.Join(submit(ctx, read, dirs), e.Drain(ctx)) // from here on nobody else touches what handlers have noted
	return errors.Join(err, unwritten, errors.Join(problems...))
}

// submit hands in every block of every regular file; it waits while the stage is full.
func submit(ctx context.Context, read *engine.Stage[block], dirs []string) error {
	number := uint64(0)
	for _, dir := range dirs {
		err := filepath.WalkDir(dir, func(name string, entry fs.DirEntry, err error) error {
			if err != nil || !entry.Type().IsRegular() {
				return err
			}
			info, err := entry.Info()
			if err != nil {
				return err
			}
			f := &file{name: name, number: number}
			number++
			blocks := max((info.Size()+blockSize-1)/blockSize, 1)
			for i := range blocks {
				if err := read.Submit(ctx, block{file: f, index: i, last: i == blocks-1}); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// read fills the block out of its file, which is open from the first block to the last.
func (b *block) read(open map[*file]*os.File) error {
	f := open[b.file]
	if b.index == 0 {
		var err error
		if f, err = os.Open(b.file.name); err != nil {
			return err
		}
		open[b.file] = f
	}
	if f == nil {
		return fmt.Errorf("%s: block %d of a file that could not be read", b.file.name, b.index)
	}
	n, err := f.ReadAt(*b.data, b.index*blockSize)
	if b.last || err != nil && err != io.EOF {
		delete(open, b.file)
		err = errors.Join(f.Close(), ignoreEOF(err))
	} else if n < blockSize {
		err = fmt.Errorf("%s has become shorter", b.file.name)
	}
	*b.data = (*b.data)[:n]
	return ignoreEOF(err)
}

func ignoreEOF(err error) error {
	if err == io.EOF {
		return nil
	}
	return err
}
