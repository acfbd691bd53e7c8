package release_test

import (
	"math"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/internal/release"
)

func TestStoreWritesTheWholeWordAndNothingElse(t *testing.T) {
	for _, v := range []uint64{0, 1, 0xff, 1 << 31, 1 << 32, 1 << 63, math.MaxUint64, 0x0123456789abcdef} {
		var w [3]atomic.Uint64
		for i := range w {
			w[i].Store(^v)
		}
		release.Store(&w[1], v)
		require.Equal(t, []uint64{^v, v, ^v}, []uint64{w[0].Load(), w[1].Load(), w[2].Load()})
	}
}

func TestStoreIntKeepsTheSign(t *testing.T) {
	for _, v := range []int64{0, 1, -1, math.MinInt64, math.MaxInt64} {
		var w [3]atomic.Int64
		release.StoreInt(&w[1], v)
		require.Equal(t, []int64{0, v, 0}, []int64{w[0].Load(), w[1].Load(), w[2].Load()})
	}
}

func TestRelaxedWritesTheWholeWordAndNothingElse(t *testing.T) {
	var w [3]atomic.Uint64
	release.Relaxed(&w[1], math.MaxUint64)
	require.Equal(t, []uint64{0, math.MaxUint64, 0}, []uint64{w[0].Load(), w[1].Load(), w[2].Load()})
}

// cell is written once and published once.
type cell struct {
	data   [2]uint64 // plain memory: the race detector checks that the flag synchronizes
	before atomic.Uint64
	flag   atomic.Uint64
	signed atomic.Int64
}

// The message-passing litmus test. The writer fills a cell and publishes it;
// the reader waits for the flag. Forbidden: flag seen, data not.
func TestMessagePassing(t *testing.T) {
	tests := []struct {
		name    string
		publish func(c *cell, v uint64)
		seen    func(c *cell, v uint64) bool
	}{
		{
			"Store", func(c *cell, v uint64) { release.Store(&c.flag, v) },
			func(c *cell, v uint64) bool { return c.flag.Load() == v },
		},
		{
			"StoreInt", func(c *cell, v uint64) { release.StoreInt(&c.signed, -int64(v)) },
			func(c *cell, v uint64) bool { return c.signed.Load() == -int64(v) },
		},
		{
			"Relaxed, then Store", func(c *cell, v uint64) { release.Relaxed(&c.before, v); release.Store(&c.flag, v) },
			func(c *cell, v uint64) bool { return c.flag.Load() == v && c.before.Load() == v },
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			cells := make([]cell, 20_000)
			done := make(chan struct{})
			go func() {
				defer close(done)
				for i := range cells {
					v := uint64(i) + 1
					cells[i].data = [2]uint64{v, ^v}
					tt.publish(&cells[i], v)
				}
			}()
			for i := range cells {
				v := uint64(i) + 1
				for !tt.seen(&cells[i], v) {
					runtime.Gosched()
				}
				require.Equal(t, [2]uint64{v, ^v}, cells[i].data, "cell %d: flag seen before data", i)
			}
			<-done
		})
	}
}

// Stores of one goroutine are seen in order. Forbidden: second new, first old.
func TestStoreOrder(t *testing.T) {
	const last = 50_000
	var first, second atomic.Uint64
	done := make(chan struct{})
	go func() {
		defer close(done)
		for v := uint64(1); v <= last; v++ {
			release.Store(&first, v)
			release.Store(&second, v)
		}
	}()
	for {
		s := second.Load()
		f := first.Load()
		require.GreaterOrEqual(t, f, s)
		if s == last {
			break
		}
		runtime.Gosched()
	}
	<-done
}

// The store-buffering litmus test, many times: each side stores its own word, fences, and loads the other's. Forbidden: both load 0.
func TestFenceOrdersStoreBeforeLoad(t *testing.T) {
	const rounds = 100_000
	var x, y [rounds]struct {
		atomic.Uint64
		_ [56]byte
	}
	var seen [2][]uint64
	var start, done sync.WaitGroup
	start.Add(2)
	done.Add(2)
	side := func(me int, mine, theirs func(i int) *atomic.Uint64) {
		defer done.Done()
		seen[me] = make([]uint64, rounds)
		start.Done()
		start.Wait()
		for i := range rounds {
			release.Store(mine(i), 1)
			release.Fence()
			seen[me][i] = theirs(i).Load()
		}
	}
	xs := func(i int) *atomic.Uint64 { return &x[i].Uint64 }
	ys := func(i int) *atomic.Uint64 { return &y[i].Uint64 }
	go side(0, xs, ys)
	go side(1, ys, xs)
	done.Wait()
	for i := range rounds {
		require.False(t, seen[0][i] == 0 && seen[1][i] == 0, "round %d", i)
	}
}

var sink atomic.Uint64

func BenchmarkStore(b *testing.B) {
	b.Run("store=release", func(b *testing.B) {
		for i := uint64(0); b.Loop(); i++ {
			release.Store(&sink, i)
		}
	})
	b.Run("store=relaxed", func(b *testing.B) {
		for i := uint64(0); b.Loop(); i++ {
			release.Relaxed(&sink, i)
		}
	})
	b.Run("store=atomic", func(b *testing.B) {
		for i := uint64(0); b.Loop(); i++ {
			sink.Store(i)
		}
	})
}
