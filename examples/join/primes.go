package main

import (
	"context"
	"fmt"

	"github.com/seda-go/seda/engine"
)

// question is how many primes there are below a number. It carries the Reply, and with a pointer to it so does every part: should one be
// lost, because counting panics or time is up, the caller is told, and nobody has to clean up after the others.
type question struct {
	engine.Reply[int]
	below     int
	left, sum int // parts that are not counted yet, primes in the others. Touched by split, then by join alone
}

// part is some of the numbers of a question.
type part struct {
	*question
	from, to int
}

// counted is how many primes are in a part.
type counted struct {
	*question
	primes int
}

// size of a part, in numbers: little enough that a worker is done with it within a millisecond or so, and looks at other stages.
const size = 500

// most is the largest number that may be asked about: 20,000 parts, and on an edge 64 times 1,024 is the limit.
const most = 10_000_000

var errTooLarge = fmt.Errorf("larger than %d", most)

// primes is a graph of three stages:
//
//	split --> count --> join
//
// Any worker counts any part. Join is keyed by question, so that one worker at a time adds to it, while others add to other
// questions.
type primes struct {
	engine *engine.Engine
	split  *engine.Stage[*question]
}

func newPrimes(in func(from, to int) int) *primes {
	e := engine.New(engine.Config{Name: "primes"})
	// With Deadlines the parts of a question whose caller has stopped waiting are not counted.
	split := engine.Add(e, engine.StageConfig[*question]{Name: "split", Deadlines: true})
	// One part at a time: the others are for other workers.
	count := engine.Add(e, engine.StageConfig[part]{Name: "count", MaxBatch: 1, Deadlines: true})
	join := engine.Add(e, engine.StageConfig[counted]{
		Name: "join", Key: func(c counted) uint64 { return engine.Hash(c.question) },
	})
	toCount, toJoin := engine.Connect(split, count), engine.Connect(count, join)
	toCount.MaxOut = 64 // parts of a usual question. There may be more, up to 1,024 times as many

	split.Handle(func(c *engine.Context, q *question) error {
		if q.below > most {
			return errTooLarge // which answers the question
		}
		for from := 0; from < q.below; from += size {
			toCount.Emit(c, part{q, from, min(from+size, q.below)})
			q.left++
		}
		if q.left == 0 {
			q.Send(c, 0)
		}
		return nil
	})
	count.Handle(func(c *engine.Context, p part) error {
		toJoin.Emit(c, counted{p.question, in(p.from, p.to)})
		return nil
	})
	join.Handle(func(c *engine.Context, p counted) error {
		p.sum += p.primes
		if p.left--; p.left == 0 {
			p.Send(c, p.sum)
		}
		return nil
	})
	return &primes{engine: e, split: split}
}

// below asks how many primes there are below n, and waits for the answer or until ctx ends.
func (p *primes) below(ctx context.Context, n int) (int, error) {
	return engine.Call(ctx, p.split, func(r engine.Reply[int]) *question { return &question{Reply: r, below: n} })
}

// primesIn returns how many primes there are from from to just below to.
func primesIn(from, to int) (n int) {
	for v := max(from, 2); v < to; v++ {
		if isPrime(v) {
			n++
		}
	}
	return n
}

func isPrime(v int) bool {
	for d := 2; d*d <= v; d++ {
		if v%d == 0 {
			return false
		}
	}
	return true
}
