package engine_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/engine"
)

// forked is a splitter in front of a serial, a keyed and a plain stage.
type forked struct {
	e      *engine.Engine
	sp     *engine.Splitter
	stages [3]*engine.Stage[numbered]
	seen   [3]log[numbered]
}

func newForked(t *testing.T, c engine.Config) *forked {
	f := &forked{e: newEngine(t, c)}
	key := func(b numbered) uint64 { return uint64(b.from) }
	f.stages[0] = engine.Add(f.e, engine.StageConfig[numbered]{Name: "serial", Capacity: 4, Serial: true})
	f.stages[1] = engine.Add(f.e, engine.StageConfig[numbered]{Name: "keyed", Capacity: 4, Key: key})
	f.stages[2] = engine.Add(f.e, engine.StageConfig[numbered]{Name: "plain", Capacity: 4, Classes: 2})
	f.sp = engine.NewSplitter(f.e, engine.SplitterConfig{Name: "split", Capacity: 4, Waiters: 3}, f.stages[0], f.stages[1], f.stages[2])
	for i, s := range f.stages {
		s.Handle(func(_ *engine.Context, b numbered) error { f.seen[i].add(b); return nil })
	}
	return f
}

// parts returns a submission of random size, at least one event, some of them for the same stage, and how many events it has.
func (f *forked) parts(submission int, r *rand.Rand) (parts []engine.Part, n int) {
	for n == 0 {
		parts = parts[:0]
		for range r.IntN(6) {
			vs := make([]numbered, r.IntN(9))
			for i := range vs {
				vs[i] = numbered{submission, n}
				n++
			}
			parts = append(parts, engine.For(f.stages[r.IntN(3)], vs...))
			clear(vs) // For has copied them
		}
	}
	return parts, n
}

// Every event of an accepted submission arrives once, and none of one that was refused, however full the stages are.
func TestSubmitAllConservation(t *testing.T) {
	const callers, each = 5, 300
	first := seed(t)
	for _, c := range []engine.Config{oneShared, twoShared, onePinned, twoPinned} {
		f := newForked(t, c)
		start(t, f.e)
		var sizes [callers * each]int // of accepted submissions
		var refused atomic.Int64
		var wg sync.WaitGroup
		for caller := range callers {
			wg.Go(func() {
				r := rand.New(rand.NewPCG(first, uint64(caller)))
				for i := range each {
					id := caller*each + i
					parts, n := f.parts(id, r)
					err := submitSomehow(t, f.sp, i, parts)
					if err == nil {
						sizes[id] = n
						continue
					}
					refused.Add(1)
					if !errors.Is(err, engine.ErrFull) && !errors.Is(err, engine.ErrRefused) && !errors.Is(err, context.Canceled) {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		st := drain(t, f.e).Stage("split")
		require.EqualValues(t, refused.Load(), st.Inlets[0].Refused)
		require.EqualValues(t, callers*each-refused.Load(), st.Completed)
		arrived := map[numbered]bool{}
		for k := range f.seen {
			for _, b := range f.seen[k].all() {
				require.False(t, arrived[b], "%v came twice", b)
				require.Less(t, b.n, sizes[b.from], "%v was refused", b)
				arrived[b] = true
			}
		}
		total := 0
		for _, n := range sizes {
			total += n
		}
		require.Len(t, arrived, total)
	}
}

// submitSomehow waits for room, or not, or not for long.
func submitSomehow(t *testing.T, sp *engine.Splitter, i int, parts []engine.Part) error {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	switch i % 3 {
	case 0:
		return sp.TrySubmitAll(parts...)
	case 1:
		go cancel()
	}
	return sp.SubmitAll(ctx, parts...)
}

// Submissions enter all stages in one order, in which those of one caller are as it made them.
func TestSubmitAllOrder(t *testing.T) {
	const callers, each = 4, 2000
	for _, c := range []engine.Config{oneShared, twoShared, twoPinned} {
		e := newEngine(t, c)
		var stages [2]*engine.Stage[numbered]
		var seen [2][]numbered // no lock: serial stages
		for i := range stages {
			stages[i] = engine.Add(e, engine.StageConfig[numbered]{Name: string(rune('a' + i)), Capacity: 8 << (4 * i), Serial: true})
			stages[i].HandleBatch(func(_ *engine.Context, vs []numbered) error { seen[i] = append(seen[i], vs...); return nil })
		}
		sp := engine.NewSplitter(e, engine.SplitterConfig{Name: "split"}, stages[0], stages[1])
		start(t, e)
		var wg sync.WaitGroup
		for caller := range callers {
			wg.Go(func() {
				for n := 0; n < each; n += 2 {
					a, b := numbered{caller, n}, numbered{caller, n + 1}
					if err := sp.SubmitAll(t.Context(), engine.For(stages[1], a), engine.For(stages[0], a, b), engine.For(stages[1], b)); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		drain(t, e)
		require.Len(t, seen[0], callers*each)
		require.Equal(t, seen[0], seen[1])
		var next [callers]int
		for _, v := range seen[0] {
			require.Equal(t, next[v.from], v.n)
			next[v.from]++
		}
	}
}

// blocked is a splitter in front of a stage that stands still, with a ring of two, and of one that does not.
type blocked struct {
	e           *engine.Engine
	sp          *engine.Splitter
	stuck, free *engine.Stage[int]
	gate        *gate
	seen        log[int] // by stuck
}

func newBlocked(t *testing.T, waiters int) *blocked {
	h := &blocked{e: newEngine(t, engine.Config{Workers: 2, Kind: engine.Shared, Assign: map[string][]int{"split": {0}, "free": {0}, "stuck": {1}}})}
	h.gate = newGate(t)
	h.stuck = engine.Add(h.e, stageConfig{Name: "stuck", Capacity: 2, MaxBatch: 1, Serial: true})
	h.stuck.Handle(func(_ *engine.Context, v int) error { h.gate.pass(); h.seen.add(v); return nil })
	h.free = add(h.e, stageConfig{Name: "free"})
	h.sp = engine.NewSplitter(h.e, engine.SplitterConfig{Name: "split", Capacity: 2, Waiters: waiters}, h.stuck, h.free)
	start(t, h.e)
	return h
}

// both returns n events for each stage, for stuck from the number from on.
func (h *blocked) both(from, n int) []engine.Part {
	return []engine.Part{engine.For(h.stuck, count(from + n)[from:]...), engine.For(h.free, count(n)...)}
}

// fill submits events 0 to 15: one is in stuck's hand, two in its ring, seven are owed, and the splitter's ring is full.
func (h *blocked) fill(t *testing.T) {
	t.Helper()
	require.NoError(t, h.sp.TrySubmitAll(h.both(0, 10)...))
	h.gate.wait(t)
	eventually(t, "the first is delivered as far as possible", func() bool { return h.depth("split") == 0 && h.e.Asleep(0) })
	require.Equal(t, 7, h.e.Stats().Stage("split").Edges[0].Owed)
	require.NoError(t, h.sp.TrySubmitAll(h.both(10, 5)...))
	require.NoError(t, h.sp.TrySubmitAll(h.both(15, 1)...))
}

func (h *blocked) depth(stage string) int { return h.e.Stats().Stage(stage).Depth }

// With a stage full submissions wait in the splitter, then in front of it; all of their events arrive, in order, once there is room.
func TestSubmitAllToAFullStage(t *testing.T) {
	h := newBlocked(t, 1)
	h.fill(t)
	err := h.sp.TrySubmitAll(engine.For(h.free, 1))
	require.ErrorIs(t, err, engine.ErrFull, "although its stage has room")
	require.ErrorContains(t, err, "stage split: ")
	waiting := async(func() error { return h.sp.SubmitAll(limited(t), h.both(16, 1000)...) })
	eventually(t, "SubmitAll waits", func() bool { return h.e.Stats().Stage("split").Inlets[0].Waiting == 1 })
	require.ErrorIs(t, h.sp.SubmitAll(limited(t), h.both(0, 1)...), engine.ErrRefused)
	require.Equal(t, 2, h.depth("split"))
	require.EqualValues(t, 10, h.e.Stats().Stage("free").Completed)
	h.gate.open()
	require.NoError(t, receive(t, waiting))
	s := drain(t, h.e)
	require.Equal(t, count(1016), h.seen.all())
	require.EqualValues(t, 1016, s.Stage("free").Completed)
	require.Equal(t, engine.InletStats{Name: "submit", Offered: 6, Accepted: 4, Refused: 2}, s.Stage("split").Inlets[0])
}

// A caller that stops waiting has submitted nothing.
func TestSubmitAllContextEnds(t *testing.T) {
	h := newBlocked(t, 0)
	h.fill(t)
	ctx, cancel := context.WithCancel(t.Context())
	gone := async(func() error { return h.sp.SubmitAll(ctx, engine.For(h.stuck, -1), engine.For(h.free, -1)) })
	eventually(t, "SubmitAll waits", func() bool { return h.e.Stats().Stage("split").Inlets[0].Waiting == 1 })
	cancel()
	require.ErrorIs(t, receive(t, gone), context.Canceled)
	h.gate.open()
	drain(t, h.e)
	require.Equal(t, count(16), h.seen.all())
}

// loss is an event that tells when it is lost.
type loss struct {
	n    int
	lost *log[error]
}

func (l loss) Lost(err error) { l.lost.add(err) }

// What Close leaves, in the splitter's ring, owed and in the ring of the stage, is reported and answered.
func TestSubmitAllClose(t *testing.T) {
	e := newEngine(t, engine.Config{Workers: 2, Kind: engine.Shared, Assign: map[string][]int{"split": {0}, "stuck": {1}}})
	g := newGate(t)
	stuck := engine.Add(e, engine.StageConfig[loss]{Name: "stuck", Capacity: 2, MaxBatch: 1})
	stuck.Handle(func(*engine.Context, loss) error { g.pass(); return nil })
	sp := engine.NewSplitter(e, engine.SplitterConfig{Name: "split"}, stuck)
	start(t, e)
	var lost log[error]
	three := engine.For(stuck, loss{0, &lost}, loss{1, &lost}, loss{2, &lost})
	require.NoError(t, sp.TrySubmitAll(three, three)) // one in the hand, two in the ring, three owed
	g.wait(t)
	eventually(t, "it is delivered as far as possible", func() bool { return e.Stats().Stage("split").Completed == 1 && e.Asleep(0) })
	require.NoError(t, sp.TrySubmitAll(three, three))
	require.NoError(t, sp.TrySubmitAll(three))
	closed := async(e.Close)
	eventually(t, "workers are to stop", e.Stopping)
	require.ErrorIs(t, sp.TrySubmitAll(three), engine.ErrClosed)
	require.ErrorIs(t, sp.SubmitAll(limited(t), three), engine.ErrClosed)
	g.open()
	var left *engine.RemainsError
	require.ErrorAs(t, receive(t, closed), &left)
	require.Equal(t, []engine.Remains{{Stage: "stuck", Events: 5}, {Stage: "split", Events: 2}}, left.Stages)
	require.Len(t, lost.all(), 5+9)
	for _, err := range lost.all() {
		require.ErrorIs(t, err, engine.ErrClosed)
	}
}

// What a submission must not be is an error, and nothing of it is accepted.
func TestSubmitAllMisuse(t *testing.T) {
	e, other := newEngine(t, twoShared), newEngine(t, oneShared)
	a, b, c := add(e, stageConfig{Name: "a", Capacity: 2}), add(e, stageConfig{Name: "b"}), add(e, stageConfig{Name: "c"})
	far := add(other, stageConfig{Name: "far"})
	keyed := engine.Add(e, stageConfig{Name: "keyed", Key: func(v int) uint64 {
		if v < 0 {
			panic("no key")
		}
		return uint64(v)
	}})
	keyed.Handle(ignore)
	sp := engine.NewSplitter(e, engine.SplitterConfig{Name: "split"}, a, b, keyed)
	fails := func(want error, text string, parts ...engine.Part) {
		t.Helper()
		for _, err := range []error{sp.TrySubmitAll(parts...), sp.SubmitAll(limited(t), parts...)} {
			require.ErrorIs(t, err, want)
			require.ErrorContains(t, err, text)
		}
	}
	fails(engine.ErrNotStarted, "stage split: ", engine.For(a, 1))
	fails(engine.ErrNotStarted, "stage split: ")
	start(t, e)
	start(t, other)
	late := engine.NewSplitter(e, engine.SplitterConfig{Name: "late"}, a)
	require.ErrorIs(t, late.TrySubmitAll(engine.For(a, 1)), engine.ErrNotStarted)
	fails(engine.ErrWrongStage, "stage split: wrong stage: c is not one the splitter was made for", engine.For(a, 1), engine.For(c, 1))
	fails(engine.ErrWrongStage, "far is not one", engine.For(far, 1), engine.For(a, 1))
	fails(engine.ErrWrongStage, "far is not one", engine.For(far), engine.For(a, 1))
	fails(engine.ErrWrongStage, "stage split: wrong stage: a part names none", engine.For[int](nil, 1), engine.For(a, 1))
	fails(engine.ErrRunaway, "stage split: too many events: 1025 for stage a, want at most 1024", engine.For(b, 1), engine.For(a, make([]int, 1025)...))
	fails(engine.ErrRunaway, "1025 for stage a", engine.For(a, 1), engine.For(b, 1), engine.For(a, make([]int, 1024)...))
	var p *engine.PanicError
	err := sp.TrySubmitAll(engine.For(a, 1), engine.For(keyed, 1, -1))
	require.ErrorAs(t, err, &p)
	require.Equal(t, "no key", p.Value)
	require.ErrorContains(t, err, "stage split: stage keyed: key: panicked: no key")
	for _, parts := range [][]engine.Part{nil, {}, {engine.Part{}}, {engine.For(a), engine.Part{}, engine.For(b)}} {
		require.NoError(t, sp.TrySubmitAll(parts...))
		require.NoError(t, sp.SubmitAll(limited(t), parts...))
	}
	require.Zero(t, e.Stats().Stage("split").Entered)
	most := make([]int, 1024)
	require.NoError(t, sp.TrySubmitAll(engine.For(a, most...), engine.Part{}, engine.For(b, most...), engine.For(keyed, most...)), "more than the rings hold")
	s := drain(t, e)
	require.EqualValues(t, 1, s.Stage("split").Completed)
	for _, name := range []string{"a", "b", "keyed"} {
		require.EqualValues(t, 1024, s.Stage(name).Completed, name)
	}
	require.Zero(t, drain(t, other).Stage("far").Entered)
}

// A key function that is not pure, and panics after all, fails the whole submission: nothing of it arrives, and all its events are told.
func TestSubmitAllKeyPanicsLate(t *testing.T) {
	e := newEngine(t, twoShared)
	a := engine.Add(e, engine.StageConfig[loss]{Name: "a"})
	var calls atomic.Int64
	keyed := engine.Add(e, engine.StageConfig[loss]{Name: "keyed", Key: func(loss) uint64 {
		if calls.Add(1) == 4 { // the second event, when it is emitted
			panic(errBroken)
		}
		return 1
	}})
	a.Handle(ignore)
	keyed.Handle(ignore)
	sp := engine.NewSplitter(e, engine.SplitterConfig{Name: "split"}, a, keyed)
	start(t, e)
	var lost log[error]
	one, two := engine.For(a, loss{0, &lost}), engine.For(keyed, loss{1, &lost}, loss{2, &lost})
	require.NoError(t, sp.TrySubmitAll(one, two))
	eventually(t, "it fails", func() bool { return e.Stats().Stage("split").Failed == 1 })
	require.NoError(t, sp.TrySubmitAll(one, two))
	s := drain(t, e)
	require.Len(t, lost.all(), 3)
	for _, err := range lost.all() {
		require.ErrorIs(t, err, errBroken)
	}
	require.EqualValues(t, 1, s.Stage("a").Completed)
	require.EqualValues(t, 2, s.Stage("keyed").Completed)
}

func TestSplitterConfig(t *testing.T) {
	for want, build := range map[string]func(*engine.Engine, *engine.Stage[int]){
		`stage "split": is a splitter without stages`: func(e *engine.Engine, _ *engine.Stage[int]) {
			engine.NewSplitter(e, engine.SplitterConfig{Name: "split"})
		},
		`stage "split": is a splitter that names stage "a" twice`: func(e *engine.Engine, a *engine.Stage[int]) {
			engine.NewSplitter(e, engine.SplitterConfig{Name: "split"}, a, a)
		},
		`stage "split": is a splitter whose stage number 2 is nil`: func(e *engine.Engine, a *engine.Stage[int]) {
			engine.NewSplitter(e, engine.SplitterConfig{Name: "split"}, a, nil)
		},
		`stage "split": edge split -> far leads to a stage of another engine`: func(e *engine.Engine, a *engine.Stage[int]) {
			engine.NewSplitter(e, engine.SplitterConfig{Name: "split"}, a, add(engine.New(engine.Config{}), stageConfig{Name: "far"}))
		},
		`stage "split": Capacity: ring: capacity 3 is not`: func(e *engine.Engine, a *engine.Stage[int]) {
			engine.NewSplitter(e, engine.SplitterConfig{Name: "split", Capacity: 3}, a)
		},
		`two stages are named "a"`: func(e *engine.Engine, a *engine.Stage[int]) {
			engine.NewSplitter(e, engine.SplitterConfig{Name: "a"}, a)
		},
	} {
		e := newEngine(t, oneShared)
		build(e, add(e, stageConfig{Name: "a"}))
		require.ErrorContains(t, e.Start(t.Context()), want)
	}
}
