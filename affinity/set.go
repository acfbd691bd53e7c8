package affinity

import (
	"fmt"
	"math/bits"
	"strings"
)

// maxCPUs bounds the CPU ids a Set holds, so that a hostile list such as
// "0-4000000000" is an error and not half a gigabyte. Linux stops at 8192.
const maxCPUs = 1 << 22

// Set is a set of CPU ids, as the kernel numbers them. It is an immutable
// value: methods return new sets, == compares contents, and a Set can be a map
// key. The zero value is the empty set. Safe for concurrent use.
type Set struct {
	// bits holds id i in bit i%8 of byte i/8 and never ends in a zero byte,
	// which makes equal sets equal strings.
	bits string
}

// Of returns the set of the given ids. It panics on an id that is negative or
// above the four million that a Set can hold; use Parse for ids from outside.
func Of(cpus ...int) Set {
	var b builder
	for _, c := range cpus {
		b.add(c)
	}
	return b.set()
}

// Len returns how many CPUs are in s.
func (s Set) Len() int {
	n := 0
	for i := range len(s.bits) {
		n += bits.OnesCount8(s.bits[i])
	}
	return n
}

// Empty reports whether s has no CPU.
func (s Set) Empty() bool { return s.bits == "" }

// Has reports whether cpu is in s; false for any id out of range.
func (s Set) Has(cpu int) bool {
	return cpu >= 0 && cpu/8 < len(s.bits) && s.bits[cpu/8]&(1<<(cpu%8)) != 0
}

// Equal reports whether s and t hold the same CPUs; it is s == t.
func (s Set) Equal(t Set) bool { return s == t }

// With returns s and cpu. It panics where Of does.
func (s Set) With(cpu int) Set {
	if s.Has(cpu) {
		return s
	}
	b := builder{bytes: []byte(s.bits)}
	b.add(cpu)
	return b.set()
}

// Without returns s less cpu.
func (s Set) Without(cpu int) Set {
	if !s.Has(cpu) {
		return s
	}
	b := builder{bytes: []byte(s.bits)}
	b.bytes[cpu/8] &^= 1 << (cpu % 8)
	return b.set()
}

// And returns the CPUs that are in both s and t.
func (s Set) And(t Set) Set {
	b := builder{bytes: make([]byte, min(len(s.bits), len(t.bits)))}
	for i := range b.bytes {
		b.bytes[i] = s.bits[i] & t.bits[i]
	}
	return b.set()
}

// Or returns the CPUs that are in s or in t.
func (s Set) Or(t Set) Set {
	if len(s.bits) < len(t.bits) {
		s, t = t, s
	}
	b := builder{bytes: []byte(s.bits)}
	for i := range len(t.bits) {
		b.bytes[i] |= t.bits[i]
	}
	return b.set()
}

// AndNot returns the CPUs of s that are not in t.
func (s Set) AndNot(t Set) Set {
	b := builder{bytes: []byte(s.bits)}
	for i := range min(len(s.bits), len(t.bits)) {
		b.bytes[i] &^= t.bits[i]
	}
	return b.set()
}

// Contains reports whether every CPU of t is in s.
func (s Set) Contains(t Set) bool { return t.AndNot(s).Empty() }

// Min returns the smallest id in s, or -1 if s is empty.
func (s Set) Min() int {
	for i := range len(s.bits) {
		if s.bits[i] != 0 {
			return i*8 + bits.TrailingZeros8(s.bits[i])
		}
	}
	return -1
}

// Max returns the largest id in s, or -1 if s is empty.
func (s Set) Max() int {
	if s.bits == "" {
		return -1
	}
	last := len(s.bits) - 1
	return last*8 + bits.Len8(s.bits[last]) - 1
}

// CPUs returns the ids in s in ascending order, in a slice of the caller's own.
func (s Set) CPUs() []int {
	ids := make([]int, 0, s.Len())
	for i := range len(s.bits) {
		for b := s.bits[i]; b != 0; b &= b - 1 {
			ids = append(ids, i*8+bits.TrailingZeros8(b))
		}
	}
	return ids
}

// String returns s in the kernel's list form, such as "0-3,8"; "" if s is
// empty. Parse reads it back.
func (s Set) String() string {
	var out strings.Builder
	first, last := -1, -1
	flush := func() {
		if first < 0 {
			return
		}
		if out.Len() > 0 {
			out.WriteByte(',')
		}
		fmt.Fprintf(&out, "%d", first)
		if last > first {
			fmt.Fprintf(&out, "-%d", last)
		}
	}
	for _, c := range s.CPUs() {
		if first >= 0 && c == last+1 {
			last = c
			continue
		}
		flush()
		first, last = c, c
	}
	flush()
	return out.String()
}

// Mask returns s in the kernel's mask form: 32-bit words in hexadecimal,
// highest first, split by commas, such as "ff,00000001"; "0" if s is empty.
// ParseMask reads it back.
func (s Set) Mask() string {
	words := (len(s.bits) + 3) / 4
	if words == 0 {
		return "0"
	}
	var out strings.Builder
	for w := words - 1; w >= 0; w-- {
		var v uint32
		for i := w * 4; i < min(w*4+4, len(s.bits)); i++ {
			v |= uint32(s.bits[i]) << (8 * (i % 4))
		}
		if w == words-1 {
			fmt.Fprintf(&out, "%x", v)
		} else {
			fmt.Fprintf(&out, ",%08x", v)
		}
	}
	return out.String()
}

// MarshalText returns the list form, so that a Set reads well in JSON.
func (s Set) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText sets s to what Parse makes of text, so that a Set can be a
// command-line flag.
func (s *Set) UnmarshalText(text []byte) error {
	t, err := Parse(string(text))
	if err == nil {
		*s = t
	}
	return err
}

// builder is a Set under construction.
type builder struct{ bytes []byte }

func (b *builder) add(cpu int) { b.addRange(cpu, cpu) }

// addRange adds first to last, both included; first <= last.
func (b *builder) addRange(first, last int) {
	if first < 0 || last >= maxCPUs {
		panic(fmt.Sprintf("affinity: CPU range %d-%d is not within 0-%d", first, last, maxCPUs-1))
	}
	if need := last/8 + 1; need > len(b.bytes) {
		b.bytes = append(b.bytes, make([]byte, need-len(b.bytes))...)
	}
	for c := first; c <= last; c++ {
		b.bytes[c/8] |= 1 << (c % 8)
	}
}

func (b *builder) set() Set {
	n := len(b.bytes)
	for n > 0 && b.bytes[n-1] == 0 {
		n--
	}
	return Set{bits: string(b.bytes[:n])}
}
