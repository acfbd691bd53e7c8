package affinity_test

import (
	"fmt"
	"os"

	"github.com/seda-go/seda/affinity"
)

// Four workers on a machine with two caches: one to each in turn, on the
// fastest cores, and not on the CPU that was set apart for something else.
func ExampleTopology_Place() {
	topo, err := affinity.ReadTopology(os.DirFS("testdata/sys/hybrid-capacity"))
	if err != nil {
		fmt.Println(err)
		return
	}
	usable := topo.Online.AndNot(topo.Isolated)
	fmt.Println("spread: ", topo.Place(usable, affinity.Spread)[:4])
	fmt.Println("compact:", topo.Place(usable, affinity.Compact)[:4])
	fmt.Println("fast:   ", topo.Place(usable, affinity.Spread|affinity.FastFirst)[:4])
	// Output:
	// spread:  [0 4 1 5]
	// compact: [0 1 2 3]
	// fast:    [4 5 6 0]
}

func ExampleParse() {
	s, err := affinity.Parse("0-3,8-15:2/4")
	fmt.Println(s, s.Len(), s.Mask(), err)
	_, err = affinity.Parse("0-3,x")
	fmt.Println(err)
	// Output:
	// 0-3,8-9,12-13 8 330f <nil>
	// CPU list "0-3,x": "x" is not a CPU number
}
