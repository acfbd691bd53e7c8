package engine

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/sched"
)

// BenchmarkControl is one tick of the control loop with a policy that decides nothing, of which there are at most two hundred a second: 50 stages in a
// row on 16 workers that sleep, or of which each has run every stage since the last tick; with warm caches, and with cold ones. Every tenth reads the
// histograms, as in the loop.
// The metric is the share of a core that a tick every 5 ms takes.
func BenchmarkControl(b *testing.B) {
	for _, how := range []struct{ busy, cold bool }{{false, false}, {false, true}, {true, false}, {true, true}} {
		b.Run(fmt.Sprintf("busy=%v/cold=%v", how.busy, how.cold), func(b *testing.B) {
			e := New(Config{Workers: 16, Kind: Shared, Log: quietLog(), Policy: static})
			var before *Stage[int]
			for i := range 50 {
				s := Add(e, StageConfig[int]{Name: fmt.Sprint("s", i)})
				edge := (*Edge[int])(nil)
				if before != nil {
					edge = Connect(s, before)
				}
				s.Handle(func(c *Context, v int) error {
					if edge != nil {
						edge.Emit(c, v)
					}
					return nil
				})
				before = s
			}
			require.NoError(b, e.Start(context.Background()))
			for v := range 1000 {
				require.NoError(b, before.Submit(context.Background(), v))
			}
			c := newController(e)
			require.NoError(b, c.prepare())
			other := make([]byte, 64<<20)
			now, took := e.now(), time.Duration(0)
			b.ReportAllocs()
			for b.Loop() {
				if how.cold {
					for i := 0; i < len(other); i += 64 {
						other[i]++
					}
				}
				if how.busy {
					c.sampler.startle()
				}
				c.idle = 0
				now = now.add(controlEvery)
				start := e.now()
				c.tick(now)
				took += e.now().Sub(start)
			}
			b.ReportMetric(float64(took)/float64(b.N), "ns/tick")
			b.ReportMetric(100*float64(took)/float64(b.N)/float64(controlEvery), "%core")
			require.NoError(b, e.Drain(context.Background()))
		})
	}
}

// startle makes p take every worker for one that has run every stage since the last reading.
func (p *sampler) startle() {
	clear(p.naps)
	for i := range p.ledgers {
		for _, row := range p.ledgers[i].sojourn.rows {
			row[sched.Buckets]--
		}
	}
}

// BenchmarkRefusal is what a caller pays for an event that is refused: by a depth, by a rate, by a full ring, and by Admit; and for comparison one that
// comes in and is handled, without and with a limit.
func BenchmarkRefusal(b *testing.B) {
	no := func(int, QueueInfo) bool { return false }
	for _, bench := range []struct {
		name  string
		limit sched.Limit
		admit func(int, QueueInfo) bool
		fill  int
	}{
		{"depth", sched.Limit{Depth: 4}, nil, 4},
		{"rate", sched.Limit{Rate: 1e-9}, nil, 0},
		{"full", sched.Limit{}, nil, 64},
		{"admit", sched.Limit{}, no, 0},
	} {
		b.Run(bench.name, func(b *testing.B) {
			e, in, end := limitedStage(b, StageConfig[int]{Name: "s", Admit: bench.admit}, sched.Limit{})
			for range bench.fill {
				require.NoError(b, in.TrySubmit(1))
			}
			in.restrict(bench.limit, e.now(), "s")
			b.ReportAllocs()
			for b.Loop() {
				if in.TrySubmit(1) == nil {
					b.Fatal("not refused")
				}
			}
			end()
		})
	}
	for _, limit := range []sched.Limit{{}, {Depth: 1 << 15}, {Rate: 1e12}} {
		b.Run("accepted/"+limit.String(), func(b *testing.B) {
			e := New(Config{Workers: 1, Kind: Shared, Log: quietLog(), Policy: static})
			s := Add(e, StageConfig[int]{Name: "s", Capacity: 1 << 16})
			s.Handle(func(*Context, int) error { return nil })
			require.NoError(b, e.Start(context.Background()))
			s.inlet.restrict(limit, e.now(), "s")
			for b.Loop() {
				for s.TrySubmit(1) != nil {
					pause()
				}
			}
			require.NoError(b, e.Drain(context.Background()))
		})
	}
}
