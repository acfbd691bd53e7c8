package engine

import (
	"context"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/affinity"
)

// seated lets an engine choose its workers' CPUs on a machine with CPUs 0 to 7, as if it were started, and releases them with the test.
func seated(t *testing.T, c Config) (cpus []int, lines *LogLines, err error) {
	lines = new(LogLines)
	c.Log, c.Kind = lines.Log(), Pinned
	e := New(c)
	t.Cleanup(e.letGo)
	workers := c.Workers
	if workers == 0 {
		workers = 7
		if n := c.CPUs.Len(); n > 0 {
			workers = n
		}
	}
	seats, err := e.pinnedSeats(workers, affinity.Of(0, 1, 2, 3, 4, 5, 6, 7), nil)
	for _, s := range seats {
		cpus = append(cpus, s.cpu)
	}
	return cpus, lines, err
}

func TestEnginesOfOneProcessTakeDifferentCPUs(t *testing.T) {
	first, _, err := seated(t, Config{Name: "first", Workers: 3})
	require.NoError(t, err)
	require.Equal(t, []int{1, 2, 3}, first, "the first CPU comes last")
	second, lines, err := seated(t, Config{Name: "second"})
	require.NoError(t, err)
	require.Equal(t, []int{4, 5, 6, 7}, second, "what is left, less one")
	third, _, err := seated(t, Config{Name: "third"})
	require.NoError(t, err)
	require.Equal(t, []int{0}, third, "at least one")
	require.Empty(t, lines.With("share"))
	fourth, lines, err := seated(t, Config{Name: "fourth"})
	require.NoError(t, err)
	require.Equal(t, []int{1}, fourth, "at least one, if it has to share")
	require.Len(t, lines.With("share CPUs with other engines", "cpus=1", `engines="\"first\""`), 1)
}

func TestWorkersThatWereAskedForShareCPUsWhereNoneIsLeft(t *testing.T) {
	_, _, err := seated(t, Config{Name: "first", Workers: 6})
	require.NoError(t, err)
	cpus, lines, err := seated(t, Config{Name: "second", Workers: 4})
	require.NoError(t, err)
	require.Equal(t, []int{7, 0, 1, 2}, cpus)
	require.Len(t, lines.With("share CPUs", "cpus=1-2"), 1)
}

func TestCPUsNamedTwice(t *testing.T) {
	_, _, err := seated(t, Config{Name: "first", Workers: 1, CPUs: affinity.Of(2, 3)})
	require.NoError(t, err)
	_, _, err = seated(t, Config{Name: "second", CPUs: affinity.Of(3, 4)})
	require.EqualError(t, err, `CPUs names 3, which engine "first" names too: set Oversubscribe, or name others`)
	cpus, lines, err := seated(t, Config{Name: "third", CPUs: affinity.Of(3, 4), Oversubscribe: true})
	require.NoError(t, err)
	require.Equal(t, []int{4}, cpus, "the one that is left")
	require.Empty(t, lines.With("share"))
	cpus, _, err = seated(t, Config{Name: "fourth", Workers: 4})
	require.NoError(t, err)
	require.Equal(t, []int{1, 5, 6, 7}, cpus, "a named CPU is held, whether a worker runs there or not")
	cpus, lines, err = seated(t, Config{Name: "fifth", Workers: 2, CPUs: affinity.Of(0, 1)})
	require.NoError(t, err, "the other engine only chose it")
	require.Equal(t, []int{0, 1}, cpus)
	require.Len(t, lines.With("share CPUs", "cpus=1", `engines="\"fourth\""`), 1)
}

// An engine holds its CPUs from Start until its workers are gone, also when Start fails late.
func TestCPUsAreReleased(t *testing.T) {
	cpus, err := affinity.Allowed()
	if runtime.GOOS != "linux" {
		require.ErrorIs(t, err, affinity.ErrNotSupported)
		return
	}
	require.NoError(t, err)
	cpu := affinity.Of(cpus.Max())
	engine := func(name string) *Engine {
		e := New(Config{Name: name, Workers: 1, Kind: Pinned, CPUs: cpu, Log: quietLog()})
		Add(e, StageConfig[int]{Name: "s"}).Handle(func(*Context, int) error { return nil })
		return e
	}
	for _, end := range []func(*Engine) error{(*Engine).Close, func(e *Engine) error { return e.Drain(context.Background()) }} {
		a := engine("a")
		require.NoError(t, a.Start(context.Background()))
		err := engine("b").Start(context.Background())
		require.ErrorContains(t, err, `engine "b": CPUs names`)
		require.ErrorContains(t, err, `which engine "a" names too`)
		require.NoError(t, end(a))
	}
	c := engine("c")
	c.cfg.Assign = map[string][]int{"s": {1}}
	c.cfg.Workers = 0 // Start finds out about Assign when it knows the number of workers
	require.ErrorContains(t, c.Start(context.Background()), "names worker 1, there are 1")
	process.Lock()
	defer process.Unlock()
	require.Empty(t, process.held)
	require.Empty(t, process.workers)
}
