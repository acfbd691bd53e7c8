package engine_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/engine"
)

// Handled without an answer, a call ends with the engine; until then somebody may still send one.
func TestCallWithoutReply(t *testing.T) {
	for name, end := range map[string]func(*engine.Engine) error{
		"Drain": func(e *engine.Engine) error { return e.Drain(context.Background()) },
		"Close": (*engine.Engine).Close,
	} {
		t.Run(name, func(t *testing.T) {
			var late log[engine.Reply[int]]
			e, s := asked(t, oneShared, func(_ *engine.Context, q question) error { late.add(q.Reply); return nil })
			start(t, e)
			calls := []<-chan answer{
				async(func() answer { return call(limited(t), s, 1) }),
				async(func() answer { return call(context.Background(), s, 1) }),
			}
			eventually(t, "both are handled", func() bool { return e.Stats().Stage("s").Completed == 2 })
			require.NoError(t, end(e))
			for _, c := range calls {
				require.ErrorIs(t, receive(t, c).err, engine.ErrNoReply)
			}
			for _, r := range late.all() {
				r.Send(nil, 5)
			}
		})
	}
}

// What Close discards, in a ring or owed by a worker, was not handled: its callers are told so.
func TestCallLostByClose(t *testing.T) {
	g := newGate(t)
	e, first := path(t, oneShared, engine.Block, func(c *engine.Context, q question) error { g.pass(); return double(c, q) })
	t.Cleanup(g.open)
	start(t, e)
	handled := async(func() answer { return call(limited(t), first, 0) })
	g.wait(t)
	var lost []<-chan answer
	for range 3 {
		lost = append(lost, async(func() answer { return call(limited(t), first, 1) }))
	}
	eventually(t, "the ring is full", func() bool { s := e.Stats().Stages[0]; return s.Depth == 2 && s.Inlets[0].Waiting == 1 })
	closed := async(e.Close)
	eventually(t, "the worker is to stop", e.Stopping)
	g.open()
	require.Equal(t, answer{4, nil}, receive(t, handled), "handlers that are running finish")
	for _, l := range lost {
		require.ErrorIs(t, receive(t, l).err, engine.ErrClosed)
	}
	require.EqualError(t, receive(t, closed), `engine "engine": 2 events left: 2 in a`)
}

// Callers come and go while the engine ends: none is left behind, none gets another's answer.
func TestCallersAtTheEnd(t *testing.T) {
	for _, c := range []engine.Config{oneShared, twoShared, twoPinned} {
		e, first := path(t, c, engine.Block, func(c *engine.Context, q question) error {
			switch q.n % 5 {
			case 0:
				return nil // never answered
			case 1:
				return errBroken
			default:
				return double(c, q)
			}
		})
		start(t, e)
		served := make(chan struct{}, 1)
		var wg sync.WaitGroup
		for k := range 32 {
			wg.Go(func() {
				for i := 0; ; i++ {
					n := 1000*k + i
					ctx, cancel := context.WithCancel(t.Context())
					if i%3 == 0 {
						go cancel()
					}
					a := call(ctx, first, n)
					cancel()
					switch {
					case errors.Is(a.err, engine.ErrClosed), errors.Is(a.err, engine.ErrNoReply):
						return
					case a.err == nil && a.n != 2*(n+2):
						t.Error(n, a)
					case a.err != nil && !errors.Is(a.err, context.Canceled) && !errors.Is(a.err, errBroken):
						t.Error(n, a)
					}
					select {
					case served <- struct{}{}:
					default:
					}
				}
			})
		}
		receive(t, served)
		_ = e.Close() // what was left depends on the moment
		wg.Wait()
	}
}
