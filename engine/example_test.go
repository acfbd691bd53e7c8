package engine_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"github.com/seda-go/seda/engine"
)

// noLog keeps the examples' output to what they print themselves.
var noLog = slog.New(slog.NewTextHandler(io.Discard, nil))

// Two stages, and what it takes to run them.
func Example() {
	ctx := context.Background()
	e := engine.New(engine.Config{Log: noLog})
	upper := engine.Add(e, engine.StageConfig[string]{Name: "upper", Serial: true})
	show := engine.Add(e, engine.StageConfig[string]{Name: "show", Serial: true})
	toShow := engine.Connect(upper, show)
	upper.Handle(func(c *engine.Context, s string) error {
		toShow.Emit(c, strings.ToUpper(s))
		return nil
	})
	show.Handle(func(_ *engine.Context, s string) error {
		_, err := fmt.Println(s)
		return err
	})
	if err := e.Start(ctx); err != nil {
		fmt.Println(err)
		return
	}
	for _, s := range []string{"hello", "world"} {
		if err := upper.Submit(ctx, s); err != nil {
			fmt.Println(err)
		}
	}
	if err := e.Drain(ctx); err != nil {
		fmt.Println(err)
	}
	// Output:
	// HELLO
	// WORLD
}

// Start reports every mistake in a graph at once.
func ExampleEngine_Start() {
	e := engine.New(engine.Config{Name: "shop", Log: noLog})
	orders := engine.Add(e, engine.StageConfig[int]{Name: "orders", Capacity: 100})
	engine.Connect(orders, orders)
	fmt.Println(e.Start(context.Background()))
	// Output:
	// engine "shop": stage "orders": has no handler: call Handle or HandleBatch
	// stage "orders": Capacity: ring: capacity 100 is not a power of two from 2 to 4194304
	// cycle of blocking edges: orders -> orders: make one of them Drop, Fail or Timed, such as orders -> orders
}

// Where the cost of an event can be shared, such as that of a write, a handler takes what is there at once.
func ExampleStage_HandleBatch() {
	e := engine.New(engine.Config{Log: noLog})
	store := engine.Add(e, engine.StageConfig[int]{Name: "store", Serial: true})
	rows := 0
	store.HandleBatch(func(c *engine.Context, batch []int) error {
		for i, v := range batch {
			if v < 0 {
				c.Fail(i, errors.New("negative")) // this event; the others are fine
				continue
			}
			rows++ // no lock: the stage is serial
		}
		return nil
	})
	if err := e.Start(context.Background()); err != nil {
		fmt.Println(err)
		return
	}
	for v := range 100 {
		if err := store.Submit(context.Background(), v-10); err != nil {
			fmt.Println(err)
		}
	}
	if err := e.Drain(context.Background()); err != nil {
		fmt.Println(err)
	}
	s := e.Stats().Stage("store")
	fmt.Println(rows, "stored:", s.Completed, "completed,", s.Failed, "failed")
	// Output:
	// 90 stored: 90 completed, 10 failed
}

// A request embeds the Reply that brings the answer back to its caller.
func ExampleCall() {
	type request struct {
		engine.Reply[int]
		text string
	}
	e := engine.New(engine.Config{Log: noLog})
	parse := engine.Add(e, engine.StageConfig[request]{Name: "parse"})
	parse.Handle(func(c *engine.Context, r request) error {
		n, err := strconv.Atoi(r.text)
		if err != nil {
			return err // without a failure edge the caller gets it
		}
		r.Send(c, n)
		return nil
	})
	if err := e.Start(context.Background()); err != nil {
		fmt.Println(err)
		return
	}
	for _, text := range []string{"42", "many"} {
		n, err := engine.Call(context.Background(), parse, func(re engine.Reply[int]) request {
			return request{re, text}
		})
		fmt.Println(n, err)
	}
	fmt.Println(e.Drain(context.Background()))
	// Output:
	// 42 <nil>
	// 0 strconv.Atoi: parsing "many": invalid syntax
	// <nil>
}

// Events that fail, be it by a panic, go to a stage that decides what to do.
func ExampleOnFailure() {
	e := engine.New(engine.Config{Log: noLog})
	divide := engine.Add(e, engine.StageConfig[int]{Name: "divide"})
	divide.Handle(func(_ *engine.Context, n int) error {
		_ = 100 / n
		return nil
	})
	report := engine.Add(e, engine.StageConfig[engine.Failed[int]]{Name: "report"})
	report.Handle(func(_ *engine.Context, f engine.Failed[int]) error {
		fmt.Println(f.Event, "failed:", f.Err)
		return nil
	})
	engine.OnFailure(divide, report)
	if err := e.Start(context.Background()); err != nil {
		fmt.Println(err)
		return
	}
	for _, n := range []int{5, 0, 7} {
		if err := divide.Submit(context.Background(), n); err != nil {
			fmt.Println(err)
		}
	}
	fmt.Println(e.Drain(context.Background()))
	// Output:
	// 0 failed: panicked: runtime error: integer divide by zero
	// <nil>
}

// What belongs together is accepted together, or not at all.
func ExampleSplitter() {
	e := engine.New(engine.Config{Log: noLog})
	names := engine.Add(e, engine.StageConfig[string]{Name: "names", Serial: true})
	ages := engine.Add(e, engine.StageConfig[int]{Name: "ages", Serial: true})
	var list []string
	total := 0
	names.Handle(func(_ *engine.Context, s string) error { list = append(list, s); return nil })
	ages.Handle(func(_ *engine.Context, n int) error { total += n; return nil })
	people := engine.NewSplitter(e, engine.SplitterConfig{Name: "people"}, names, ages)
	if err := e.Start(context.Background()); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(people.SubmitAll(context.Background(), engine.For(names, "Ada", "Grace"), engine.For(ages, 36, 85)))
	fmt.Println(people.TrySubmitAll(engine.For(names, "Alan"), engine.For(ages, make([]int, 2000)...)))
	fmt.Println(e.Drain(context.Background()))
	fmt.Println(list, total)
	// Output:
	// <nil>
	// stage people: too many events: 2000 for stage ages, want at most 1024
	// <nil>
	// [Ada Grace] 121
}

// What is to be tried again later goes back over an edge that is only used for After. Such an edge may close a cycle.
func ExampleEdge_After() {
	type job struct{ tries int }
	e := engine.New(engine.Config{Log: noLog})
	fetch := engine.Add(e, engine.StageConfig[job]{Name: "fetch"})
	retry := engine.Connect(fetch, fetch)
	retry.Timed = true
	fetch.Handle(func(c *engine.Context, j job) error {
		if j.tries < 3 {
			retry.After(c, time.Millisecond<<j.tries, job{j.tries + 1})
			return nil
		}
		fmt.Println("done after", j.tries, "retries")
		return nil
	})
	if err := e.Start(context.Background()); err != nil {
		fmt.Println(err)
		return
	}
	if err := fetch.TrySubmit(job{}); err != nil {
		fmt.Println(err)
	}
	fmt.Println(e.Drain(context.Background()))
	// Output:
	// done after 3 retries
	// <nil>
}

// A stage that gathers events writes them out at regular times, in the same handler: no lock, no goroutine.
func ExampleStage_Every() {
	type row struct {
		n     int
		flush bool
	}
	e := engine.New(engine.Config{Log: noLog})
	store := engine.Add(e, engine.StageConfig[row]{Name: "store", Serial: true})
	sum, flushed := 0, make(chan int, 1)
	store.Handle(func(_ *engine.Context, r row) error {
		sum += r.n
		if r.flush && sum == 55 {
			flushed <- sum
			sum = 0
		}
		return nil
	})
	store.Every(time.Millisecond, func(engine.Time) row { return row{flush: true} })
	if err := e.Start(context.Background()); err != nil {
		fmt.Println(err)
		return
	}
	for n := range 11 {
		if err := store.Submit(context.Background(), row{n: n}); err != nil {
			fmt.Println(err)
		}
	}
	fmt.Println(<-flushed)
	fmt.Println(e.Drain(context.Background()))
	// Output:
	// 55
	// <nil>
}

// A source that must not be held up by others, nor hold them up, has an inlet of its own.
func ExampleStage_Inlet() {
	e := engine.New(engine.Config{Log: noLog})
	work := engine.Add(e, engine.StageConfig[string]{Name: "work"})
	work.Handle(func(*engine.Context, string) error { return nil })
	bulk := work.Inlet(engine.InletConfig{Name: "bulk", Capacity: 4})
	urgent := work.Inlet(engine.InletConfig{Name: "urgent", Capacity: 16})
	fmt.Println(urgent.TrySubmit("too early"))
	if err := e.Start(context.Background()); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(bulk.TrySubmit("row"), urgent.TrySubmit("ring"))
	fmt.Println(e.Drain(context.Background()))
	fmt.Println(bulk.TrySubmit("too late"))
	for _, in := range e.Stats().Stage("work").Inlets {
		fmt.Println(in.Name, in.Accepted)
	}
	// Output:
	// stage work, inlet urgent: engine not started
	// <nil> <nil>
	// <nil>
	// stage work, inlet bulk: engine closed
	// submit 0
	// bulk 1
	// urgent 1
}
