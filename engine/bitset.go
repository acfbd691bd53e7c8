package engine

import (
	"math/bits"
	"sync/atomic"

	"github.com/seda-go/seda/internal/yield"
	"github.com/seda-go/seda/sched"
)

// cacheLine is a safe distance between words that different cores write: two lines, since some CPUs fetch lines in pairs.
const cacheLine = 128

// bitset is a set of stage or worker indices that any goroutine may change. Every change is an atomic read-modify-write and as such
// also a full fence, which the wake-up protocol relies on (see wake.go). Every access is a step that others may come in before.
type bitset struct {
	_    [cacheLine]byte
	word [sched.MaxSet / 64]atomic.Uint64
	_    [cacheLine]byte
	used int // words in use; set before the engine starts
}

func (b *bitset) size(n int) { b.used = (n + 63) / 64 }

func (b *bitset) set(i int) {
	yield.Point()
	b.word[i>>6].Or(1 << (i & 63))
}

// clear takes i out and reports whether it was in: of several callers one gets true.
func (b *bitset) clear(i int) bool {
	yield.Point()
	m := uint64(1) << (i & 63)
	return b.word[i>>6].And(^m)&m != 0
}

func (b *bitset) has(i int) bool {
	yield.Point()
	return b.word[i>>6].Load()&(1<<(i&63)) != 0
}

func (b *bitset) any() bool {
	yield.Point()
	for k := range b.used {
		if b.word[k].Load() != 0 {
			return true
		}
	}
	return false
}

// load returns a copy; words are read one after the other.
func (b *bitset) load() (s sched.Set) {
	yield.Point()
	for k := range b.used {
		s[k] = b.word[k].Load()
	}
	return s
}

// within returns what is also in mask.
func (b *bitset) within(mask *sched.Set) (s sched.Set) {
	yield.Point()
	for k := range b.used {
		s[k] = b.word[k].Load() & mask[k]
	}
	return s
}

// take empties the set and returns what was in it.
func (b *bitset) take() (s sched.Set) {
	yield.Point()
	for k := range b.used {
		if b.word[k].Load() != 0 {
			s[k] = b.word[k].Swap(0)
		}
	}
	return s
}

// bag holds numbers for whoever takes them, in no particular order. Any goroutine may use it; nothing in it can fail or wait. Every change
// is a full fence, and every access a step as those of a bitset.
type bag struct{ word []atomic.Uint64 }

func (b *bag) size(n int) { b.word = make([]atomic.Uint64, (n+63)/64) }

func (b *bag) put(i int) {
	yield.Point()
	b.word[i>>6].Or(1 << (i & 63))
}

// take takes the smallest number, or returns -1.
func (b *bag) take() int { return b.takeBelow(len(b.word) << 6) }

// takeBelow takes the smallest number if it is less than most, or returns -1.
func (b *bag) takeBelow(most int) int {
	yield.Point()
	for k := range b.word {
		for v := b.word[k].Load(); v != 0; v = b.word[k].Load() {
			if k<<6+bits.TrailingZeros64(v) >= most {
				return -1
			}
			lowest := v & -v
			if b.word[k].And(^lowest)&lowest != 0 {
				return k<<6 + bits.TrailingZeros64(lowest)
			}
		}
	}
	return -1
}

// below reports whether there is a number less than most.
func (b *bag) below(most int) bool {
	yield.Point()
	for k := range b.word {
		if v := b.word[k].Load(); v != 0 {
			return k<<6+bits.TrailingZeros64(v) < most
		}
	}
	return false
}

func (b *bag) empty() bool {
	yield.Point()
	for k := range b.word {
		if b.word[k].Load() != 0 {
			return false
		}
	}
	return true
}

func (b *bag) len() (n int) {
	yield.Point()
	for k := range b.word {
		n += bits.OnesCount64(b.word[k].Load())
	}
	return n
}
