package main

import (
	"context"

	"github.com/seda-go/seda/engine"
)

const callCalls = 200_000

func callSuite() suite {
	s := suite{id: "engine.call"}
	for _, at := range []struct {
		callers int
		suffix  string
	}{{1, "c1"}, {64, "c64"}} {
		id := "engine.call." + at.suffix
		add := func(name string, sample func(context.Context) (float64, error)) string {
			name += " " + at.suffix
			s.contenders = append(s.contenders, contender{name: name, unit: "ns/call", sample: sample})
			return name
		}
		theirs := add("goroutine with channels", chanCall(at.callers, callCalls, false))
		shared := add("shared worker", engineCall(at.callers, callCalls, engine.Shared, false))
		pinned := add("pinned worker", engineCall(at.callers, callCalls/10, engine.Pinned, false))
		s.rows = append(s.rows,
			ratio(id, shared, theirs, callBound),
			ratio(id+".cancel", add("shared worker, cancellable", engineCall(at.callers, callCalls, engine.Shared, true)),
				add("goroutine with channels, cancellable", chanCall(at.callers, callCalls, true)), none),
			plain(id+".ns", shared, none, "ns per call, shared worker"),
			ratio(id+".pinned", pinned, theirs, none),
			row{
				id: id + ".breakeven", of: []string{pinned, theirs}, bound: none,
				what:  "us of work per call from which a pinned worker keeps the bound",
				value: func(r round) float64 { return breakEven(r[pinned], r[theirs]) / 1000 },
			})
	}
	return s
}

// callBound is how much longer a call may take than the rival's.
const callBound = 1.5

// breakEven is the work w in a handler from which ours takes at most callBound
// times as long as theirs: ours + w = callBound (theirs + w).
func breakEven(ours, theirs float64) float64 {
	return max(0, (ours-callBound*theirs)/(callBound-1))
}

type request struct {
	engine.Reply[uint64]
	n uint64
}

// engineCall is a Call of an empty handler on one worker, with a context that
// can end or with one that cannot. Nanoseconds per call, from the time that all
// callers take for all calls.
func engineCall(callers, calls int, kind engine.Kind, cancellable bool) func(context.Context) (float64, error) {
	return func(ctx context.Context) (float64, error) {
		with := context.Background()
		if cancellable {
			with = ctx
		}
		e := engine.New(engine.Config{Workers: 1, Kind: kind, Log: quiet})
		server := engine.Add(e, engine.StageConfig[request]{Name: "server"})
		server.Handle(func(c *engine.Context, r request) error {
			r.Send(c, r.n+1)
			return nil
		})
		var ns float64
		err := during(ctx, e, func() (err error) {
			ns, err = timeCalls(callers, calls, func() func(n uint64) (uint64, error) {
				return func(n uint64) (uint64, error) {
					return engine.Call(with, server, func(re engine.Reply[uint64]) request { return request{re, n} })
				}
			})
			return err
		})
		return ns, err
	}
}
