package invariant_test

import (
	"fmt"

	"github.com/seda-go/seda/internal/invariant"
)

func Example() {
	ring := []int{1, 2, 3}
	if invariant.Enabled { // the whole block vanishes from an ordinary build
		for i, v := range ring {
			invariant.Check(v > 0, "slot %d holds %d", i, v)
		}
	}
	fmt.Println(len(ring))
	// Output: 3
}
