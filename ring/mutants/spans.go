package main

import "github.com/seda-go/seda/internal/mutants"

// What MPMC and MPSC share: words, headers and stamps of spans.
var spans = []mutants.Mutant{
	{
		Rule: "span", What: "a header is believed whatever its lap", File: "span.go",
		Old: `	if h^pos > spanMask {`, New: `	if false {`,
		Tests: "TestRandomOps",
	},
	{
		Rule: "span", What: "of the lap one bit is compared", File: "span.go",
		Old: `	if h^pos > spanMask {`, New: `	if (h^pos)&(spanMask+1) != 0 {`,
		Tests: "TestRandomOps",
	},
	{
		Rule: "span", What: "a header says one event less", File: "span.go",
		Old: `return pos&^spanMask | (n - 1) }`, New: `return pos&^spanMask | (n - 1) - (n-1)>>1&1 }`,
		Tests: "TestRandomOps",
	},
	{
		Rule: "span", What: "spans of a new ring are a lap off", File: "span.go",
		Old: `header((pos-uint64(capacity))&posMask, 1, l.spanMask)`, New: `header(pos, 1, l.spanMask)`,
		Tests: "TestEmpty",
	},
	{
		Rule: "span", What: "a merged run of full spans is one too long", File: "span.go",
		Old: `		run += length
`,
		New: `		run += length + 1
`,
		Tests: "TestRandomOps",
	},
	{
		Rule: "span", What: "a header is looked for at a position that is not wrapped", File: "span.go",
		Old: `	pos &= posMask
`, New: ``,
		Tests: "TestRandomOps",
	},
	{
		Rule: "span", What: "the stamp of a remainder is read one slot too far", File: "span.go",
		Old: `(pos+run-1)&l.mask`, New: `(pos+run)&l.mask`,
		Tests: "TestFIFOAndStamps",
	},
	{
		Rule: "span", What: "no stamp at the last slot of a span of two", File: "span.go",
		Old: `	if n > 1 {
		release`,
		New: `	if n > 2 {
		release`,
		Tests: "TestRandomOps",
	},
	{
		Rule: "span", What: "the stamp is written after the header", File: "span.go",
		Old: `	release.Relaxed(&start.stamp, uint64(stamp))
	if n > 1 {
		release.Relaxed(&l.ends[(pos+n-1)&l.mask], uint64(stamp))
	}
	// Pairs with the load in length: who sees the header sees the slots and
	// the stamps.
	release.Store(&start.header, header(pos, n, l.spanMask))
`,
		New: `	release.Store(&start.header, header(pos, n, l.spanMask))
	window()
	release.Relaxed(&start.stamp, uint64(stamp))
	if n > 1 {
		release.Relaxed(&l.ends[(pos+n-1)&l.mask], uint64(stamp))
	}
`,
		Tests: "TestSchedules", Build: "yield",
	},
	{
		Rule: "span", What: "a long batch is published from the front, in pieces that others see", File: "span.go",
		Old: `		last := (n-1)&l.spanMask + 1
		n -= last
		l.publishSpan((pos+n)&posMask, last, stamp)
`,
		New: `		l.publishSpan(pos, l.spanMask+1, stamp)
		window()
		pos, n = (pos+l.spanMask+1)&posMask, n-l.spanMask-1
`,
		Tests: "TestLongBatchAppearsAtOnce", Build: "yield",
	},
	{
		Rule: "span", What: "HeadTime does not look at the head again", File: "span.go",
		Old: `		if head.Load() == w {
`,
		New: `		if true {
`,
		Tests: "TestSchedulesOfReaders", Build: "yield",
	},
	{
		Rule: "release", What: "a span is published by a relaxed store", File: "span.go",
		Old: `	release.Store(&start.header, header(pos, n, l.spanMask))
`,
		New: `	release.Relaxed(&start.header, header(pos, n, l.spanMask))
`,
		Model: "mpmc -DWEAK -DRELAXED_PUBLISH",
	},
}
