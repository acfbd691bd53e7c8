package main

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// A question is what a caller sends to the goroutine of chanCall: a number and
// where to answer. The caller uses its channel again for every call.
type question struct {
	n     uint64
	reply chan uint64
}

// chanCall is the rival of a call: callers send to one unlocked goroutine over
// a channel and wait for its answer on another. No channel has a buffer, which
// proved fastest: the answer is handed to the caller directly. Nanoseconds per call, from the
// time that all callers take for all calls. A cancellable caller stops waiting
// when its context ends.
func chanCall(callers, calls int, cancellable bool) func(context.Context) (float64, error) {
	return func(ctx context.Context) (float64, error) {
		questions := make(chan question)
		var server sync.WaitGroup
		server.Go(func() {
			for q := range questions {
				q.reply <- q.n + 1
			}
		})
		ns, err := timeCalls(callers, calls, func() func(n uint64) (uint64, error) {
			reply := make(chan uint64)
			if cancellable {
				return func(n uint64) (uint64, error) { return askUntil(ctx, questions, question{n, reply}) }
			}
			return func(n uint64) (uint64, error) {
				questions <- question{n, reply}
				return <-reply, nil
			}
		})
		close(questions)
		server.Wait()
		return ns, err
	}
}

// askUntil asks and waits for the answer, unless ctx ends.
func askUntil(ctx context.Context, questions chan<- question, q question) (uint64, error) {
	select {
	case questions <- q:
	case <-ctx.Done():
		return 0, ctx.Err()
	}
	select {
	case n := <-q.reply:
		return n, nil
	case <-ctx.Done():
		return 0, ctx.Err()
	}
}

// timeCalls shares calls out among callers that call at once, each by what
// caller returns for it, and checks every answer. Nanoseconds per call.
func timeCalls(callers, calls int, caller func() func(n uint64) (uint64, error)) (float64, error) {
	each := calls / callers
	errs := make(chan error, callers)
	began := time.Now()
	for range callers {
		call := caller()
		go func() {
			for n := range uint64(each) {
				answer, err := call(n)
				if err == nil && answer != n+1 {
					err = fmt.Errorf("call %d was answered %d", n, answer)
				}
				if err != nil {
					errs <- err
					return
				}
			}
			errs <- nil
		}()
	}
	var first error
	for range callers {
		if err := <-errs; err != nil && first == nil {
			first = err
		}
	}
	return nsPer(began, each*callers), first
}
