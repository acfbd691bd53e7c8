package load

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strings"
	"time"
)

// Trace is a recording of arrivals. It is immutable.
type Trace struct {
	at []int64 // ns from the first one; in order
	// length is in how many ns it is repeated: to the last one, and a mean distance more. Twice centuries, and rounds of them, are more than an int64 holds.
	length float64
}

// maxTrace is how many arrivals a trace may have: 32 MiB of them.
const maxTrace = 1 << 22

// ReadTrace reads a file with the time of an arrival a line, in order: seconds, such as 12.000345, or with a unit, such as 345us. Only the
// distances count. What follows # is left out, and so are empty lines. Errors name the file and the line.
func ReadTrace(name string) (*Trace, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // it was only read
	return readTrace(name, f, maxTrace)
}

func readTrace(name string, r io.Reader, most int) (*Trace, error) {
	t := &Trace{}
	lines := bufio.NewScanner(r)
	n := 0
	for lines.Scan() {
		n++
		text, _, _ := strings.Cut(lines.Text(), "#")
		if text = strings.TrimSpace(text); text == "" {
			continue
		}
		at, err := arrivalTime(text)
		switch {
		case err != nil:
		case len(t.at) == most:
			err = fmt.Errorf("more than %d arrivals", most)
		case len(t.at) > 0 && at < t.at[len(t.at)-1]:
			err = fmt.Errorf("%q is before the arrival above it", text)
		}
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", name, n, err)
		}
		t.at = append(t.at, at)
	}
	if err := lines.Err(); errors.Is(err, bufio.ErrTooLong) {
		return nil, fmt.Errorf("%s:%d: a line of more than 64 KiB, want the time of an arrival", name, n+1)
	} else if err != nil {
		return nil, fmt.Errorf("%s:%d: %w", name, n+1, err)
	}
	if len(t.at) < 2 || t.at[0] == t.at[len(t.at)-1] {
		return nil, fmt.Errorf("%s: want arrivals at two different times at least", name)
	}
	return t.fromFirst(), nil
}

// arrivalTime reads a time as whole nanoseconds: a float64 of seconds since 1970 has no room for them.
func arrivalTime(text string) (int64, error) {
	timed := text
	if last := text[len(text)-1]; last >= '0' && last <= '9' || last == '.' {
		timed += "s"
	}
	d, err := time.ParseDuration(timed)
	if err != nil || d < 0 {
		return 0, fmt.Errorf("%q, want a time in seconds, such as 0.000345, or with a unit, such as 345us", text)
	}
	return int64(d), nil
}

func (t *Trace) fromFirst() *Trace {
	first := t.at[0]
	for i := range t.at {
		t.at[i] -= first
	}
	last := float64(t.at[len(t.at)-1])
	t.length = last + max(last/float64(len(t.at)-1), 1)
	return t
}

// Rate is that of the recording, in arrivals per second.
func (t *Trace) Rate() float64 { return float64(len(t.at)) * 1e9 / t.length }

// player is where a schedule is in a trace.
type player struct {
	*Trace
	scale float64 // of its times
	start float64 // ns after which it begins; before that its end is played
	round float64 // how often it was played until then; negative at the start
	next  int
}

// Play lets the schedule follow t instead, at its rate in the mean, and so that t begins start after the schedule does: what comes before is the end of t.
func (s *Schedule) Play(t *Trace, start time.Duration) {
	p := &player{Trace: t, scale: t.Rate() * s.gap / 1e9, start: float64(start)}
	before := p.start / p.scale // of the times in t
	p.round = -math.Ceil(before / t.length)
	from := -p.round*t.length - before
	p.next, _ = slices.BinarySearchFunc(t.at, from, func(at int64, from float64) int {
		if float64(at) < from {
			return -1
		}
		return 1
	})
	s.trace = p
}

// due returns the time of the next arrival.
func (p *player) due() float64 {
	if p.next == len(p.at) {
		p.next = 0
		p.round++
	}
	at := p.start + p.scale*(p.round*p.length+float64(p.at[p.next]))
	p.next++
	return max(at, 0)
}
