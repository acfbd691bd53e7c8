package main

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// Each Go queue moves all items, in every kind of cell, twice over the same queue.
func TestQueues(t *testing.T) {
	for _, q := range contenders {
		if q.program != "" || q.name == "lfq_mpmc" { // which loses items
			continue
		}
		t.Run(q.name, func(t *testing.T) {
			for _, c := range smallCells() {
				if q.takes(c) {
					move(t, q, c)
				}
			}
		})
	}
}

func move(t *testing.T, q contender, c cell) {
	const few = 3001 // no multiple of a batch
	if c.roundTrip() {
		_, err := bounce(q.trips8(c), anyCPUs(t), make([]uint32, few))
		require.NoError(t, err, c)
		return
	}
	l := q.loops(c)(c)
	for i := range uint64(2) {
		if l.once {
			l = q.loops(c)(c)
		}
		took, err := transfer(c, l, anyCPUs(t), few*i, few)
		require.NoError(t, err, c)
		require.Positive(t, took)
	}
}

// What a queue loses, doubles or mixes up is noticed.
func TestBrokenQueues(t *testing.T) {
	for want, produce := range map[string]func(push func(run), r run){
		"1 items lost, 0 doubled, 0 that nobody sent, 0 times out of order": func(push func(run), r run) {
			push(run{r.first, r.first + 10})
			push(run{r.first + 11, r.end})
		},
		"0 items lost, 1 doubled, 0 that nobody sent, 1 times out of order": func(push func(run), r run) {
			push(r)
			push(run{r.end - 1, r.end})
		},
		"0 items lost, 0 doubled, 0 that nobody sent, 1 times out of order": func(push func(run), r run) {
			push(run{r.first + 10, r.end})
			push(run{r.first, r.first + 10})
		},
		"0 items lost, 0 doubled, 2 that nobody sent, 0 times out of order": func(push func(run), r run) {
			push(run{r.end, r.end + 2})
			push(r)
		},
	} {
		for _, name := range []string{"1p1c.b1.8B.1024", "1p1c.b16.64B.1024"} {
			c, err := parseCell(name)
			require.NoError(t, err)
			q, err := find("spsc")
			require.NoError(t, err)
			l := q.loops(c)(c)
			whole := l.produce
			l.produce = func(r run, batch, tries int) { produce(func(part run) { whole(part, batch, tries) }, r) }
			_, err = transfer(c, l, anyCPUs(t), 0, 3001)
			require.ErrorContains(t, err, want, name)
		}
	}
}

func TestChanged(t *testing.T) {
	var v [8]uint64
	set(&v, 40)
	require.False(t, changed(&v, 40))
	require.Equal(t, [8]uint64{40, 41, 42, 43, 44, 45, 46, 47}, v)
	for i := 1; i < 8; i++ {
		v[i] ^= 1 << 63
		require.True(t, changed(&v, 40), "word %d", i)
		v[i] ^= 1 << 63
	}
	c := new(tally)
	v[3]++
	c.end(checkAll(c, [][8]uint64{v}, 40))
	require.ErrorContains(t, audit([]run{{40, 41}}, []*tally{c}), "1 changed")
}

// Two consumers may each take what they like, as long as nothing is in both.
func TestAudit(t *testing.T) {
	second := uint64(1) << producerShift
	sent := []run{{0, 10}, {second, second + 5}}
	a := &tally{runs: []run{{0, 4}, {second, second + 5}, {8, 10}}}
	b := &tally{runs: []run{{4, 8}}}
	require.NoError(t, audit(sent, []*tally{a, b}))
	b.runs = []run{{3, 8}}
	require.ErrorContains(t, audit(sent, []*tally{a, b}), "0 items lost, 1 doubled")
	b.runs = []run{{6, 8}, {4, 5}}
	require.ErrorContains(t, audit(sent, []*tally{a, b}), "1 items lost, 0 doubled, 0 that nobody sent, 1 times out of order")
}
