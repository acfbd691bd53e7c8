// Package shapes has rings of events that the compiler treats in different ways. A test of package ring reads what it makes of them.
package shapes

import "github.com/seda-go/seda/ring"

type (
	bytes struct{ A, B, C uint8 } // no machine word
	parts struct {                // stores that could be joined
		A    uint16
		B, C uint8
	}
	words   struct{ A, B, C, D uint64 } // the most that is kept in registers
	pointed struct {                    // write barriers, and a word that needs none
		P *int
		N uint64
		S string
	}
)

// All has a ring of each type for each kind of event.
var All = [][]any{
	of[bytes](), of[parts](), of[[3]byte](), of[uint16](), of[uint32](), of[uint64](), of[float64](), of[struct{}](),
	of[words](), of[[8]uint64](), of[[32]uint64](), of[[500]uint64](),
	of[*int](), of[any](), of[string](), of[[]byte](), of[pointed](), of[[16]*int](), of[[100]pointed](),
}

func of[T any]() []any {
	return []any{ring.NewSPSC[T](2), ring.NewMPSC[T](2), ring.NewMPMC[T](2), ring.NewSlot[T](2)}
}
