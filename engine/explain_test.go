package engine

import (
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/sched"
)

// What a law does to one thing again and again is one decision, as long as it does not stop, and not for ever; what it does to others stays apart.
func TestStepsOfADecision(t *testing.T) {
	y := &sched.System{Stages: []sched.Stage{{Name: "a"}, {Name: "b"}}, Sources: []sched.Source{{Name: "a/submit"}}}
	var r record
	r.open(y)
	s := &sched.Snapshot{Stages: make([]sched.StageSample, 2), Sources: make([]sched.SourceSample, 1)}
	size := 64
	look := func(ms int, changes ...sched.Change) {
		s.Now = int64(ms) * int64(time.Millisecond)
		s.Stages[0].Done = uint64(10 * ms) // 10,000/s
		r.follow(s)
		r.add(s, changes)
	}
	step := func(why string) sched.Change {
		size++
		return sched.Change{What: "batch", Of: "a", From: strconv.Itoa(size - 1), To: strconv.Itoa(size), Why: why}
	}
	look(100, step("trial"))
	look(110, step("trial goes on"), sched.Change{What: "threads", Of: "a", Why: "another matter"}, sched.Change{What: "cores", Of: "workers", Why: "x"})
	look(150, sched.Change{What: "cores", Of: "workers", Why: "y"}, sched.Change{What: "batch", Of: "b", Why: "another stage"})
	look(200, step("better"))
	look(299)
	all := r.all()
	require.Len(t, all, 5)
	a := all[0]
	require.Equal(t, sched.Change{What: "batch", Of: "a", From: "64", To: "67", Why: "trial; then better"}, a.Change)
	require.Equal(t, []Time{100e6, 200e6, 100e6, 0}, []Time{a.At, a.Until, a.Before.At, a.After.At})
	require.Equal(t, 3, a.Steps)
	require.Equal(t, Time(299e6), all[1].After.At, "what came of others does not wait for it")
	look(300)
	a = r.all()[0]
	require.Equal(t, Time(300e6), a.After.At)
	require.InDelta(t, 10_000, a.After.Rate, 1, "since the last step")

	for ms := 400; ms <= 1600; ms += 50 {
		look(ms, step("on"))
	}
	all = r.all()[5:]
	require.Len(t, all, 2)
	require.Equal(t, []int{20, 5}, []int{all[0].Steps, all[1].Steps}, "after a second another one begins")
	require.Equal(t, all[0].To, all[1].From)
}
