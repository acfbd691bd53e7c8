package load_test

import (
	"context"
	"fmt"
	"time"

	"github.com/seda-go/seda/internal/load"
	"github.com/seda-go/seda/internal/workload"
)

// calls is the simplest service: it handles requests where they are submitted.
type calls struct{ handler *workload.Handler }

func (c calls) Submit(requests []*workload.Request) int {
	for _, r := range requests {
		c.handler.Run(r)
	}
	return len(requests)
}

// A tenth of a second of a thousand requests per second.
func Example() {
	graph, err := workload.NewGraph("pipeline", 3)
	if err != nil {
		fmt.Println(err)
		return
	}
	run, err := load.New(load.Config{
		Arrival: load.Fixed, Rate: 1000, Duration: 100 * time.Millisecond, Batch: 1, InFlight: 16,
		Patience: time.Second, Graph: graph, Spin: workload.Calibrate(), CPU: -1,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	result, err := run.Do(context.Background(), calls{run.Handler()})
	fmt.Println(result.Window.Completed, result.Window.InFlight(), result.Check(), err)
	// Output: 99 0 <nil> <nil>
}
