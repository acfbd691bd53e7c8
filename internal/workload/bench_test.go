package workload

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// What the handler takes beside the work, which is none here.
func BenchmarkRun(b *testing.B) {
	for _, shape := range Shapes() {
		b.Run(fmt.Sprintf("shape=%s-4", shape), func(b *testing.B) {
			g, err := NewGraph(shape, 4)
			require.NoError(b, err)
			h := NewHandler(g, NewClock(), func(*Request, int64) {})
			h.Keep(&oneKey)
			source := NewSource(g, Constant(0), Spin{PerTurn: 1}, rand.New(rand.NewPCG(1, 1)), 0)
			source.Keys = &oneKey
			var r Request
			b.ReportAllocs()
			for b.Loop() {
				source.Fill(&r, 0)
				h.Run(&r)
			}
		})
	}
}
