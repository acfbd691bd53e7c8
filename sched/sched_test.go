package sched_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/sched"
)

func TestSet(t *testing.T) {
	s := sched.SetOf(0, 63, 64, 255)
	require.Equal(t, 4, s.Len())
	var got []int
	for i := s.Next(0); i >= 0; i = s.Next(i + 1) {
		got = append(got, i)
	}
	require.Equal(t, []int{0, 63, 64, 255}, got)
	s.Remove(63)
	require.False(t, s.Has(63))
	require.True(t, s.Has(64))
	other := sched.FirstN(65)
	both := s.And(&other)
	require.Equal(t, sched.SetOf(0, 64), both)
	rest := s.AndNot(&other)
	require.Equal(t, sched.SetOf(255), rest)
	require.False(t, rest.Empty())
	rest.Remove(255)
	require.True(t, rest.Empty())
	require.Equal(t, -1, rest.Next(0))
	require.Equal(t, -1, s.Next(sched.MaxSet))
}

func TestPlanValidate(t *testing.T) {
	require.NoError(t, sched.ServeAll(3, 5).Validate(3, 5))
	for _, c := range []struct {
		name  string
		serve [][]int
		want  string
	}{
		{"too few workers", [][]int{{0, 1}}, "plan assigns 1 workers, there are 2"},
		{"unknown stage", [][]int{{0, 1}, {7}}, "plan gives worker 1 stage 7 of 2"},
		{"negative stage", [][]int{{0, 1}, {-1}}, "plan gives worker 1 stage -1 of 2"},
		{"twice", [][]int{{0, 1, 0}, {}}, "plan gives worker 0 stage 0 twice"},
		{"unserved", [][]int{{0}, {0}}, "plan leaves stage 1 without a worker"},
	} {
		t.Run(c.name, func(t *testing.T) {
			require.ErrorContains(t, sched.Plan{Serve: c.serve}.Validate(2, 2), c.want)
		})
	}
}

func TestPickerLowestIndexFirst(t *testing.T) {
	var p sched.Picker
	p.Reset(4, 100)
	none := sched.Set{}
	require.Equal(t, -1, p.Pick(&none))
	ready := sched.SetOf(1, 3)
	require.Equal(t, 1, p.Pick(&ready))
	p.Charge(1, 60)
	require.Equal(t, 1, p.Pick(&ready), "time left in this round")
	p.Charge(1, 60)
	require.Equal(t, 3, p.Pick(&ready), "stage 1 has used its quantum")
	p.Charge(3, 100)
	require.Equal(t, 1, p.Pick(&ready), "a new round")
}

// Always-ready stages share time to within one quantum plus one batch, whatever a batch of each costs.
func TestPickerSharesTime(t *testing.T) {
	const quantum, rounds = 100, 2000
	costs := []int64{1, 30, 99, 100, 450, 5000}
	var p sched.Picker
	p.Reset(len(costs), quantum)
	ready := sched.FirstN(len(costs))
	used := make([]int64, len(costs))
	for range rounds * len(costs) {
		s := p.Pick(&ready)
		p.Charge(s, costs[s])
		used[s] += costs[s]
	}
	for i := range used {
		for j := range used {
			diff := used[i] - used[j]
			require.LessOrEqual(t, diff, quantum+costs[i], "stages %d and %d", i, j)
		}
	}
}

// A stage that was idle for long may not lock the others out when it comes back.
func TestPickerIdleStageSavesNothing(t *testing.T) {
	var p sched.Picker
	p.Reset(2, 100)
	only := sched.SetOf(1)
	for range 1000 {
		p.Charge(p.Pick(&only), 50)
	}
	both := sched.FirstN(2)
	first := int64(0)
	for p.Pick(&both) == 0 {
		p.Charge(0, 10)
		first += 10
	}
	require.LessOrEqual(t, first, int64(200), "the end of one round and the start of the next")
}

// One ready stage that overdrew by far is picked at once: rounds are counted, not walked.
func TestPickerOverdraft(t *testing.T) {
	var p sched.Picker
	p.Reset(2, 1)
	only := sched.SetOf(1)
	p.Charge(1, 1<<60)
	require.Equal(t, 1, p.Pick(&only))
}

// A stage whose ring holds events has its turn, though the batches that are handed over to it cost more than a round and never end.
func TestPickerServesTheRingBesideHandOvers(t *testing.T) {
	var p sched.Picker
	p.Reset(2, 100)
	both := sched.FirstN(2)
	for range 100 {
		picked := false
		for range 6 {
			s := p.Pick(&both)
			p.Charge(s, 60)
			if s == 1 {
				p.Charge(0, 250) // handed over
			}
			picked = picked || s == 0
		}
		require.True(t, picked)
	}
}

// Many small batches with a long one handed over behind each take no more of a round than others: what the stage in debt costs, the one before it pays.
func TestPickerBoundsARoundOfHandOvers(t *testing.T) {
	const quantum, small, long, other = 100, 1, 100, 50
	var p sched.Picker
	p.Reset(3, quantum)
	ready := sched.SetOf(1, 2)
	waited := 0
	for range 10_000 {
		if s := p.Pick(&ready); s == 1 {
			p.Charge(1, other)
			waited = 0
			continue
		}
		p.Charge(2, small)
		p.Charge(0, long) // handed over
		waited += small + long
		require.LessOrEqual(t, waited, 2*(quantum+long)+small)
	}
}

// A stage that ran by direct hand-over, charged but never picked, waits for one round when events come by its ring, however much it did.
func TestPickerForgivesWhatWasHandedOver(t *testing.T) {
	var p sched.Picker
	p.Reset(3, 100)
	upstream := sched.SetOf(2)
	for range 1000 {
		require.Equal(t, 2, p.Pick(&upstream))
		p.Charge(2, 10)
		p.Charge(1, 60) // handed over
	}
	all := sched.FirstN(3)
	waited := int64(0)
	for s := p.Pick(&all); s != 1; s = p.Pick(&all) {
		p.Charge(s, 50)
		waited += 50
	}
	require.LessOrEqual(t, waited, int64(2*100+50), "the quanta of the two others, and a batch")
}

func TestPickerDoesNotAllocate(t *testing.T) {
	var p sched.Picker
	p.Reset(8, 100)
	ready := sched.FirstN(8)
	require.Zero(t, testing.AllocsPerRun(1000, func() { p.Charge(p.Pick(&ready), 70) }))
}

func BenchmarkPick(b *testing.B) {
	var p sched.Picker
	p.Reset(5, 100_000)
	ready := sched.FirstN(5)
	for b.Loop() {
		p.Charge(p.Pick(&ready), 900)
	}
}
