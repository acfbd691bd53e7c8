package main

import (
	"context"
	"fmt"
	"maps"
	"os"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"time"
)

const coresBudget = 60 * time.Second

// coresFirst is the first graph: the constants of the law were chosen on those from 0 to 109, and the next hundred were looked at.
const coresFirst = 240

// coresRounds simulates graph after graph, as many at a time as there are CPUs.
func coresRounds(ctx context.Context, _ []string, _ int) (rounds []round, _ map[string]string, err error) {
	graphs, _ := strconv.Atoi(os.Getenv("SEDA_GRAPHS"))
	c := coresCases{ctx: ctx, began: time.Now(), graphs: uint64(graphs), next: coresFirst, rounds: map[uint64]round{}}
	var all sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		all.Go(c.run)
	}
	all.Wait()
	rounds = []round{{}} // the one that is thrown away
	for _, g := range slices.Sorted(maps.Keys(c.rounds)) {
		rounds = append(rounds, c.rounds[g])
	}
	return rounds, nil, c.err
}

// coresCases are the graphs of a run.
type coresCases struct {
	ctx    context.Context
	began  time.Time
	graphs uint64 // 0: as many as there is time for

	mu     sync.Mutex
	next   uint64
	rounds map[uint64]round
	err    error
}

func (c *coresCases) run() {
	for {
		g, ok := c.take()
		if !ok {
			return
		}
		r, err := coresRound(g, g%4 == 1, g < coresFirst+50)
		c.mu.Lock()
		if c.rounds[g] = r; err != nil {
			c.err = fmt.Errorf("graph %d: %w", g, err)
		}
		fmt.Fprintf(os.Stderr, "graph %d, %v: serve-all 1, best %.3f, cores %.3f, moves %.0f, stall %.2f\n",
			g, time.Since(c.began).Round(time.Second), r["best"]/r["serve-all"], r["cores"]/r["serve-all"], r["moves"], r["stall"])
		c.mu.Unlock()
	}
}

func (c *coresCases) take() (g uint64, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err == nil {
		c.err = c.ctx.Err()
	}
	if c.err != nil || c.graphs > 0 && c.next == coresFirst+c.graphs || c.graphs == 0 && time.Since(c.began) > coresBudget {
		return 0, false
	}
	c.next++
	return c.next - 1, true
}
