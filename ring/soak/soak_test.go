package main

import (
	"bytes"
	"regexp"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/internal/leaktest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

func TestSoak(t *testing.T) {
	var out, errs bytes.Buffer
	require.Zero(t, run([]string{"-items", "2e6", "-seed", "3"}, &out, &errs), &errs)
	found := regexp.MustCompile(`(?m)^events +(\d+) +none lost`).FindStringSubmatch(out.String())
	require.NotNil(t, found, &out)
	events, err := strconv.ParseUint(found[1], 10, 64)
	require.NoError(t, err)
	require.GreaterOrEqual(t, events, uint64(2e6))
	require.Contains(t, errs.String(), "seed 3")
}

func TestUsage(t *testing.T) {
	var out, errs bytes.Buffer
	require.Equal(t, 2, run([]string{"-items", "0"}, &out, &errs))
	require.Equal(t, 2, run([]string{"-items", "NaN"}, &out, &errs))
	require.Equal(t, 2, run([]string{"more"}, &out, &errs))
	require.Equal(t, 0, run([]string{"-help"}, &out, &errs))
	require.Empty(t, out.String())
}

// Rounds differ, and are made again from seed and number.
func TestRounds(t *testing.T) {
	seen := map[string]bool{}
	for n := range uint64(200) {
		seen[newRound(1, n).String()] = true
		require.Equal(t, newRound(1, n), newRound(1, n))
	}
	require.Greater(t, len(seen), 190)
}

// Books that do not balance are noticed.
func TestBooks(t *testing.T) {
	r := round{producers: 2, consumers: 2, events: 200}
	books := func(entries ...[3]int) (events uint64, err error) {
		both := []*book{newBook(r), newBook(r)}
		for _, e := range entries { // a consumer, an event of producer 1, how many
			if err := both[e[0]].enter(idOf(1, e[1]), e[2]); err != nil {
				return 0, err
			}
		}
		return balance([]uint64{0, 150}, both)
	}
	n, err := books([3]int{0, 0, 70}, [3]int{1, 70, 60}, [3]int{0, 130, 20})
	require.NoError(t, err)
	require.Equal(t, uint64(150), n)
	_, err = books([3]int{0, 0, 70}, [3]int{1, 71, 79})
	require.ErrorContains(t, err, "event 70 of producer 1 was lost")
	_, err = books([3]int{0, 0, 150}, [3]int{1, 128, 1})
	require.ErrorContains(t, err, "event 128 of producer 1 came out twice")
	_, err = books([3]int{0, 0, 70}, [3]int{0, 69, 80})
	require.ErrorContains(t, err, "event 69 of producer 1 came after event 69")
	_, err = books([3]int{0, 0, 151})
	require.ErrorContains(t, err, "event 150 of producer 1 was refused and came out")
	_, err = books([3]int{0, 0, 1000})
	require.ErrorContains(t, err, "was never pushed")
}

func TestEvents(t *testing.T) {
	requireCodec(t, word{}, func(v *uint64) { *v++ })
	requireCodec(t, line{}, func(v *lineEvent) { v[7]++ })
	requireCodec(t, newBoxes(round{producers: 3, events: 10}), func(v **uint64) { other := **v + 1; *v = &other })
}

// requireCodec finds runs again, and where something breaks them.
func requireCodec[T any](t *testing.T, c codec[T], spoil func(v *T)) {
	items := make([]T, 6)
	c.fill(items, idOf(2, 3))
	id, n := c.run(items)
	require.Equal(t, idOf(2, 3), id)
	require.Equal(t, 6, n)
	spoil(&items[4])
	_, n = c.run(items)
	require.Equal(t, 4, n)
	id, _ = c.run(items[4:])
	require.NotEqual(t, idOf(2, 7), id)
}

func TestGrowth(t *testing.T) {
	before := holding{2, 5, 1 << 20}
	require.NoError(t, before.grown(before))
	require.NoError(t, holding{2, 7, 2 << 20}.grown(before))
	require.ErrorContains(t, holding{3, 5, 1 << 20}.grown(before), "grown")
	require.ErrorContains(t, holding{2, 50, 1 << 20}.grown(before), "grown")
	require.ErrorContains(t, holding{2, 5, 64 << 20}.grown(before), "grown")
}
