package engine

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

// BenchmarkWatch is one round of the watch, of which there are a hundred a second while anything runs: with workers that have a batch in
// hand, and with none.
func BenchmarkWatch(b *testing.B) {
	for _, busy := range []bool{false, true} {
		b.Run(fmt.Sprintf("busy=%v", busy), func(b *testing.B) {
			e := New(Config{Workers: 1, Kind: Pinned, Log: quietLog()})
			s := Add(e, StageConfig[int]{Name: "s"})
			in, out := make(chan int), make(chan int)
			s.Handle(func(*Context, int) error { in <- 1; <-out; return nil })
			require.NoError(b, e.Start(context.Background()))
			if busy {
				require.NoError(b, s.TrySubmit(1))
				<-in
			}
			v := newWatch(e)
			v.workers, v.stages = make([]watchedWorker, 1), make([]watchedStage, 1)
			b.ReportAllocs()
			for b.Loop() {
				v.look(e.now())
			}
			if busy {
				out <- 1
			}
			require.NoError(b, e.Drain(context.Background()))
		})
	}
}
