package enginetest_test

import (
	"errors"
	"fmt"
	"time"

	"github.com/seda-go/seda/engine"
	"github.com/seda-go/seda/engine/enginetest"
)

// inExample stands for the *testing.T of a test.
type inExample struct{}

func (inExample) Helper()                           {}
func (inExample) Logf(string, ...any)               {}
func (inExample) Fatalf(format string, args ...any) { panic(fmt.Sprintf(format, args...)) }
func (inExample) Cleanup(func())                    {}

// A job that fails is tried again, after a second, then after two: in the test without waiting, and to the nanosecond.
func Example() {
	type job struct {
		name  string
		tries int
	}
	e := newEngine()
	work := engine.Add(e, engine.StageConfig[job]{Name: "work"})
	failed := engine.Add(e, engine.StageConfig[engine.Failed[job]]{Name: "failed"})
	engine.OnFailure(work, failed)
	retry := engine.Connect(failed, work)
	retry.Timed = true
	work.Handle(func(c *engine.Context, j job) error {
		fmt.Println(j.name, "at", time.Duration(c.Now()))
		return nil
	})
	failed.Handle(func(c *engine.Context, f engine.Failed[job]) error {
		retry.After(c, time.Second<<f.Event.tries, job{f.Event.name, f.Event.tries + 1})
		return nil
	})

	t := inExample{}
	h := enginetest.Start(t, e, enginetest.Options{Seed: 1})
	retried := enginetest.Collect(h, retry)
	h.Fail(work, 1, errors.New("the service is away"))
	h.Fail(work, 3, errors.New("still away"))
	if err := work.TrySubmit(job{name: "report"}); err != nil {
		t.Fatalf("%v", err)
	}
	if err := work.TrySubmit(job{name: "mail"}); err != nil {
		t.Fatalf("%v", err)
	}
	h.Run()
	h.Advance(time.Second)
	h.Settle()
	fmt.Println(len(*retried), "retries,", h.Drain().Stage("work").Completed, "done")
	// Output:
	// report at 0s
	// mail at 0s
	// report at 1s
	// report at 3s
	// 2 retries, 2 done
}
