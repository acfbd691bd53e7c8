package perf

import (
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/seda-go/seda/internal/leaktest"
	"github.com/seda-go/seda/probes"
)

// openSource opens all there is, and checks that what is missing is missing for a reason that the facts give.
func openSource(t *testing.T) probes.Source {
	t.Helper()
	s, err := Open(Offers)
	if why := probes.SystemFacts().Perf(); why != probes.Known {
		require.ErrorIs(t, err, why)
		t.Skip(why)
	}
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

// touch makes the kernel give out so many new pages.
func touch(t *testing.T, pages int) {
	size := os.Getpagesize()
	mem, err := unix.Mmap(-1, 0, pages*size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON)
	require.NoError(t, err)
	require.NoError(t, unix.Madvise(mem, unix.MADV_NOHUGEPAGE))
	for i := range pages {
		mem[i*size] = 1
	}
	require.NoError(t, unix.Munmap(mem))
}

// What can be counted does not depend on which threads the goroutine that asks runs on.
func TestOpenFindsTheSameEverywhere(t *testing.T) {
	want := probes.ReportOf(openSource(t))
	times := 200
	if testing.Short() {
		times = 20
	}
	var done sync.WaitGroup
	for range 8 { // more than there are CPUs, so that they are moved about
		done.Go(func() {
			for range times {
				s, err := Open(Offers)
				if !assert.NoError(t, err) || !assert.Equal(t, want, probes.ReportOf(s)) || !assert.NoError(t, s.Close()) {
					return
				}
			}
		})
	}
	done.Wait()
}

func TestPageFaults(t *testing.T) {
	s := openSource(t)
	leaktest.OnThread(func() {
		th, err := s.Register()
		require.NoError(t, err)
		require.Nil(t, th.Word())
		var before, v probes.Values
		require.True(t, th.Read(0, &before))
		touch(t, 100)
		require.True(t, th.Read(0, &v))
		require.GreaterOrEqual(t, v.PageFaults, before.PageFaults+100)
		require.GreaterOrEqual(t, v.Migrations, before.Migrations)
		require.NoError(t, th.Close())
		require.False(t, th.Read(0, &v))
		require.NoError(t, th.Close())
	})
}

// Hardware events are counted, or there is a reason why not. SEDA_COUNTERS names those that must be there, as on an emulated machine that has them.
func TestHardware(t *testing.T) {
	s := openSource(t)
	for name := range strings.FieldsFuncSeq(os.Getenv("SEDA_COUNTERS"), func(r rune) bool { return r == ',' }) {
		require.Contains(t, counted(s), name)
	}
	leaktest.OnThread(func() {
		th, err := s.Register()
		require.NoError(t, err)
		touch(t, 10)
		var v probes.Values
		require.True(t, th.Read(0, &v))
		for _, m := range []probes.Metric{probes.Cycles, probes.Instructions, probes.CacheMisses, probes.TLBMisses, probes.Stalled} {
			origin, why := s.Origin(m)
			switch {
			case origin == probes.Perf && (m == probes.Cycles || m == probes.Instructions):
				require.Positive(t, *field(&v, m), m)
			case origin == probes.None:
				require.NotEqual(t, probes.Known, why, m)
				require.Zero(t, *field(&v, m), m)
				if !probes.SystemFacts().PMU {
					require.Equal(t, probes.NoPMU, why, m)
				}
			}
		}
		require.NoError(t, th.Close())
	})
}

// counted lists the metrics that s has.
func counted(s probes.Source) (names []string) {
	for m, line := range probes.ReportOf(s) {
		if line.Origin == probes.Perf {
			names = append(names, probes.Metric(m).String())
		}
	}
	return names
}

// The counters of a thread that has ended stay.
func TestEndedThread(t *testing.T) {
	s := openSource(t)
	var th probes.Thread
	leaktest.OnThread(func() {
		var err error
		th, err = s.Register()
		require.NoError(t, err)
		touch(t, 10)
	})
	var v probes.Values
	require.True(t, th.Read(0, &v))
	require.GreaterOrEqual(t, v.PageFaults, uint64(10))
	require.NoError(t, th.Close())
}

// Without capabilities a thread counts less, and says why. It ends with them.
func TestWithoutCapabilities(t *testing.T) {
	leaktest.OnThread(func() {
		var none [2]unix.CapUserData
		require.NoError(t, unix.Capset(&unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}, &none[0]))
		s, err := Open(Offers)
		if why := probes.SystemFacts().Perf(); why != probes.Known {
			require.ErrorIs(t, err, why)
			return
		}
		require.NoError(t, err)
		origin, _ := s.Origin(probes.PageFaults)
		require.Equal(t, probes.Perf, origin)
		if probes.SystemFacts().Paranoid > 1 {
			_, why := s.Origin(probes.Migrations)
			require.Equal(t, probes.NoCapPerfmon, why, "it happens in the kernel")
		}
		require.NoError(t, s.Close())
	})
}

// A source that was opened with capabilities counts for a thread that has dropped them what needs none.
func TestThreadWithoutCapabilities(t *testing.T) {
	s := openSource(t)
	leaktest.OnThread(func() { // it ends with them
		var none [2]unix.CapUserData
		require.NoError(t, unix.Capset(&unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}, &none[0]))
		th, err := s.Register()
		if why := probes.SystemFacts().Perf(); why != probes.Known {
			require.ErrorIs(t, err, why)
			return
		}
		require.NoError(t, err)
		touch(t, 10)
		var v probes.Values
		require.True(t, th.Read(0, &v))
		require.GreaterOrEqual(t, v.PageFaults, uint64(10))
		require.NoError(t, th.Close())
	})
}

func TestClosedSource(t *testing.T) {
	s := openSource(t)
	leaktest.OnThread(func() {
		th, err := s.Register()
		require.NoError(t, err)
		require.NoError(t, s.Close())
		_, err = s.Register()
		require.ErrorIs(t, err, ErrClosed)
		require.False(t, th.Read(0, new(probes.Values)), "threads know nothing new from then on")
		require.NoError(t, th.Close())
	})
}

// BenchmarkRead is a reading of a thread's groups.
func BenchmarkRead(b *testing.B) {
	s, err := Open(Offers)
	if err != nil {
		b.Skip(err)
	}
	defer s.Close()
	leaktest.OnThread(func() {
		th, err := s.Register()
		require.NoError(b, err)
		var v probes.Values
		for b.Loop() {
			th.Read(0, &v)
		}
		require.NoError(b, th.Close())
	})
}
