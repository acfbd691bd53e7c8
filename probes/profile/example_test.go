package profile_test

import (
	"fmt"

	"github.com/seda-go/seda/probes"
	"github.com/seda-go/seda/probes/profile"
)

func Example() {
	list := []probes.Stack{{Thread: 4711, Stage: 1, Blocked: 2_000_000, Sleeps: 1}} // from bpf.Stacks
	p := profile.OffCPU(list, profile.Config{Stage: func(uint32) string { return "parse" }})
	fmt.Println(p.Sample[0].Label["stage"], p.SampleType[0].Type, p.Sample[0].Value[0], p.SampleType[0].Unit)
	// Output: [parse] blocked 2000000 nanoseconds
}
