//go:build yield && !invariants && !race

package checks

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/internal/yield"
)

// TestHistoriesOfSchedules does the same on schedules: clients run one at a
// time, and a seed says at each window of the ring who goes on, so that calls
// stand between claim and publication as often as not.
func TestHistoriesOfSchedules(t *testing.T) {
	schedules := 3000
	if testing.Short() {
		schedules = 300
	}
	if v, err := strconv.Atoi(os.Getenv("SEDA_SCHEDULES")); err == nil {
		schedules = v
	}
	for _, s := range setups() {
		t.Run(fmt.Sprintf("%s/batch=%d", s.name, s.maxBatch), func(t *testing.T) {
			first := testSeed()
			for i := range uint64(schedules) {
				capacity := 2 << (i % 2)
				calls, err := recordSchedule(s, yield.Schedule{Seed: first + i}, capacity)
				require.NoError(t, err)
				require.True(t, requireLinearizable(t, s, capacity, calls), "not decided")
			}
		})
	}
}

func recordSchedule(s setup, schedule yield.Schedule, capacity int) (all []*call, err error) {
	clock := int64(0)
	r := recorder{setup: s, q: s.make(capacity), seed: schedule.Seed, each: 12, now: func() int64 { clock++; return clock }}
	clients := r.clients()
	lists := make([][]*call, len(clients))
	err = schedule.Run(func() {
		var group sync.WaitGroup
		for id, make := range clients {
			yield.Go(&group, func() { lists[id] = r.calls(id, make) })
		}
		yield.Wait(&group)
		lists = append(lists, r.rest(len(clients), capacity))
	})
	return slices.Concat(lists...), err
}
