package engine

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// listed is a wheel made of a sorted list.
type listed []timer

func (l *listed) add(t timer) {
	*l = append(*l, t)
	slices.SortStableFunc(*l, func(a, b timer) int { return cmp.Compare(a.due, b.due) })
}

func (l *listed) take(now Time) (due []timer) {
	for len(*l) > 0 && (*l)[0].due <= now {
		due = append(due, (*l)[0])
		*l = (*l)[1:]
	}
	return due
}

// runWheel does what the numbers say to a wheel and to a list, and compares them.
func runWheel(t *testing.T, r *rand.Rand, ops int) {
	now := Time(r.Int64N(1 << r.IntN(50)))
	w, want := newWheel(now), listed{}
	sleep := func() time.Duration { return time.Duration(r.Int64N(1 << (1 + r.IntN(48)))) } // of any order of magnitude
	recent := []Time{now}
	for n := range ops {
		if r.IntN(3) > 0 {
			due := now + Time(sleep())
			switch r.IntN(4) {
			case 0:
				due = recent[r.IntN(len(recent))] // again, or in the past
			case 1:
				due = max(due, 64<<tickBits) >> (tickBits + 6) << (tickBits + 6) // at the seam of two levels
			}
			recent = append(recent, due)
			w.add(timer{due, int32(n % 7), int32(n)})
			want.add(timer{due, int32(n % 7), int32(n)})
		}
		if r.IntN(3) == 0 {
			now += Time(sleep())
			require.Equal(t, want.take(now), slices.Clip(w.take(now, nil)), "at %d", now)
		}
		earliest := never
		if len(want) > 0 {
			earliest = want[0].due
		}
		require.LessOrEqual(t, w.next(), earliest)
		require.Equal(t, len(want) == 0, w.next() == never)
	}
	require.Equal(t, []timer(want), append([]timer{}, w.take(never, nil)...))
	require.Equal(t, never, w.next())
}

// A wheel gives out what a sorted list would: everything that is due, nothing else, in order, whatever the times.
func TestWheelIsASortedList(t *testing.T) {
	first := uint64(fromEnv(t, "TEST_SEED", int(time.Now().UnixNano()&0xffff)))
	t.Logf("TEST_SEED=%d", first)
	for seed := first; seed < first+uint64(shorter(1000)); seed++ {
		runWheel(t, rand.New(rand.NewPCG(seed, 0)), 100)
		require.False(t, t.Failed(), "TEST_SEED=%d", seed)
	}
}

func FuzzWheel(f *testing.F) {
	f.Add(uint64(1), uint64(2))
	f.Fuzz(func(t *testing.T, a, b uint64) { runWheel(t, rand.New(rand.NewPCG(a, b)), 200) })
}

// Whoever sleeps until next and takes then is there in time for each timer, after as many steps as there are levels at most.
func TestWheelNextLeadsToEveryTimer(t *testing.T) {
	for _, due := range []Time{
		0, 1, 1<<tickBits - 1, 1 << tickBits, 64<<tickBits - 1, 64 << tickBits, 65<<tickBits + 7,
		Time(time.Second), Time(time.Hour), Time(1000 * time.Hour), 1<<62 + 5, math.MaxInt64 - 1,
	} {
		w := newWheel(0)
		w.add(timer{due: due})
		steps := 0
		for now := Time(0); ; steps++ {
			now = max(w.next(), now)
			require.LessOrEqual(t, now, due)
			if got := w.take(now, nil); len(got) > 0 {
				require.Equal(t, due, now)
				break
			}
		}
		require.Less(t, steps, levels, "due at %d", due)
		require.Equal(t, never, w.next())
	}
}

// Timers of one due time keep their order although some were added when it was far away and some when it was near.
func TestWheelKeepsTheOrderOfEqualTimes(t *testing.T) {
	w := newWheel(0)
	const due = 200 << tickBits // a level above when the first ones are added
	for now := Time(0); now < due; now += 1 << tickBits {
		require.Empty(t, w.take(now, nil))
		w.add(timer{due: due, slot: int32(now >> tickBits)})
	}
	got := w.take(due, nil)
	require.Len(t, got, 200)
	for i, timer := range got {
		require.Equal(t, int32(i), timer.slot)
	}
}

// Within a tick, which is one list, order is by due time, and what is not due stays.
func TestWheelWithinATick(t *testing.T) {
	w := newWheel(0)
	for i, due := range []Time{30, 10, 20, 10, 40} {
		w.add(timer{due: due, slot: int32(i)})
	}
	require.Equal(t, Time(10), w.next())
	require.Empty(t, w.take(9, nil))
	require.Equal(t, []timer{{10, 0, 1}, {10, 0, 3}, {20, 0, 2}}, w.take(29, nil))
	require.Equal(t, Time(30), w.next())
	require.Equal(t, []timer{{30, 0, 0}, {40, 0, 4}}, w.take(100, nil))
}

// A wheel whose timers come and go needs no more memory than for the most there ever were.
func TestWheelDoesNotAllocate(t *testing.T) {
	w := newWheel(0)
	now := Time(0)
	var due []timer
	cycle := func() {
		for i := range 100 {
			w.add(timer{due: now + Time(i)*Time(time.Millisecond)})
		}
		now += Time(time.Second)
		due = w.take(now, due[:0])
	}
	cycle()
	require.Zero(t, testing.AllocsPerRun(100, cycle))
	require.Len(t, due, 100)
	require.Len(t, w.entries, 101)
}

func BenchmarkWheel(b *testing.B) {
	w, r := newWheel(0), rand.New(rand.NewPCG(1, 1))
	waits := make([]Time, 1024)
	for i := range waits {
		waits[i] = Time(r.Int64N(int64(time.Second)))
	}
	now, due := Time(0), []timer(nil)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		w.add(timer{due: now + waits[i%len(waits)]})
		now += Time(10 * time.Microsecond)
		if w.next() <= now {
			due = w.take(now, due[:0])
		}
	}
}
