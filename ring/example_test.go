package ring_test

import (
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/seda-go/seda/ring"
)

// A pair of goroutines, in batches. Who finds the ring full or empty decides
// for itself how to wait; here it lets others run.
func ExampleSPSC() {
	q := ring.NewSPSC[int](1024)
	go func() {
		batch := make([]int, 0, 64)
		for i := 1; i <= 1000; i++ {
			batch = append(batch, i)
			if len(batch) < cap(batch) && i < 1000 {
				continue
			}
			for rest := batch; len(rest) > 0; {
				n := q.PushBatch(rest, 0)
				if n == 0 {
					runtime.Gosched()
				}
				rest = rest[n:]
			}
			batch = batch[:0]
		}
	}()
	sum, dst := 0, make([]int, 64)
	for got := 0; got < 1000; {
		n, _ := q.PopBatch(dst)
		if n == 0 {
			runtime.Gosched()
		}
		for _, v := range dst[:n] {
			sum += v
		}
		got += n
	}
	fmt.Println(sum)
	// Output: 500500
}

// The stamp given with a push comes back with the pop, and HeadTime tells
// anybody how long the oldest event has been waiting.
func ExampleMPMC_HeadTime() {
	q := ring.NewMPMC[string](8)
	q.PushBatch([]string{"a", "b"}, 1000)
	q.Push("c", 1500)

	const now = 1800
	if since, ok := q.HeadTime(); ok {
		fmt.Println("head waits for", now-since)
	}
	v, stamp, _ := q.Pop()
	fmt.Println(v, stamp)
	dst := make([]string, 8)
	n, stamp := q.PopBatch(dst)
	fmt.Println(dst[:n], stamp)
	// Output:
	// head waits for 800
	// a 1000
	// [b c] 1000
}

// PushAll pushes all or none. What does not fit now may fit when others have
// popped; more than Cap never does.
func ExampleMPMC_PushAll() {
	q := ring.NewMPMC[int](4)
	fmt.Println(q.PushAll([]int{1, 2, 3}, 0), q.PushAll([]int{4, 5}, 0), q.Len())
	q.Pop()
	fmt.Println(q.PushAll([]int{4, 5}, 0), q.Len())
	// Output:
	// true false 3
	// true 4
}

// Waiting is done outside of the ring: the consumer announces that it sleeps and
// looks again, the producers look for that after each push. A load would not do,
// nor a send to a channel that gives up when it is full: either can come before
// the push is seen by others, and an event is left with nobody awake. Swap is a
// read-modify-write, which cannot.
func ExampleMPSC_Len() {
	q := ring.NewMPSC[int](16)
	var asleep atomic.Bool
	wake := make(chan struct{}, 1)
	for range 3 {
		go func() {
			for range 100 {
				for !q.Push(1, 0) {
					runtime.Gosched()
				}
				if asleep.Swap(false) {
					wake <- struct{}{}
				}
			}
		}()
	}
	for sum := 0; sum < 300; {
		if v, _, ok := q.Pop(); ok {
			sum += v
			continue
		}
		asleep.Store(true)
		if q.Len() > 0 && asleep.CompareAndSwap(true, false) {
			runtime.Gosched() // an event is there, or claimed and about to be
			continue
		}
		<-wake
	}
	fmt.Println("all are there")
	// Output: all are there
}

// Seal ends pushing; the consumer goes on until Sealed and a Len of 0 say that
// nothing can come any more.
func ExampleMPSC_Seal() {
	q := ring.NewMPSC[int](16)
	var producers sync.WaitGroup
	for range 3 {
		producers.Go(func() {
			for !q.Push(1, 0) && !q.Sealed() {
				runtime.Gosched()
			}
		})
	}
	producers.Wait()
	q.Seal()
	fmt.Println("pushed after Seal:", q.Push(1, 0))

	sum := 0
	for !q.Sealed() || q.Len() > 0 {
		if v, _, ok := q.Pop(); ok {
			sum += v
		} else {
			runtime.Gosched()
		}
	}
	fmt.Println("popped:", sum)
	// Output:
	// pushed after Seal: false
	// popped: 3
}
