package sched_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/sched"
)

// The law of batches and the gate do not chase each other, though the gate goes by the cap, and batches are as full as the gate lets them be: after some
// seconds of overload the cap is that which most of the time holds, and events wait as many as before.
func TestBatchAndGateSettle(t *testing.T) {
	both := func(y *sched.System) (sched.Policy, error) {
		batch, err := sched.Batch(y)
		require.NoError(t, err)
		gate, err := sched.Admission(y)
		return sched.Laws{batch, gate}, err
	}
	for _, k := range batchModels[3:7] {
		for _, target := range []int64{500e3, 2e6} {
			p := oneStage(k.cost, 2e9/ideal(k.cost, bestBatch(k.cost)), true)
			p.sys.Sources[0].Target = target
			r := newTrial(t, p, both)
			caps, depths, ticks := map[int]int{}, map[int]int{}, 0
			for r.now < 8e9 {
				r.tick(t, 5e6)
				if r.now > 4e9 {
					caps[r.plan.Batch[0]]++
					depths[r.plan.Admit[0].Depth]++
					ticks++
				}
			}
			held, low, high := 0, 1<<30, 0
			for _, n := range caps {
				held = max(held, n)
			}
			for d, n := range depths {
				if n > ticks/50 {
					low, high = min(low, d), max(high, d)
				}
			}
			require.Greater(t, held, ticks/2, "%s, target %d: caps %v", k.name, target, caps)
			require.LessOrEqual(t, high, 2*low, "%s, target %d: depths %v", k.name, target, depths)
		}
	}
}
