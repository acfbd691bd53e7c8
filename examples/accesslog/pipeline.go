package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"runtime"

	"github.com/seda-go/seda/engine"
)

// countStaged reads the log r and counts it in two stages:
//
//	reader --Submit--> parse --> count
//	   ^                           |
//	   +------ empty blocks -------+
//
// There are only so many blocks, so memory is bounded, whatever the log. What the reader is ahead of the stages waits in their rings; when
// these are full, Submit waits. Both stages run on all workers: a worker parses a block and, since it serves count too, goes on to count it
// at once, while it is in the core's cache. Each worker counts into a summary of its own, without a lock; they are added up at the end.
func countStaged(ctx context.Context, r io.Reader, workers int) (*summary, error) {
	e := engine.New(engine.Config{
		Name: "accesslog", Workers: workers, Kind: engine.Shared,
		Log: slog.New(slog.DiscardHandler),
	})
	// A block is work for tens of microseconds: more than one at a time would only keep it from other workers.
	parse := engine.Add(e, engine.StageConfig[*block]{Name: "parse", MaxBatch: 1})
	count := engine.Add(e, engine.StageConfig[*block]{Name: "count", MaxBatch: 1})
	toCount := engine.Connect(parse, count)
	summaries := engine.NewLocal(count, newSummary)
	blocks := 8 * workers
	empty := make(chan *block, blocks) // has room for all there are, so giving one back never waits

	parse.Handle(func(c *engine.Context, b *block) error {
		b.parse()
		toCount.Emit(c, b)
		return nil
	})
	count.Handle(func(c *engine.Context, b *block) error {
		summaries.Get(c).count(b)
		empty <- b
		return nil
	})
	if err := e.Start(ctx); err != nil {
		return nil, err
	}
	for range blocks {
		empty <- newBlock()
	}
	s := newSplitter(r)
	err := submit(ctx, s, parse, empty)
	if err := errors.Join(err, e.Drain(ctx)); err != nil {
		return nil, errors.Join(err, e.Close())
	}
	total := newSummary()
	total.malformed = s.tooLong
	for part := range summaries.All() {
		total.merge(part)
	}
	return &total, nil
}

// submit reads the log into empty blocks and hands them to the first stage.
func submit(ctx context.Context, s *splitter, first *engine.Stage[*block], empty <-chan *block) error {
	for {
		select {
		case b := <-empty:
			if err := s.next(b); err != nil {
				if errors.Is(err, io.EOF) {
					return nil
				}
				return err
			}
			if err := first.Submit(ctx, b); err != nil {
				return err
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// workers is how many suit this program: reading takes little of a core.
func workers() int { return runtime.GOMAXPROCS(0) }
