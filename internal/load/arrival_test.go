package load

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// recorded writes a trace file.
func recorded(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "arrivals.txt")
	require.NoError(t, os.WriteFile(name, []byte(text), 0o600))
	return name
}

// scheduleOf returns the schedule of arrivals as a run makes it.
func scheduleOf(t *testing.T, text string, rate float64, warmup, duration time.Duration, seed uint64) *Schedule {
	t.Helper()
	a, err := ParseArrivals(text)
	require.NoError(t, err)
	require.Equal(t, text, a.String())
	c := Config{Rate: rate, Warmup: warmup, Duration: duration, Seed: seed}
	require.NoError(t, a.Apply(&c))
	return c.schedule()
}

func TestArrivalsThatAreNone(t *testing.T) {
	for text, want := range map[string]string{
		"bursty":         `unknown arrival "bursty", want closed, fixed, poisson, onoff:<on>,<off>, step:<at>,<factor>, ramp:<from>,<to>, trace:<file>`,
		"poisson:2":      `"poisson:2", want poisson`,
		"closed:":        `"closed:", want closed`,
		"onoff":          `"onoff", want onoff:<on>,<off>`,
		"ramp:":          `"ramp:", want ramp:<from>,<to>`,
		"onoff:1ms":      `onoff: "1ms", want two values, separated by a comma`,
		"ramp:1,2,3":     `ramp: "1,2,3", want two values, separated by a comma`,
		"onoff:1ms,0s":   `onoff: "0s", want a time from 1µs to 1h0m0s, such as 10ms`,
		"onoff:-1s,1s":   `onoff: "-1s", want a time from 1µs`,
		"step:-1s,2":     `step: "-1s", want a time from 0s to 1h0m0s`,
		"step:1s,NaN":    `step: "NaN", want a factor from 0 to 1000`,
		"step:1s,-1":     `step: "-1", want a factor from 0 to 1000`,
		"ramp:0,0":       "ramp: from 0 to 0, want more at one end",
		"ramp:1,1e9":     `ramp: "1e9", want a factor`,
		"trace:nowhere!": "trace: open nowhere!: ",
	} {
		_, err := ParseArrivals(text)
		require.ErrorContains(t, err, want, text)
	}
	for text, want := range map[string]string{
		"step:100ms,2": "step after 100ms, want less than 100ms, the measured time",
		"step:0s,0":    "profile: nothing is ever due",
	} {
		a, err := ParseArrivals(text)
		require.NoError(t, err)
		require.ErrorContains(t, a.Apply(&Config{Duration: 100 * time.Millisecond}), want, text)
	}
}

// What is due in each tenth of the window is what the rate says there, and the same for the same seed.
func TestArrivalsChangeTheRate(t *testing.T) {
	const rate, warmup, part = 1e6, 30 * time.Millisecond, 10 * time.Millisecond
	for text, want := range map[string][]float64{
		"poisson":         {1, 1, 1, 1, 1, 1, 1, 1, 1, 1},
		"onoff:20ms,30ms": {2.5, 2.5, 0, 0, 0, 2.5, 2.5, 0, 0, 0},
		"onoff:10ms,30ms": {4, 0, 0, 0, 4, 0, 0, 0, 4, 0},
		"step:40ms,3":     {1, 1, 1, 1, 3, 3, 3, 3, 3, 3},
		"step:0s,0.5":     {0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5},
		"step:50ms,0":     {1, 1, 1, 1, 1, 0, 0, 0, 0, 0},
		"ramp:0,2":        {0.1, 0.3, 0.5, 0.7, 0.9, 1.1, 1.3, 1.5, 1.7, 1.9},
		"ramp:1.5,0.5":    {1.45, 1.35, 1.25, 1.15, 1.05, 0.95, 0.85, 0.75, 0.65, 0.55},
	} {
		in := func(seed uint64) []int {
			return dueIn(scheduleOf(t, text, rate, warmup, 10*part, seed), part, 13)[3:]
		}
		got := in(1)
		require.Equal(t, got, in(1), text)
		require.NotEqual(t, got, in(2), text)
		for i, n := range got {
			mean := want[i] * rate * part.Seconds()
			require.InDelta(t, mean, n, 5*math.Sqrt(mean), "%s, part %d of %v", text, i, got)
		}
	}
}

// Periods of which there are millions between two requests are not gone through one by one.
func TestTheLowestRatesOfBursts(t *testing.T) {
	s := scheduleOf(t, "onoff:1us,1us", 1e-6, time.Millisecond, time.Second, 1)
	for range 100 {
		before := s.at
		require.Greater(t, s.Next(), int64(before))
	}
	require.InEpsilon(t, 100*1e15, s.at, 0.5)
}

func TestBacklogIsThatOfTheRate(t *testing.T) {
	const ms = time.Millisecond
	for _, c := range []struct {
		of   Profile
		load float64
		want time.Duration
	}{
		{nil, 0.5, 0},
		{nil, 3, 200 * ms},
		{Profile{{10 * ms, 2}, {10 * ms, 0}}, 0.5, 0},
		{Profile{{10 * ms, 2}, {10 * ms, 0}}, 0.9, 8 * ms},
		{Profile{{10 * ms, 2}, {10 * ms, 0}}, 1.5, 20*ms + 50*ms},
		{Profile{{time.Hour, 2}, {time.Hour, 0}}, 1, 100 * ms},
	} {
		require.InDelta(t, c.want, c.of.Backlog(c.load, 100*ms), 1, "%v at %g", c.of, c.load)
	}
}

func TestTracesThatAreNone(t *testing.T) {
	for text, want := range map[string]string{
		"":                        ": want arrivals at two different times at least",
		"# nothing\n\n":           ": want arrivals",
		"1\n1\n1":                 ": want arrivals at two",
		"0.1\n\n0.3\n0.2 # back":  `:4: "0.2" is before the arrival above it`,
		"0.1\nten\n":              `:2: "ten", want a time in seconds, such as 0.000345, or with a unit, such as 345us`,
		"0.1 7\n":                 `:1: "0.1 7", want a time`,
		"-1\n":                    `:1: "-1", want a time`,
		"1e300\n":                 `:1: "1e300", want a time`,
		"999999999999999\n":       `:1: "999999999999999", want a time`,
		strings.Repeat("1", 1e5):  ":1: a line of more than 64 KiB, want the time of an arrival",
		"1\n2\n3\n4\n5\n6\n7\n\n": ":6: more than 5 arrivals",
	} {
		_, err := readTrace("some.txt", strings.NewReader(text), 5)
		require.ErrorContains(t, err, "some.txt"+want, text)
	}
}

// What it takes to repeat a trace of centuries is more than an int64 holds.
func TestATraceOfCenturies(t *testing.T) {
	trace, err := readTrace("some.txt", strings.NewReader("0\n9000000000"), 5)
	require.NoError(t, err)
	require.InEpsilon(t, 2/18e9, trace.Rate(), 1e-9)
	s := NewSchedule(Fixed, 1e6, nil)
	s.Play(trace, 0)
	for i := range int64(100) {
		require.Equal(t, 1000*i, s.Next())
	}
}

func TestATraceIsPlayedAsItIs(t *testing.T) {
	name := recorded(t, "# seconds, and others\n1700000000.000000100\n\n1700000000.00001\n1700000000000040us # at last\n")
	trace, err := ReadTrace(name)
	require.NoError(t, err)
	require.Equal(t, []int64{0, 9900, 39900}, trace.at)
	require.InEpsilon(t, 3/(39900*1.5e-9), trace.Rate(), 1e-9)

	// The window begins with the first arrival; before that is the end of the trace, and after it the trace again.
	take := func(rate float64, warmup time.Duration, n int) (due []int64) {
		s := scheduleOf(t, "trace:"+name, rate, warmup, time.Second, 1)
		for range n {
			due = append(due, s.Next())
		}
		return due
	}
	require.Equal(t, []int64{0, 9900, 39900, 59850, 69750}, take(trace.Rate(), 0, 5))
	require.Equal(t, []int64{20200, 40150, 50050, 80050, 100000, 109900}, take(trace.Rate(), 100*time.Microsecond, 6))
	require.Equal(t, []int64{50, 20000, 29900}, take(trace.Rate(), 20*time.Microsecond, 3))
	require.Equal(t, []int64{40100, 80000, 99800}, take(trace.Rate()/2, 80*time.Microsecond, 3)) // scaled
	require.Equal(t, []int64{0, never, never}, take(1e-12, 0, 3))
}
