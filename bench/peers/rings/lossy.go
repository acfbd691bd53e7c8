package main

import "github.com/seda-go/seda/ring"

// lossy is a queue that is broken on purpose: of all items it forgets one, once a thousand have passed. Tests make sure that this is found.
type lossy[T item] struct {
	*ring.MPMC[T]
	pushed int
}

func newLossy[T item](capacity int) *lossy[T] { return &lossy[T]{MPMC: ring.NewMPMC[T](capacity)} }

func (q *lossy[T]) push(v T) bool {
	if q.pushed++; q.pushed == 1000 {
		return true
	}
	return q.Push(v, 1)
}

func (q *lossy[T]) pop() (v T, ok bool) {
	v, _, ok = q.Pop()
	return v, ok
}
