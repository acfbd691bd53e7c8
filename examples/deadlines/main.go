// Deadlines shows what becomes of a service that is offered more than it can do, with deadlines and without. Requests come in bursts, and each
// waits for its answer for a while and no longer. Without deadlines the service works off its queue, oldest first, for callers that
// have long left, and has nothing for those that still wait. With them a request that is late is discarded before it costs anything.
package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/seda-go/seda/engine"
)

func main() {
	l := load{
		bursts: 4, size: 200, every: 150 * time.Millisecond, patience: 100 * time.Millisecond,
		work: func() { hashFor(time.Millisecond) },
	}
	if err := run(context.Background(), os.Stdout, l); err != nil {
		log.Fatal(err)
	}
}

// load is what a service is offered.
type load struct {
	bursts, size int
	every        time.Duration // from one burst to the next
	patience     time.Duration // how long a caller waits
	work         func()        // what a request costs
}

// result counts what became of requests.
type result struct {
	offered  int
	answered int64 // in time
	gaveUp   int64 // their time was up before the answer came
	served   uint64
	expired  uint64 // too late to be served
}

func run(ctx context.Context, out io.Writer, l load) error {
	if _, err := fmt.Fprintf(out, "%-19s %8s %9s %8s %12s %8s\n", "", "offered", "in time", "served", "for nobody", "expired"); err != nil {
		return err
	}
	for _, deadlines := range []bool{false, true} {
		r, err := l.offer(ctx, newService(deadlines, l.work))
		if err != nil {
			return err
		}
		name := "without deadlines:"
		if deadlines {
			name = "with deadlines:"
		}
		_, err = fmt.Fprintf(out, "%-19s %8d %9d %8d %12d %8d\n", name, r.offered, r.answered, r.served, int64(r.served)-r.answered, r.expired)
		if err != nil {
			return err
		}
	}
	return nil
}

type request struct{ engine.Reply[struct{}] }

// service is one stage on one worker, and counts what its callers get.
type service struct {
	engine           *engine.Engine
	stage            *engine.Stage[request]
	answered, gaveUp atomic.Int64
}

func newService(deadlines bool, work func()) *service {
	e := engine.New(engine.Config{Name: "service", Workers: 1, Kind: engine.Shared})
	stage := engine.Add(e, engine.StageConfig[request]{
		Name: "serve", Deadlines: deadlines,
		// Whether a request is late is seen when its batch is taken: the shorter the batch, the later, and better, the look.
		MaxBatch: 1,
	})
	stage.Handle(func(c *engine.Context, r request) error {
		work()
		r.Send(c, struct{}{})
		return nil
	})
	return &service{engine: e, stage: stage}
}

// call asks the service and waits no longer than patience. The request's deadline is that of the context.
func (s *service) call(ctx context.Context, patience time.Duration) {
	ctx, leave := context.WithTimeout(ctx, patience)
	defer leave()
	_, err := engine.Call(ctx, s.stage, func(re engine.Reply[struct{}]) request { return request{re} })
	switch {
	case err == nil:
		s.answered.Add(1)
	case errors.Is(err, engine.ErrExpired), errors.Is(err, context.DeadlineExceeded):
		s.gaveUp.Add(1)
	}
}

// offer gives the load to the service and drains it.
func (l load) offer(ctx context.Context, s *service) (result, error) {
	if err := s.engine.Start(ctx); err != nil {
		return result{}, err
	}
	var callers sync.WaitGroup
	next := time.NewTicker(l.every)
	defer next.Stop()
	for burst := range l.bursts {
		if burst > 0 {
			<-next.C
		}
		for range l.size {
			callers.Go(func() { s.call(ctx, l.patience) })
		}
	}
	callers.Wait()
	err := errors.Join(s.engine.Drain(ctx), ctx.Err())
	st := s.engine.Stats().Stage("serve")
	return result{l.bursts * l.size, s.answered.Load(), s.gaveUp.Load(), st.Completed, st.Expired}, err
}

// hashFor keeps a CPU busy.
func hashFor(d time.Duration) {
	var sum [sha256.Size]byte
	for began := time.Now(); time.Since(began) < d; {
		sum = sha256.Sum256(sum[:])
	}
}
