package main

import "github.com/Workiva/go-datastructures/queue"

// offer and poll are the calls of Workiva's RingBuffer that do not block. Its only such call to take something reads the clock; with one
// consumer, what Len has told is still there. Items are boxed, as its interface has it.
func offer[T item](q *queue.RingBuffer, v T) bool {
	ok, err := q.Offer(v)
	return ok && err == nil
}

func poll[T item](q *queue.RingBuffer) (v T, ok bool) {
	if q.Len() == 0 {
		return v, false
	}
	got, err := q.Get()
	if err != nil {
		return v, false
	}
	v, ok = got.(T)
	return v, ok
}
