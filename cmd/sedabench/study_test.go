package main

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/affinity"
	"github.com/seda-go/seda/cmd/sedabench/internal/arch"
	"github.com/seda-go/seda/internal/report"
	"github.com/seda-go/seda/internal/workload"
)

func number2text(n int) string { return strconv.Itoa(n) }

// service is an architecture for tests.
type service struct {
	submit func(requests []*workload.Request) int
	stop   error
}

func (s service) Submit(requests []*workload.Request) int { return s.submit(requests) }
func (s service) Stop(context.Context) error              { return s.stop }
func (s service) Batches() []float64                      { return make([]float64, workload.MaxStages) }

// inline handles requests within Submit.
func inline(c arch.Config) (arch.Service, error) {
	return service{submit: func(requests []*workload.Request) int {
		for _, r := range requests {
			c.Handler.Run(r)
		}
		return len(requests)
	}}, nil
}

// lossy is a service that keeps books.
type lossy struct{ arch.Service }

func (lossy) Losses() (failed, dropped int64) { return 3, 4 }

func TestLossesAreReported(t *testing.T) {
	st := testStudy(t, func(c arch.Config) (arch.Service, error) {
		s, err := inline(c)
		return lossy{s}, err
	}, "--arch", "staged", "--workers", "1", "--arrival", "closed")
	require.NoError(t, st.measureAll(t.Context()))
	require.Equal(t, int64(3), st.runs[0].Events.Failed)
	require.Equal(t, int64(4), st.runs[0].Events.Dropped)
	require.Zero(t, st.runs[0].Events.Expired)
}

// testStudy prepares a study in which every architecture is started by start.
func testStudy(t *testing.T, start func(arch.Config) (arch.Service, error), args ...string) *study {
	t.Helper()
	h := host{root: fstest.MapFS{}, cpus: 2} // without affinity: nothing is pinned
	o, err := parseRun(append(append([]string{}, quick...), args...), h)
	require.NoError(t, err)
	st, err := newStudy(o, h, streams{out: io.Discard, err: io.Discard})
	require.NoError(t, err)
	st.find = func(name string) (arch.Architecture, error) { return arch.Architecture{Name: name, Start: start}, nil }
	return st
}

func TestAFailedRunIsAnError(t *testing.T) {
	errStart, errStop := errors.New("cannot start"), errors.New("cannot stop")
	for _, c := range []struct {
		start func(arch.Config) (arch.Service, error)
		want  string
	}{
		{func(arch.Config) (arch.Service, error) { return nil, errStart }, "pool, 1 worker, closed loop, 4 clients: start: cannot start"},
		{func(c arch.Config) (arch.Service, error) {
			s, err := inline(c)
			return service{s.Submit, errStop}, err
		}, "stop: cannot stop"},
		{func(arch.Config) (arch.Service, error) {
			return service{submit: func(requests []*workload.Request) int { return len(requests) }}, nil
		}, "4 in flight at the end"},
		{func(c arch.Config) (arch.Service, error) {
			return service{submit: func(requests []*workload.Request) int {
				for _, r := range requests {
					c.Handler.Run(r)
					c.Handler.Step(2, r)
				}
				return len(requests)
			}}, nil
		}, "handled more than once by a stage: "},
	} {
		st := testStudy(t, c.start, "--arch", "pool", "--workers", "1", "--arrival", "closed", "--clients", "4")
		st.patience = 20 * time.Millisecond
		err := st.measureAll(t.Context())
		require.ErrorContains(t, err, c.want)
		var usage usageError
		require.NotErrorAs(t, err, &usage)
	}
}

func TestAnInterruptedStudyIsAnError(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	st := testStudy(t, func(c arch.Config) (arch.Service, error) {
		cancel()
		return inline(c)
	}, "--workers", "1", "--duration", "1h")
	require.ErrorIs(t, st.measureAll(ctx), context.Canceled)
}

// stuck takes requests, and stops only when it is told to wait no longer.
type stuck struct{ service }

func (stuck) Stop(ctx context.Context) error {
	<-ctx.Done()
	return ctx.Err()
}

func TestAnInterruptedStudyDoesNotUseUpItsPatience(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	st := testStudy(t, func(arch.Config) (arch.Service, error) {
		cancel()
		return stuck{service{submit: func(requests []*workload.Request) int { return len(requests) }}}, nil
	}, "--workers", "1", "--duration", "1h")
	st.patience = time.Hour
	require.ErrorIs(t, st.measureAll(ctx), context.Canceled)
}

func TestOrderIsRandomAndDeterminedByTheSeed(t *testing.T) {
	order := func(seed string) []string {
		var names []string
		st := testStudy(t, inline, "--workers", "1", "--arrival", "closed", "--reps", "4", "--duration", "1ms", "--seed", seed)
		find := st.find
		st.find = func(name string) (arch.Architecture, error) {
			names = append(names, name)
			return find(name)
		}
		require.NoError(t, st.measureAll(t.Context()))
		return names
	}
	first := order("1")
	require.Equal(t, first, order("1"))
	require.NotEqual(t, first, order("2"))
	n := len(arch.Names())
	require.Len(t, first, 4*n)
	var different bool
	for rep := range 4 {
		require.ElementsMatch(t, arch.Names(), first[rep*n:(rep+1)*n]) // interleaved: each once before any a second time
		different = different || strings.Join(first[:n], " ") != strings.Join(first[rep*n:(rep+1)*n], " ")
	}
	require.True(t, different)
}

func TestRunsComeOutInOrder(t *testing.T) {
	st := testStudy(t, inline, "--workers", "1", "--reps", "2", "--duration", "1ms", "--arch", "pool,staged", "--rate", "5000,3000")
	require.NoError(t, st.measureAll(t.Context()))
	var got []string
	for _, r := range st.runs {
		got = append(got, r.Load.Arrival+" "+r.Arch+" "+strconv.Itoa(r.Rep))
	}
	require.Equal(t, []string{
		"closed pool 0", "closed pool 1", "closed staged 0", "closed staged 1",
		"poisson pool 0", "poisson pool 1", "poisson staged 0", "poisson staged 1",
		"poisson pool 0", "poisson pool 1", "poisson staged 0", "poisson staged 1",
	}, got)
}

// A trace has a rate of its own, and is scaled to one that is given.
func TestATraceSetsTheRate(t *testing.T) {
	trace := filepath.Join(t.TempDir(), "arrivals.txt")
	require.NoError(t, os.WriteFile(trace, []byte("0\n0.0005\n1ms\n"), 0o600))
	offered := func(more ...string) report.Run {
		st := testStudy(t, inline, append([]string{"--workers", "1", "--arch", "pool", "--duration", "30ms", "--arrival", "trace:" + trace}, more...)...)
		require.NoError(t, st.measureAll(t.Context()))
		require.Len(t, st.runs, 1)
		return st.runs[0]
	}
	r := offered()
	require.Equal(t, "trace:"+trace+" arrivals, 2000/s", r.Load.String())
	require.Equal(t, int64(60), r.Events.Offered)
	require.Equal(t, int64(120), offered("--rate", "4000").Events.Offered)
}

// Clients who think are compared by delay: what they get done is not what the service can do.
func TestClientsOfAStudyThink(t *testing.T) {
	st := testStudy(t, inline, "--workers", "1", "--arch", "pool", "--arrival", "closed", "--clients", "3", "--think", "constant:1ms")
	require.NoError(t, st.measureAll(t.Context()))
	require.Equal(t, "closed loop, 3 clients, thinking constant:1ms", st.runs[0].Load.String())
	require.LessOrEqual(t, st.runs[0].Events.Completed, int64(3*(1+5)))
	require.False(t, rank(report.Summarize(st.runs)).capacity())
}

func TestRatesArePartsOfTheBestCapacity(t *testing.T) {
	st := testStudy(t, inline, "--workers", "1")
	clients := 4
	closed := report.Load{Arrival: "closed", Clients: &clients}
	for i, goodput := range []float64{100, 300, 200} {
		st.runs = append(st.runs, report.Run{Arch: arch.Names()[i], Workers: 1, Load: closed, Goodput: goodput, Valid: true})
	}
	st.runs = append(st.runs, report.Run{Arch: "late", Workers: 1, Load: closed, Goodput: 900})
	st.runs = append(st.runs, report.Run{Arch: "pool", Workers: 2, Load: closed, Goodput: 900, Valid: true})
	l, err := st.openLoad(1, rate{fraction: 0.5})
	require.NoError(t, err)
	require.Equal(t, 150.0, *l.Rate)
	require.Equal(t, "poisson arrivals, 150/s (0.5x of the best capacity)", l.String())
	l, err = st.openLoad(1, rate{perSecond: 77})
	require.NoError(t, err)
	require.Equal(t, 77.0, *l.Rate)
	_, err = st.openLoad(3, rate{fraction: 0.5})
	require.ErrorContains(t, err, "--rate 0.5x: nothing was completed in closed loop")
	st.runs = st.runs[3:4] // the late one: reached all the same
	l, err = st.openLoad(1, rate{fraction: 0.3})
	require.NoError(t, err)
	require.Equal(t, "poisson arrivals, 270/s (0.3x of a capacity from runs that do not count)", l.String())
}

func TestMachine(t *testing.T) {
	h := host{root: fstest.MapFS{
		"proc/cpuinfo":              {Data: []byte("processor\t: 0\nmodel name\t: Babbage 2\nflags\t\t: fpu hypervisor tsc\nprocessor\t: 1\nmodel name\t: other\n")},
		"proc/sys/kernel/osrelease": {Data: []byte("6.1.0\n")},
		"proc/stat":                 {Data: []byte("cpu  10 0 20 60 0 0 0 10 5 0\ncpu0 1 2 3\n")},
		"sys/devices/system/cpu/cpu0/cpufreq/scaling_governor":            {Data: []byte("powersave\n")},
		"sys/devices/system/cpu/isolated":                                 {Data: []byte("2-3\n")},
		"sys/devices/system/cpu/nohz_full":                                {Data: []byte("  (null)\n")},
		"sys/kernel/mm/transparent_hugepage/enabled":                      {Data: []byte("always [madvise] never\n")},
		"sys/devices/system/clocksource/clocksource0/current_clocksource": {Data: []byte("tsc\n")},
	}, limits: affinity.Limits{Quota: 1.5}}
	m := h.describe()
	require.Equal(t, "Babbage 2", m.Model)
	require.Equal(t, "6.1.0", m.Kernel)
	require.Contains(t, machineText(m), "governor powersave, quota 1.5 CPUs, isolcpus 2-3, THP madvise, clocksource tsc, hypervisor unnamed")
	require.Equal(t, "10.0% since boot", h.usage().stealText())

	files := h.root.(fstest.MapFS)
	files["sys/class/dmi/id/sys_vendor"] = &fstest.MapFile{Data: []byte("Analytical\n")}
	files["sys/devices/system/cpu/nohz_full"] = &fstest.MapFile{Data: []byte("3\n")}
	require.Contains(t, machineText(h.describe()), "nohz_full 3, THP madvise, clocksource tsc, hypervisor Analytical")
	files["sys/hypervisor/type"] = &fstest.MapFile{Data: []byte("xen\n")}
	require.Equal(t, "xen", h.describe().Hypervisor)

	bare := host{root: fstest.MapFS{"proc/cpuinfo": {Data: []byte("flags: fpu hypervisors\n")}}}
	require.Regexp(t, "governor none, quota none$", machineText(bare.describe()))
	require.Equal(t, "unknown", bare.usage().stealText())
	odd := host{root: fstest.MapFS{"proc/stat": {Data: []byte("cpu  1 2 x 4 5 6 7 8 9\n")}}}
	require.False(t, odd.usage().known)
}

func TestUsage(t *testing.T) {
	start := time.Now()
	before := usage{known: true, all: 1000, idle: 500, stolen: 10, at: start, own: time.Second}
	// Two CPUs for a second: 200 ticks, of which 40 idle and 20 stolen; this process used 0.9 CPUs.
	after := usage{known: true, all: 1200, idle: 540, stolen: 30, at: start.Add(time.Second), own: 1900 * time.Millisecond}
	stolen, foreign := after.since(before, 2)
	require.InDelta(t, 0.1, *stolen, 1e-9)
	require.InDelta(t, 0.25, *foreign, 1e-9)
	for _, unknown := range []usage{{}, {known: true}} {
		stolen, foreign = unknown.since(before, 2)
		require.Nil(t, stolen)
		require.Nil(t, foreign)
	}
	after.own = time.Minute // the clocks do not agree
	_, foreign = after.since(before, 2)
	require.Zero(t, *foreign)
}

func TestPlacementIsSaid(t *testing.T) {
	st := testStudy(t, inline)
	st.host.allowed, st.host.cpus = affinity.Of(0, 1, 2), 3
	require.Equal(t, "1 worker on CPU 1, load generator on CPU 0", st.placement(1))
	require.Equal(t, "3 workers on CPUs 0-2; no CPU is left for the load generator: the workers make the load, in closed loop only", st.placement(3))
}

func TestProgress(t *testing.T) {
	var b strings.Builder
	p := newProgress(&b, 4*time.Second)
	p.doing("this") // says nothing where there is no bar
	p.did(time.Second)
	p.line("first")
	p.end()
	require.Equal(t, "first, about 3s left\n", b.String())

	b.Reset()
	p.bar = true
	p.doing("second part")
	p.did(time.Hour)
	p.doing("end")
	p.line("not said")
	p.end()
	require.Equal(t, []string{
		"", "[#######.......................] 3s left  second part",
		"[##############################] 0s left  end        ",
		strings.Repeat(" ", 45), "",
	}, strings.Split(b.String(), "\r"))
}
