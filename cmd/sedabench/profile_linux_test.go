package main

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	rpprof "runtime/pprof"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	pprof "github.com/google/pprof/profile"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/seda-go/seda/engine"
	"github.com/seda-go/seda/internal/leaktest"
	"github.com/seda-go/seda/probes"
	"github.com/seda-go/seda/probes/profile"
)

// withPrograms skips a test where programs cannot be loaded.
func withPrograms(t *testing.T) {
	t.Helper()
	if why := probes.SystemFacts().BPF(); why != probes.Known {
		t.Skip(why)
	}
}

func readProfile(t *testing.T, name string) *pprof.Profile {
	t.Helper()
	f, err := os.Open(name)
	require.NoError(t, err)
	defer f.Close()
	p, err := pprof.Parse(f)
	require.NoError(t, err)
	return p
}

// labelsOf lists the values of a label.
func labelsOf(p *pprof.Profile, label string) (list []string) {
	for _, s := range p.Sample {
		if v := s.Label[label]; !slices.Contains(list, strings.Join(v, " ")) {
			list = append(list, strings.Join(v, " "))
		}
	}
	slices.Sort(list)
	return list
}

// passes reports whether a function of that name is on the stack of s.
func passes(s *pprof.Sample, name string) bool {
	return slices.ContainsFunc(s.Location, func(l *pprof.Location) bool {
		return slices.ContainsFunc(l.Line, func(l pprof.Line) bool { return strings.HasSuffix(l.Function.Name, "."+name) })
	})
}

func TestRunWritesProfiles(t *testing.T) {
	withPrograms(t)
	dir := t.TempDir()
	off, on := filepath.Join(dir, "off.pb.gz"), filepath.Join(dir, "on.pb.gz")
	code, out, errs := sedabench(t, append([]string{"--arch", "pool,staged", "--arrival", "closed", "--profile-offcpu", off, "--profile-oncpu", on}, quick...)...)
	measuredAll(t, code, errs)
	require.Contains(t, errs, off+", "+on+": a run of its own, with its warm-up: staged, 1 worker, closed loop")
	require.Equal(t, 1, strings.Count(out, "\n  staged "), "that run is in no table")
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, entries, 2)

	p := readProfile(t, off)
	require.Contains(t, p.Comments[0], "staged, 1 worker, closed loop")
	require.Contains(t, p.Comments[1], "--profile-offcpu "+off)
	require.Positive(t, p.DurationNanos)
	require.Subset(t, []string{"none", "s0", "s1", "s2"}, labelsOf(p, profile.Stage))
	require.Subset(t, []string{"0"}, labelsOf(p, profile.Worker))
	require.Subset(t, []string{"blocked", "preempted", "runqueue"}, labelsOf(p, profile.Reason))
	p = readProfile(t, on)
	require.Subset(t, []string{"0"}, labelsOf(p, profile.Worker))
	require.EqualValues(t, time.Second/sampleRate, p.Period)
}

// Without privilege nothing runs, and nothing is written.
func TestProfilesNeedPrivilege(t *testing.T) {
	name := filepath.Join(t.TempDir(), "on.pb.gz")
	leaktest.OnThread(func() { // it ends with its capabilities
		var none [2]unix.CapUserData
		require.NoError(t, unix.Capset(&unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}, &none[0]))
		why := probes.SystemFacts().BPF()
		require.NotEqual(t, probes.Known, why)
		code, out, errs := sedabench(t, append([]string{"--arch", "staged", "--profile-oncpu", name}, quick...)...)
		require.Equal(t, exitFailed, code)
		require.Empty(t, out)
		require.Equal(t, "sedabench: --profile-oncpu: bpf: "+why.Error()+": "+why.Remedy()+"\n", errs)
	})
	entries, err := os.ReadDir(filepath.Dir(name))
	require.NoError(t, err)
	require.Empty(t, entries)
}

func TestProfileFlags(t *testing.T) {
	for args, want := range map[string]string{
		"--arch pool --profile-offcpu a":                "--profile-offcpu: only staged looks at it",
		"--arch pool --profile-oncpu a":                 "--profile-oncpu: only staged looks at it",
		"--profile-oncpu a --profile-offcpu a":          "--profile-offcpu, --profile-oncpu: both are a",
		"--profile-oncpu ./a --profile-offcpu a":        "--profile-offcpu, --profile-oncpu: both are a",
		"--profile-oncpu a --out ./a":                   "--profile-oncpu, --out: both are a",
		"--profile-oncpu=":                              "--profile-oncpu: want a name",
		"--preset shift --profile-offcpu not-looked-at": "--profile-offcpu: --preset shift does not look at it",
	} {
		code, out, errs := sedabench(t, strings.Fields(args)...)
		require.Equal(t, exitUsage, code, args)
		require.Empty(t, out)
		require.Contains(t, errs, want)
	}
	withPrograms(t)
	code, out, errs := sedabench(t, "--profile-offcpu", "/nowhere/off.pb.gz")
	require.Equal(t, exitFailed, code)
	require.Empty(t, out)
	require.Contains(t, errs, "sedabench: --profile-offcpu: open "+partOf("/nowhere/off.pb.gz")+": no such file or directory")

	// What a complete profile would not replace, or must not, is found before anything runs.
	dir := t.TempDir()
	link := filepath.Join(dir, "link")
	require.NoError(t, os.Symlink(os.DevNull, link))
	for _, name := range []string{dir, dir + "/", link, os.DevNull} {
		code, out, errs = sedabench(t, "--profile-oncpu", name)
		require.Equal(t, exitFailed, code)
		require.Empty(t, out)
		require.Equal(t, "sedabench: --profile-oncpu: "+name+" is there, and not a regular file\n", errs)
	}
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, entries, 1)
	require.NoFileExists(t, partOf(dir))
}

// A directory that comes while the profile is made keeps it from its name: nothing is left under the other one.
func TestProfileThatCannotBeNamed(t *testing.T) {
	f := &profileFile{name: filepath.Join(t.TempDir(), "off"), make: profile.OffCPU}
	require.NoError(t, f.create())
	require.NoError(t, os.Mkdir(f.name, 0o777))
	require.ErrorContains(t, f.write(nil, profile.Config{}), "rename")
	require.NoFileExists(t, partOf(f.name))
}

const nap = 10 * time.Millisecond

//go:noinline
func napInHandler() {
	ts := unix.NsecToTimespec(int64(nap))
	for unix.Nanosleep(&ts, &ts) == unix.EINTR {
	}
}

var turns atomic.Int64

//go:noinline
func spinInHandler() {
	for range 200_000 {
		turns.Add(1)
	}
}

// twoStages is an engine with a pinned worker of which one stage sleeps and the other spins. Each event does so once.
func twoStages(t *testing.T, source probes.Source) (e *engine.Engine, sleeps, spins *engine.Stage[int]) {
	e = engine.New(engine.Config{Name: "profiled", Workers: 1, Kind: engine.Pinned, Probes: source, Idle: engine.Park, Log: slog.New(slog.DiscardHandler)})
	t.Cleanup(func() { _ = e.Close() })
	sleeps, spins = engine.Add(e, engine.StageConfig[int]{Name: "sleeps"}), engine.Add(e, engine.StageConfig[int]{Name: "spins"})
	sleeps.Handle(func(*engine.Context, int) error { napInHandler(); return nil })
	spins.Handle(func(*engine.Context, int) error { spinInHandler(); return nil })
	require.NoError(t, e.Start(context.Background()))
	return e, sleeps, spins
}

// handle has the stage handle an event, and waits for that: many that wait would take long where others have the CPU.
func handle(t *testing.T, e *engine.Engine, s *engine.Stage[int]) {
	require.NoError(t, s.Submit(t.Context(), 0))
	for e.Stats().Stage("spins").Depth > 0 {
		runtime.Gosched()
	}
}

// Sleeps of a handler are in the profile under its stage, its worker and its name, and turns of another one's loop are too. What sleeps may lack is the
// time for which the worker was not asleep.
func TestProfileOfStages(t *testing.T) {
	withPrograms(t)
	p, err := newProfiling(&options{offCPU: filepath.Join(t.TempDir(), "off"), onCPU: filepath.Join(t.TempDir(), "on")})
	require.NoError(t, err)
	defer func() { require.NoError(t, p.discard()) }()
	source, err := p.open("", func(err error) { require.NoError(t, err) })
	require.NoError(t, err)
	e, sleeps, spins := twoStages(t, source)
	const times = 10
	for i := range times {
		require.NoError(t, sleeps.TrySubmit(i))
	}
	sampled := func() bool {
		list, err := p.stacks.Read()
		require.NoError(t, err)
		return slices.ContainsFunc(profile.OnCPU(list, profile.Config{}).Sample, func(s *pprof.Sample) bool { return passes(s, "spinInHandler") })
	}
	for !sampled() {
		handle(t, e, spins)
	}
	require.NoError(t, e.Drain(t.Context()))
	p.ended(e.Stats())
	_, err = p.write("a test", "")
	require.NoError(t, err)
	require.NoError(t, source.Close())

	var blocked, other int64
	off := readProfile(t, p.files[0].name)
	for _, s := range off.Sample {
		require.Equal(t, []string{"0"}, s.Label[profile.Worker])
		if s.Label[profile.Stage][0] != "sleeps" {
			require.False(t, passes(s, "napInHandler"))
		} else if passes(s, "napInHandler") && s.Label[profile.Reason][0] == "blocked" {
			blocked += s.Value[0]
		} else {
			other += s.Value[1] + s.Value[2]
		}
	}
	th := e.Stats().Stage("sleeps").Thread
	require.GreaterOrEqual(t, blocked, 95*times*int64(nap)/100-other-int64(th.OnCPU))
	require.LessOrEqual(t, blocked, int64(e.Stats().Stage("sleeps").Busy))
	on := readProfile(t, p.files[1].name)
	require.True(t, slices.ContainsFunc(on.Sample, func(s *pprof.Sample) bool {
		return passes(s, "spinInHandler") && s.Label[profile.Stage][0] == "spins" && s.Label[profile.Worker][0] == "0"
	}))
}

// The profile that Go takes itself has labels of the stages too, without probes or privilege.
func TestGoProfileHasStages(t *testing.T) {
	e, _, spins := twoStages(t, nil)
	found := func() bool {
		var b bytes.Buffer
		require.NoError(t, rpprof.StartCPUProfile(&b))
		for range 20 {
			handle(t, e, spins)
		}
		rpprof.StopCPUProfile()
		p, err := pprof.Parse(&b)
		require.NoError(t, err)
		return slices.ContainsFunc(p.Sample, func(s *pprof.Sample) bool {
			return passes(s, "spinInHandler") && slices.Equal(s.Label["stage"], []string{"spins"}) &&
				slices.Equal(s.Label["worker"], []string{"0"}) && slices.Equal(s.Label["engine"], []string{"profiled"})
		})
	}
	for !found() {
	}
	require.NoError(t, e.Drain(t.Context()))
}
