package checks

import (
	"testing"

	"github.com/anishathalye/porcupine"
	"github.com/stretchr/testify/require"
)

func push(call, ret int64, n int, items ...event) porcupine.Operation {
	return porcupine.Operation{Call: call, Return: ret, Input: input{kind: opPush, items: items}, Output: output{n: n}}
}

func pop(call, ret int64, want int, items ...event) porcupine.Operation {
	out := output{items: items}
	if len(items) > 0 {
		out.stamp = stampOf(items[0])
	}
	return porcupine.Operation{Call: call, Return: ret, Input: input{kind: opPop, want: want}, Output: out}
}

func head(call, ret, stamp int64, ok bool) porcupine.Operation {
	return porcupine.Operation{Call: call, Return: ret, Input: input{kind: opHead}, Output: output{stamp: stamp, ok: ok}}
}

func seal(call, ret int64) porcupine.Operation {
	return porcupine.Operation{Call: call, Return: ret, Input: input{kind: opSeal}, Output: output{}}
}

// The model must refuse what it is there to find: each wrong history is what a
// broken ring would leave behind.
func TestModel(t *testing.T) {
	pushAll := porcupine.Operation{Call: 1, Return: 2, Input: input{kind: opPushAll, items: []event{1, 2}}, Output: output{ok: true}}
	pushAllFailed := pushAll
	pushAllFailed.Output = output{}
	wrongStamp := pop(3, 4, 1, 16)
	wrongStamp.Output = output{items: []event{16}, stamp: 2}
	tests := []struct {
		name string
		ok   bool
		ops  []porcupine.Operation
	}{
		{"fifo", true, []porcupine.Operation{push(1, 2, 2, 1, 2), pop(3, 4, 1, 1), pop(5, 6, 4, 2)}},
		{"overlapping pushes in either order", true, []porcupine.Operation{push(1, 4, 1, 1), push(2, 3, 1, 2), pop(5, 6, 2, 2, 1)}},
		{"full", true, []porcupine.Operation{push(1, 2, 4, 1, 2, 3, 4, 5), push(3, 4, 0, 6)}},
		{"empty while a push is on its way", true, []porcupine.Operation{push(1, 2, 1, 1), push(3, 9, 1, 2), pop(4, 5, 1), pop(10, 11, 2, 1, 2)}},
		{"full while a pop is on its way", true, []porcupine.Operation{push(1, 2, 4, 1, 2, 3, 4), pop(3, 9, 1, 1), pop(4, 5, 1, 2), push(6, 7, 0, 5)}},
		{"all of them", true, []porcupine.Operation{pushAll, pop(3, 4, 2, 1, 2)}},
		{"head time", true, []porcupine.Operation{push(1, 2, 1, 16), head(3, 4, 1, true)}},
		{"sealed", true, []porcupine.Operation{push(1, 2, 1, 1), seal(3, 4), push(5, 6, 0, 2), pop(7, 8, 2, 1)}},

		{"order of two pushes turned", false, []porcupine.Operation{push(1, 2, 1, 1), push(3, 4, 1, 2), pop(5, 6, 2, 2, 1)}},
		{"order inside a batch turned", false, []porcupine.Operation{push(1, 2, 2, 1, 2), pop(3, 4, 2, 2, 1)}},
		{"a batch torn apart", false, []porcupine.Operation{push(1, 4, 2, 1, 2), push(1, 4, 1, 3), pop(5, 6, 3, 1, 3, 2)}},
		{"lost", false, []porcupine.Operation{push(1, 2, 2, 1, 2), pop(3, 4, 1, 1), pop(5, 6, 1)}},
		{"doubled", false, []porcupine.Operation{push(1, 2, 1, 1), pop(3, 4, 1, 1), pop(5, 6, 1, 1)}},
		{"refused and yet there", false, []porcupine.Operation{push(1, 2, 0, 1), pop(3, 4, 1, 1)}},
		{"popped before it was pushed", false, []porcupine.Operation{pop(1, 2, 1, 1), push(3, 4, 1, 1)}},
		{"empty without reason", false, []porcupine.Operation{push(1, 2, 1, 1), pop(3, 4, 1), pop(5, 6, 1, 1)}},
		{"full without reason", false, []porcupine.Operation{push(1, 2, 1, 1), push(3, 4, 0, 2), pop(5, 6, 1, 1)}},
		{"more than capacity", false, []porcupine.Operation{push(1, 2, 5, 1, 2, 3, 4, 5)}},
		{"nothing though it fits", false, []porcupine.Operation{pushAllFailed}},
		{"stamp of another push", false, []porcupine.Operation{push(1, 2, 1, 16), wrongStamp}},
		{"head time of what was popped", false, []porcupine.Operation{push(1, 2, 1, 16), pop(3, 4, 1, 16), head(5, 6, 1, true)}},
		{"no head time though there is a head", false, []porcupine.Operation{push(1, 2, 1, 16), head(3, 4, 0, false)}},
		{"pushed after sealing", false, []porcupine.Operation{seal(1, 2), push(3, 4, 1, 1), pop(5, 6, 1, 1)}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			allow(tt.ops, true, true)
			require.Equal(t, tt.ok, porcupine.CheckOperations(fifo(4), tt.ops))
		})
	}
}

func TestStrictModelAllowsNoExcuse(t *testing.T) {
	ops := []porcupine.Operation{push(1, 2, 1, 1), push(3, 9, 1, 2), pop(4, 5, 1)}
	allow(ops, true, false)
	require.False(t, porcupine.CheckOperations(fifo(4), ops))
}
