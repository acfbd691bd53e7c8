package workload_test

import (
	"fmt"
	"math/rand/v2"

	"github.com/seda-go/seda/internal/workload"
)

// A request of a three-stage pipeline, handled by plain calls.
func Example() {
	graph, err := workload.NewGraph("pipeline", 3)
	if err != nil {
		fmt.Println(err)
		return
	}
	service, err := workload.ParseService("exp:1us")
	if err != nil {
		fmt.Println(err)
		return
	}
	clock := workload.NewClock()
	source := workload.NewSource(graph, service, workload.Calibrate(), rand.New(rand.NewPCG(1, 0)), 0)
	handler := workload.NewHandler(graph, clock, nil)

	var r workload.Request
	source.Fill(&r, clock.Now())
	for next := workload.SetOf(0); next != 0; {
		next = handler.Step(next.First(), &r)
	}
	fmt.Println(graph, r.DoneAt() > r.Due)
	// Output: pipeline-3 true
}
