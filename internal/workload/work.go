package workload

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Work says how stages spend their service time. The zero value spins. It is immutable and safe for concurrent use.
type Work struct {
	text    string
	kind    workKind
	bytes   int // of the memory that a stage walks through, or of a read
	strided bool
}

type workKind uint8

const (
	spins workKind = iota
	walks
	sleeps
	reads
)

// The least of a size; the most memory of a stage, and the most that is read at once.
const (
	minSize   = 1 << 10
	maxMemory = 256 << 20
	maxRead   = 1 << 20
)

// WorkForms returns how each kind of work is written, for help and errors.
func WorkForms() []string {
	return []string{"spin", "memory:<KiB or MiB>", "memory:<KiB or MiB>,strided", "sleep", "file:<KiB or MiB>"}
}

// ParseWork reads a kind of work such as spin, memory:256KiB, memory:1MiB,strided, sleep or file:8KiB.
func ParseWork(text string) (Work, error) {
	name, arguments, given := strings.Cut(text, ":")
	i := slices.Index([]string{"spin", "memory", "sleep", "file"}, name)
	if i < 0 {
		return Work{}, fmt.Errorf("unknown work %q, want %s", name, strings.Join(WorkForms(), ", "))
	}
	w := Work{text: text, kind: workKind(i)}
	size, how, more := strings.Cut(arguments, ",")
	most := map[workKind]int{walks: maxMemory, reads: maxRead}[w.kind]
	if given != (most > 0) || more && (w.kind != walks || how != "strided") {
		return Work{}, fmt.Errorf("%q, want %s", text, strings.Join(WorkForms(), ", "))
	}
	if w.kind == spins {
		return Work{}, nil
	}
	w.strided = more
	var err error
	if most > 0 {
		w.bytes, err = parseSize(size, most)
	}
	return w, err
}

func parseSize(text string, most int) (int, error) {
	for _, u := range []struct {
		unit string
		one  int
	}{{"KiB", 1 << 10}, {"MiB", 1 << 20}} {
		if number, ok := strings.CutSuffix(text, u.unit); ok {
			n, err := strconv.Atoi(number)
			if err == nil && n >= 1 && n <= most/u.one {
				return n * u.one, nil
			}
		}
	}
	return 0, fmt.Errorf("size %q, want from %d KiB to %d MiB, such as 256KiB", text, minSize>>10, most>>20)
}

// String returns the text that ParseWork read.
func (w Work) String() string {
	if w.text == "" {
		return "spin"
	}
	return w.text
}

// Memory returns how much memory a stage walks through; 0 if it does not.
func (w Work) Memory() int {
	if w.kind != walks {
		return 0
	}
	return w.bytes
}

// Blocks reports whether a stage may wait while it has a request, so that it needs no CPU meanwhile.
func (w Work) Blocks() bool { return w.kind == sleeps || w.kind == reads }

// Computes reports whether the service time is that of a CPU.
func (w Work) Computes() bool { return w.kind != sleeps }

// Beside returns about how long a stage takes beside the service time: to read what is in the page cache.
func (w Work) Beside() time.Duration {
	if w.kind != reads {
		return 0
	}
	return 2*time.Microsecond + time.Duration(w.bytes) // at a GB/s
}
