package engine

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// logOf runs an engine of one stage, whose handler fails, on n events, and returns what it logged.
func logOf[T any](t *testing.T, n int, handle func(*Context, T) error, edit func(*Engine, *Stage[T])) string {
	var out bytes.Buffer
	e := New(Config{Workers: 1, Kind: Shared, Log: slog.New(slog.NewTextHandler(&out, nil))})
	s := Add(e, StageConfig[T]{Name: "pay"})
	s.Handle(handle)
	edit(e, s)
	require.NoError(t, e.Start(context.Background()))
	var event T
	for range n {
		require.NoError(t, s.Submit(context.Background(), event))
	}
	require.NoError(t, e.Drain(context.Background()))
	return out.String()
}

func TestFailureThatNobodyTakesIsLogged(t *testing.T) {
	fail := func(*Context, int) error { return errors.New("no money") }
	log := logOf(t, 100, fail, func(*Engine, *Stage[int]) {})
	require.Contains(t, log, `stage=pay err="no money"`)
	require.Less(t, strings.Count(log, "no money"), 100, "at most one line a second")

	log = logOf(t, 3, fail, func(e *Engine, s *Stage[int]) {
		lost := Add(e, StageConfig[Failed[int]]{Name: "lost"})
		lost.Handle(func(*Context, Failed[int]) error { return nil })
		OnFailure(s, lost)
	})
	require.NotContains(t, log, "no money", "the failure edge takes it")

	log = logOf(t, 3, func(*Context, *ping) error { return errors.New("no money") }, func(*Engine, *Stage[*ping]) {})
	require.Contains(t, log, `stage=pay err="no money"`, "a nil pointer hears nothing")

	log = logOf(t, 3, func(*Context, ping) error { return errors.New("no money") }, func(e *Engine, s *Stage[ping]) {
		lost := Add(e, StageConfig[Failed[ping]]{Name: "lost"})
		lost.Handle(func(*Context, Failed[ping]) error { return errors.New("no ledger") })
		OnFailure(s, lost)
	})
	require.Contains(t, log, `stage=lost err="no ledger"`, "the failure edge takes it, and fails")
}

// A stage that fails often does not hide that another one fails, too.
func TestEachStageHasItsOwnLines(t *testing.T) {
	var lines LogLines
	e := New(Config{Workers: 1, Kind: Shared, Log: lines.Log()})
	var stages []*Stage[int]
	for _, name := range []string{"pay", "ship"} {
		s := Add(e, StageConfig[int]{Name: name})
		s.Handle(func(*Context, int) error { return errors.New("not today") })
		stages = append(stages, s)
	}
	require.NoError(t, e.Start(t.Context()))
	for _, s := range stages {
		for range 10 {
			require.NoError(t, s.Submit(t.Context(), 0))
		}
	}
	require.NoError(t, e.Drain(t.Context()))
	require.NotEmpty(t, lines.With("stage=pay", "not today"))
	require.NotEmpty(t, lines.With("stage=ship", "not today"))
}

// What fails after its caller was answered, or has none, is logged; what the caller is told is not.
func TestFailureThatACallerHearsIsNotLogged(t *testing.T) {
	var lines LogLines
	e := New(Config{Workers: 1, Kind: Shared, Log: lines.Log()})
	s := Add(e, StageConfig[ping]{Name: "pay"})
	s.Handle(func(c *Context, p ping) error {
		if p.n == 1 {
			p.Send(c, 7)
		}
		return errors.New("no money")
	})
	ctx, cancel := context.WithTimeout(context.Background(), Patience)
	defer cancel()
	require.NoError(t, e.Start(ctx))
	ask := func(n int) (int, error) {
		return Call(ctx, s, func(r Reply[int]) ping { return ping{r, n} })
	}
	_, err := ask(0)
	require.EqualError(t, err, "no money")
	require.Empty(t, lines.With("no money"))
	answer, err := ask(1)
	require.NoError(t, err)
	require.Equal(t, 7, answer)
	require.NoError(t, e.Drain(ctx))
	require.Len(t, lines.With("stage=pay", `err="no money"`), 1)
}

func TestPanicsAreLoggedWithTheirStack(t *testing.T) {
	log := logOf(t, 50, func(*Context, int) error { panic("lost my head") }, func(*Engine, *Stage[int]) {})
	require.Contains(t, log, `stage=pay panic="lost my head"`)
	require.Contains(t, log, "log_test.go")
	require.Less(t, strings.Count(log, "stack="), 50, "at most one line a second")
}

// What fails and has no Key for its failure stage is dropped, and not in silence.
func TestFailedEventWithoutKeyIsLogged(t *testing.T) {
	var e *Engine
	log := logOf(t, 50, func(*Context, int) error { return errors.New("no money") }, func(of *Engine, s *Stage[int]) {
		e = of
		key := func(Failed[int]) uint64 { panic("no key") }
		lost := Add(e, StageConfig[Failed[int]]{Name: "lost", Key: key, Blocking: 2}) // with one thread or worker nobody asks for keys
		lost.Handle(func(*Context, Failed[int]) error { return nil })
		OnFailure(s, lost)
	})
	require.EqualValues(t, 50, e.Stats().Stage("pay").Edges[0].Dropped)
	require.Contains(t, log, `stage=lost from=pay err="panicked: no key"`)
	require.Less(t, strings.Count(log, "no key"), 50, "at most one line a second")
}
