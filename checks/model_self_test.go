package checks

import (
	"fmt"
	"slices"
	"testing"

	"github.com/anishathalye/porcupine"
	"github.com/stretchr/testify/require"
)

// Each call is of a client of its own, numbered by order.
func push(begin, end int64, n int, items ...event) *call {
	return &call{begin: begin, end: end, kind: callPush, items: items, n: n}
}

func pushAll(begin, end int64, n int, items ...event) *call {
	return &call{begin: begin, end: end, kind: callPushAll, items: items, n: n}
}

func pop(begin, end int64, want int, items ...event) *call {
	c := &call{begin: begin, end: end, kind: callPop, want: want, popped: items}
	if len(items) > 0 {
		c.stamp = stampOf(items[0])
	}
	return c
}

func head(begin, end, stamp int64, ok bool) *call {
	return &call{begin: begin, end: end, kind: callHead, stamp: stamp, ok: ok}
}

func seal(begin, end int64) *call { return &call{begin: begin, end: end, kind: callSeal} }

// The model must refuse what it is there to find, and nothing else: each wrong
// history is what a broken ring of four would leave behind, each right one
// what one may that is sound.
var modelTests = []struct {
	name  string
	ok    bool
	calls []*call
}{
	{"fifo", true, []*call{push(1, 2, 2, 1, 2), pop(3, 4, 1, 1), pop(5, 6, 4, 2)}},
	{"overlapping pushes in either order", true, []*call{push(1, 4, 1, 1), push(2, 3, 1, 2), pop(5, 6, 2, 2, 1)}},
	{"full", true, []*call{push(1, 2, 4, 1, 2, 3, 4, 5), push(3, 4, 0, 6)}},
	{"all of them", true, []*call{pushAll(1, 2, 2, 1, 2), pop(3, 4, 2, 1, 2)}},
	{"not all of them", true, []*call{push(1, 2, 3, 1, 2, 3), pushAll(3, 4, 0, 4, 5)}},
	{"head time", true, []*call{push(1, 2, 1, 16), head(3, 4, 1, true)}},
	{"sealed", true, []*call{push(1, 2, 1, 1), seal(3, 4), push(5, 6, 0, 2), pop(7, 8, 2, 1)}},
	{"claimed before the seal, published after it", true, []*call{push(1, 9, 1, 1), seal(2, 3), pop(4, 5, 1), pop(10, 11, 1, 1)}},

	{"order of two pushes turned", false, []*call{push(1, 2, 1, 1), push(3, 4, 1, 2), pop(5, 6, 2, 2, 1)}},
	{"order of two pops turned", false, []*call{push(1, 2, 2, 1, 2), pop(3, 4, 1, 2), pop(5, 6, 1, 1)}},
	{"order inside a batch turned", false, []*call{push(1, 2, 2, 1, 2), pop(3, 4, 2, 2, 1)}},
	{"a batch torn apart", false, []*call{push(1, 4, 2, 1, 2), push(1, 4, 1, 3), pop(5, 6, 3, 1, 3, 2)}},
	{"a batch seen in part", false, []*call{push(1, 9, 2, 1, 2), pop(2, 3, 2, 1), pop(4, 5, 1), pop(10, 11, 1, 2)}},
	{"lost", false, []*call{push(1, 2, 2, 1, 2), pop(3, 4, 1, 1), pop(5, 6, 1)}},
	{"lost in the middle", false, []*call{push(1, 2, 3, 1, 2, 3), pop(3, 4, 1, 1), pop(5, 6, 1, 3)}},
	{"doubled", false, []*call{push(1, 2, 1, 1), pop(3, 4, 1, 1), pop(5, 6, 1, 1)}},
	{"doubled by pops that overlap", false, []*call{push(1, 2, 1, 1), pop(3, 6, 1, 1), pop(4, 5, 1, 1)}},
	{"refused and yet there", false, []*call{push(1, 2, 0, 1), pop(3, 4, 1, 1)}},
	{"popped before it was pushed", false, []*call{pop(1, 2, 1, 1), push(3, 4, 1, 1)}},
	{"more than capacity", false, []*call{push(1, 2, 5, 1, 2, 3, 4, 5)}},
	{"nothing though it fits", false, []*call{pushAll(1, 2, 0, 1, 2)}},
	{"stamp of another push", false, []*call{push(1, 2, 1, 16), {begin: 3, end: 4, kind: callPop, want: 1, popped: []event{16}, stamp: 2}}},
	{"head time of what was popped", false, []*call{push(1, 2, 1, 16), pop(3, 4, 1, 16), head(5, 6, 1, true)}},
	{"no head time though there is a head", false, []*call{push(1, 2, 1, 16), head(3, 4, 0, false)}},
	{"pushed after sealing", false, []*call{seal(1, 2), push(3, 4, 1, 1), pop(5, 6, 1, 1)}},

	// What a call that stands between claim and publication excuses.
	{"empty, behind a claim", true, []*call{push(1, 9, 1, 1), push(2, 3, 1, 2), pop(4, 5, 1), pop(10, 11, 2, 1, 2)}},
	{"no head time, behind a claim", true, []*call{push(1, 9, 1, 16), push(2, 3, 1, 32), head(4, 5, 0, false), pop(10, 11, 2, 16, 32)}},
	{"short, up to a claim", true, []*call{push(1, 2, 1, 1), push(3, 9, 1, 2), push(4, 5, 1, 3), pop(6, 7, 3, 1), pop(10, 11, 2, 2, 3)}},
	{"short, by what came after it had looked", true, []*call{push(1, 2, 1, 1), pop(3, 9, 2, 1), push(4, 5, 1, 2), pop(10, 11, 1, 2)}},
	{"full, behind a pop", true, []*call{push(1, 2, 4, 1, 2, 3, 4), pop(3, 9, 1, 1), pop(4, 5, 1, 2), push(6, 7, 0, 5)}},
	{"full, as nothing is freed yet", true, []*call{push(1, 2, 4, 1, 2, 3, 4), pop(3, 9, 2, 1, 2), push(4, 5, 0, 5)}},
	{"room up to a pop", true, []*call{
		push(1, 2, 4, 1, 2, 3, 4), pop(3, 4, 1, 1), pop(5, 11, 1, 2), pop(6, 7, 1, 3), push(8, 9, 1, 5, 6, 7), pop(12, 13, 2, 4, 5),
	}},

	// What it does not.
	{"empty without reason", false, []*call{push(1, 2, 1, 1), pop(3, 4, 1), pop(5, 6, 1, 1)}},
	{"empty, while a push behind is on its way", false, []*call{push(1, 2, 1, 1), push(3, 9, 1, 2), pop(4, 5, 1), pop(10, 11, 2, 1, 2)}},
	{"empty, while a push that claims nothing is on its way", false, []*call{push(1, 2, 4, 1, 2, 3, 4), push(3, 9, 0, 5), pop(4, 5, 1)}},
	{"empty, while a pop is on its way", false, []*call{push(1, 2, 2, 1, 2), pop(3, 9, 1, 1), pop(4, 5, 1), pop(10, 11, 1, 2)}},
	{"short of what was there all the while", false, []*call{push(1, 2, 2, 1, 2), push(3, 9, 1, 3), pop(4, 5, 3, 1), pop(10, 11, 3, 2, 3)}},
	{"short, and goes on when others have taken", false, []*call{
		push(1, 2, 2, 1, 2), pop(3, 9, 2, 2), pop(4, 5, 1, 1), push(6, 7, 1, 3), pop(10, 11, 1, 3), head(12, 13, 0, true),
	}},
	{"full without reason", false, []*call{push(1, 2, 1, 1), push(3, 4, 0, 2), pop(5, 6, 1, 1)}},
	{"full, while a pop behind is on its way", false, []*call{push(1, 2, 4, 1, 2, 3, 4), pop(3, 4, 1, 1), pop(5, 9, 1, 2), push(6, 7, 0, 5)}},
	{"full, while a pop that takes nothing is on its way", false, []*call{pop(1, 9, 1), push(2, 3, 0, 1)}},
	{"full, while a push is on its way", false, []*call{push(1, 2, 1, 1), push(3, 9, 1, 2), push(4, 5, 0, 3)}},
	{"less room than there was all the while", false, []*call{
		push(1, 2, 4, 1, 2, 3, 4), pop(3, 4, 2, 1, 2), pop(5, 11, 1, 3), push(6, 7, 1, 5, 6, 7), pop(12, 13, 2, 4, 5),
	}},
	{"no head time, while a push behind is on its way", false, []*call{push(1, 2, 1, 16), push(3, 9, 1, 32), head(4, 5, 0, false)}},
}

func linearizable(capacity int, calls []*call, pushWhole, popWhole bool) bool {
	for i, c := range calls {
		c.client = i
	}
	return porcupine.CheckOperations(model(capacity), history(calls, pushWhole, popWhole))
}

func TestModel(t *testing.T) {
	for _, tt := range modelTests {
		t.Run(tt.name, func(t *testing.T) {
			require.Equal(t, tt.ok, linearizable(4, tt.calls, false, false))
		})
	}
}

// Where a side claims and publishes at the same moment there is no excuse.
func TestModelOfWholeCalls(t *testing.T) {
	behindAClaim := []*call{push(1, 9, 1, 1), push(2, 3, 1, 2), pop(4, 5, 1), pop(10, 11, 2, 1, 2)}
	require.True(t, linearizable(4, behindAClaim, false, true))
	require.False(t, linearizable(4, behindAClaim, true, true))
	behindAPop := []*call{push(1, 2, 4, 1, 2, 3, 4), pop(3, 9, 1, 1), pop(4, 5, 1, 2), push(6, 7, 0, 5), pop(10, 11, 2, 3, 4)}
	require.True(t, linearizable(4, behindAPop, true, false))
	require.False(t, linearizable(4, behindAPop, true, true))
}

// Real histories in which one thing is made wrong are refused.
func TestSpoiledHistories(t *testing.T) {
	s := setups()[4]
	require.Equal(t, "MPMC", s.name)
	spoil := map[string]func(pops []*call){
		"an event taken away": func(pops []*call) {
			c := pops[len(pops)/2]
			c.popped = []event{}
		},
		"two events exchanged": func(pops []*call) {
			a, b := pops[len(pops)/3], pops[2*len(pops)/3]
			a.popped, b.popped, a.stamp, b.stamp = b.popped, a.popped, b.stamp, a.stamp
		},
		"an event doubled": func(pops []*call) {
			a, b := pops[len(pops)/3], pops[len(pops)/3+1]
			b.popped, b.stamp = a.popped, a.stamp
		},
	}
	for name, f := range spoil {
		for seed := range uint64(5) {
			t.Run(fmt.Sprintf("%s/%d", name, seed), func(t *testing.T) {
				calls := record(s, seed, 4, 2)
				f(slices.DeleteFunc(slices.Clone(calls), func(c *call) bool { return len(c.popped) == 0 }))
				result := porcupine.CheckOperationsTimeout(model(4), history(calls, false, false), 20e9)
				require.Equal(t, porcupine.Illegal, result)
			})
		}
	}
}
