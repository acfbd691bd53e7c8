package ring_test

import "github.com/seda-go/seda/ring"

// The loops of the benchmarks, one pair a queue, so that the compiler sees
// which queue it is: behind an interface or a func value every event would
// cost two nanoseconds more.

type loops struct {
	produce func(events int)
	consume func(events int)
}

func loopsSPSC[T any](capacity, batch int) loops {
	q := ring.NewSPSC[T](capacity)
	if batch == 1 {
		return loops{
			func(left int) {
				var v T
				for left > 0 {
					if q.Push(v, 1) {
						left--
					}
				}
			},
			func(left int) {
				for left > 0 {
					if _, _, ok := q.Pop(); ok {
						left--
					}
				}
			},
		}
	}
	return loops{
		func(left int) {
			for items := make([]T, batch); left > 0; {
				left -= q.PushBatch(items[:min(batch, left)], 1)
			}
		},
		func(left int) {
			for dst := make([]T, batch); left > 0; {
				n, _ := q.PopBatch(dst[:min(batch, left)])
				left -= n
			}
		},
	}
}

func loopsMPSC[T any](capacity, batch int) loops {
	q := ring.NewMPSC[T](capacity)
	if batch == 1 {
		return loops{
			func(left int) {
				var v T
				for left > 0 {
					if q.Push(v, 1) {
						left--
					}
				}
			},
			func(left int) {
				for left > 0 {
					if _, _, ok := q.Pop(); ok {
						left--
					}
				}
			},
		}
	}
	return loops{
		func(left int) {
			for items := make([]T, batch); left > 0; {
				left -= q.PushBatch(items[:min(batch, left)], 1)
			}
		},
		func(left int) {
			for dst := make([]T, batch); left > 0; {
				n, _ := q.PopBatch(dst[:min(batch, left)])
				left -= n
			}
		},
	}
}

func loopsMPMC[T any](capacity, batch int) loops {
	q := ring.NewMPMC[T](capacity)
	if batch == 1 {
		return loops{
			func(left int) {
				var v T
				for left > 0 {
					if q.Push(v, 1) {
						left--
					}
				}
			},
			func(left int) {
				for left > 0 {
					if _, _, ok := q.Pop(); ok {
						left--
					}
				}
			},
		}
	}
	return loops{
		func(left int) {
			for items := make([]T, batch); left > 0; {
				left -= q.PushBatch(items[:min(batch, left)], 1)
			}
		},
		func(left int) {
			for dst := make([]T, batch); left > 0; {
				n, _ := q.PopBatch(dst[:min(batch, left)])
				left -= n
			}
		},
	}
}

func loopsSlot[T any](capacity, batch int) loops {
	q := ring.NewSlot[T](capacity)
	if batch == 1 {
		return loops{
			func(left int) {
				var v T
				for left > 0 {
					if q.Push(v, 1) {
						left--
					}
				}
			},
			func(left int) {
				for left > 0 {
					if _, _, ok := q.Pop(); ok {
						left--
					}
				}
			},
		}
	}
	return loops{
		func(left int) {
			for items := make([]T, batch); left > 0; {
				left -= q.PushBatch(items[:min(batch, left)], 1)
			}
		},
		func(left int) {
			for dst := make([]T, batch); left > 0; {
				n, _ := q.PopBatch(dst[:min(batch, left)])
				left -= n
			}
		},
	}
}

// loopsChan is chan T for single events, and for batches a chan []T whose
// slices go round: as many of them as the ring holds batches.
func loopsChan[T any](capacity, batch int) loops {
	if batch == 1 {
		c := make(chan T, capacity)
		return loops{
			func(left int) {
				var v T
				for ; left > 0; left-- {
					c <- v
				}
			},
			func(left int) {
				for ; left > 0; left-- {
					<-c
				}
			},
		}
	}
	c := make(chan []T, max(1, capacity/batch))
	back := make(chan []T, cap(c)+2)
	for range cap(back) {
		back <- make([]T, batch)
	}
	return loops{
		func(left int) {
			for items := make([]T, batch); left > 0; {
				s := (<-back)[:batch]
				n := copy(s, items[:min(batch, left)])
				c <- s[:n]
				left -= n
			}
		},
		func(left int) {
			for dst := make([]T, batch); left > 0; {
				s := <-c
				left -= copy(dst, s)
				back <- s
			}
		},
	}
}
