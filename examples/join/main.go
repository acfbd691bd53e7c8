// Join counts prime numbers: how many there are below each of the given numbers. A question is split into parts, which all workers work on,
// and the answers to the parts are joined.
//
//	join 1000000 5000000
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"os"
	"strconv"
	"sync"
)

func main() {
	var limits []int
	for _, arg := range os.Args[1:] {
		n, err := strconv.Atoi(arg)
		if err != nil {
			log.Fatalf("usage: join [number]...: %v", err)
		}
		limits = append(limits, n)
	}
	if len(limits) == 0 {
		limits = []int{1_000, 100_000, 2_000_000}
	}
	if err := run(context.Background(), os.Stdout, limits...); err != nil {
		log.Fatal(err)
	}
}

// run asks all questions at the same time and prints the answers in their order.
func run(ctx context.Context, out io.Writer, limits ...int) error {
	p := newPrimes(primesIn)
	if err := p.engine.Start(ctx); err != nil {
		return err
	}
	defer p.engine.Close() // does nothing after Drain
	answers, errs := make([]int, len(limits)), make([]error, len(limits))
	var asking sync.WaitGroup
	for i, limit := range limits {
		asking.Go(func() { answers[i], errs[i] = p.below(ctx, limit) })
	}
	asking.Wait()
	for i, limit := range limits {
		if errs[i] != nil {
			return fmt.Errorf("primes below %d: %w", limit, errs[i])
		}
		if _, err := fmt.Fprintf(out, "%d primes below %d\n", answers[i], limit); err != nil {
			return err
		}
	}
	return p.engine.Drain(ctx)
}
