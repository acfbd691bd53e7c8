package main

import "github.com/seda-go/seda/internal/mutants"

// The slots that hold events, and where things stand in memory.
var events = []mutants.Mutant{
	{
		Rule: "slots", What: "a popped batch is not cleared", File: "slots.go",
		Old: `		clear(s.buf[i : i+uint64(n)])
`,
		New: `		_ = s.buf[i : i+uint64(n)]
`,
		Tests: "TestPoppedSlotsAreCleared",
	},
	{
		Rule: "slots", What: "the wrapped part of a popped batch is not cleared", File: "slots.go",
		Old: `		clear(s.buf[:len(dst)-n])
`,
		New:   ``,
		Tests: "TestRandomOps",
	},
	{
		Rule: "slots", What: "a single slot is not cleared", File: "slots.go",
		Old: `		*slot = zero
`,
		New: `		_ = zero
`,
		Tests: "TestPoppedSlotsAreCleared",
	},
	{
		Rule: "slots", What: "a slot of Slot is not cleared", File: "slot.go",
		Old: `		s.event = zero
`,
		New: `		_ = zero
`,
		Tests: "TestPoppedSlotsAreCleared",
	},
	{
		Rule: "slots", What: "an array of pointers is taken for none", File: "slots.go",
		Old: `		return t.Len() > 0 && hasPointers(t.Elem())
`,
		New: `		return false
`,
		Tests: "TestHasPointers",
	},
	{
		Rule: "slots", What: "the wrapped part of a batch is its beginning again", File: "slots.go",
		Old: `		copy(s.buf, items[n:])
`,
		New: `		copy(s.buf, items)
`,
		Tests: "TestRandomOps",
	},
	{
		Rule: "slots", What: "the wrapped part of a popped batch is left out", File: "slots.go",
		Old: `	if n < len(dst) {
		copy(dst[n:], s.buf)
	}
`,
		New:   ``,
		Tests: "TestRandomOps",
	},
	{
		Rule: "layout", What: "words of different cores stand eight bytes apart", File: "layout.go",
		Old: `const falseSharing = 128
`,
		New: `const falseSharing = 8
`,
		Tests: "TestLayout",
	},
}
