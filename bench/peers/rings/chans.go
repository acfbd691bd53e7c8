package main

import "sync/atomic"

// stop is the number of an item after which there is nothing more. Channels block by themselves, so that their consumers cannot look whether
// all producers have ended.
const stop = 1<<64 - 1

// chanLoops is chan T for single items, and for batches a chan []T whose slices go round: as many of them as hold capacity items, and those
// that producers and consumers have in hand.
func chanLoops[T item](c cell) loops {
	if c.batch > 1 {
		return batchChanLoops[T](c)
	}
	q := make(chan T, c.capacity)
	return loops{
		produce: func(r run, _, _ int) {
			var v T
			for n := r.first; n < r.end; n++ {
				set(&v, n)
				q <- v
			}
		},
		finish: func() {
			var v T
			set(&v, stop)
			for range c.consumers {
				q <- v
			}
		},
		consume: func(t *tally, _ *atomic.Bool, _, _ int) {
			next := uint64(0)
			for v := range q {
				if v[0] == stop {
					break
				}
				next = checkAll(t, []T{v}, next)
			}
			t.end(next)
		},
	}
}

func batchChanLoops[T item](c cell) loops {
	q := make(chan []T, max(1, c.capacity/c.batch))
	back := make(chan []T, cap(q)+c.producers+c.consumers)
	for range cap(back) {
		back <- make([]T, c.batch)
	}
	return loops{
		produce: func(r run, batch, _ int) {
			for n := r.first; n < r.end; {
				items := (<-back)[:min(uint64(batch), r.end-n)]
				setAll(items, n)
				n += uint64(len(items))
				q <- items
			}
		},
		finish: func() {
			for range c.consumers {
				q <- nil
			}
		},
		consume: func(t *tally, _ *atomic.Bool, batch, _ int) {
			next := uint64(0)
			for items := range q {
				if items == nil {
					break
				}
				next = checkAll(t, items, next)
				back <- items[:batch]
			}
			t.end(next)
		},
	}
}

func chanTrips[T item](c cell) trips {
	there, back := make(chan T, c.capacity), make(chan T, c.capacity)
	return trips{
		call: func(took []uint32, _ int) (wrong int) {
			var w T
			last := ticks()
			for i := range took {
				set(&w, uint64(i))
				there <- w
				if v := <-back; v != w {
					wrong++
				}
				now := ticks()
				took[i], last = uint32(min(now-last, maxTicks)), now
			}
			return wrong
		},
		answer: func(n, _ int) {
			for range n {
				back <- <-there
			}
		},
	}
}

// trySend and tryReceive are a channel used as a queue whose calls do not block. A thread that blocks in a channel while its goroutine is locked
// to it has to be woken by the system.
func trySend[T item](q chan T, v T) bool {
	select {
	case q <- v:
		return true
	default:
		return false
	}
}

func tryReceive[T item](q chan T) (v T, ok bool) {
	select {
	case v = <-q:
		return v, true
	default:
		return v, false
	}
}
