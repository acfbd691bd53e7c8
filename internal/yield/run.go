//go:build yield

package yield

import (
	"errors"
	"fmt"
	"io"
	"math"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"
)

const (
	forever  = time.Duration(math.MaxInt64)
	maxSteps = 1 << 17 // of a run: what takes more has no end
)

// ErrStuck is the error of a run that cannot go on: everybody waits.
var ErrStuck = errors.New("everybody waits")

// ErrEndless is the error of a run that goes on and on.
var ErrEndless = errors.New("no end in sight")

// Schedule is an order of steps, made of its seed.
type Schedule struct {
	Seed  uint64
	Trace io.Writer // gets a line for each step, unless it is nil
}

// Run calls main in a goroutine, and lets it and those that it starts by Go run
// one at a time until all have ended. Nothing else may use this package
// meanwhile. If the run cannot go on its goroutines exit where they are.
func (s Schedule) Run(main func()) error {
	r := &run{strategy: newStrategy(s.Seed), groups: map[*sync.WaitGroup]int{}, trace: s.Trace, ended: make(chan struct{})}
	if !current.CompareAndSwap(nil, r) {
		panic("yield: a run within a run")
	}
	defer current.Store(nil)
	r.spawn(nil, main)
	r.running = r.tasks[0]
	r.running.resume <- struct{}{}
	<-r.ended
	return r.err
}

// Now returns the virtual time of the run. A little of it passes with each
// call.
func Now() time.Duration {
	r := current.Load()
	r.clock += time.Duration(r.strategy.IntN(1000))
	return r.clock
}

// run is one schedule. Its fields belong to the task that runs, and go from one
// to the next with resume.
type run struct {
	strategy *strategy
	tasks    []*task // that have not ended
	made     int
	running  *task
	groups   map[*sync.WaitGroup]int // tasks that have not ended
	clock    time.Duration
	steps    int
	looking  bool // within a condition, where points are none
	over     bool // tasks are to exit
	err      error
	trace    io.Writer
	ended    chan struct{}
}

// task is a goroutine of a run, or its clock.
type task struct {
	name     string
	group    *sync.WaitGroup
	resume   chan struct{}
	until    func() bool   // what it waits for; nil: nothing
	lull     bool          // goes on when nobody else can
	deadline time.Duration // when it waits no more
	rank     int           // see strategy
	at       [24]uintptr   // where it waits
}

func (r *run) spawn(group *sync.WaitGroup, f func()) {
	if r.over {
		return
	}
	t := &task{name: fmt.Sprint("task ", r.made), group: group, resume: make(chan struct{}, 1), deadline: forever, rank: r.strategy.rank()}
	r.made++
	r.tasks = append(r.tasks, t)
	r.groups[group]++
	go func() {
		defer func() {
			if cause := recover(); cause != nil {
				r.fail(fmt.Errorf("panic in %s: %v\n%s", t.name, cause, debug.Stack()))
			}
			r.end(t)
		}()
		if <-t.resume; !r.over {
			f()
		}
	}()
}

// pause lets others run until the task that runs is chosen again, which it can
// be once cond, if there is one, holds or the time is up. It reports which.
func (r *run) pause(cond func() bool, most time.Duration) (told bool) {
	if r.looking || r.over {
		return true
	}
	t := r.running
	t.until, t.deadline = cond, forever
	if most < forever-r.clock {
		t.deadline = r.clock + most + 1 // not without the clock having been chosen
	}
	if cond != nil || r.trace != nil {
		n := runtime.Callers(3, t.at[:])
		clear(t.at[n:])
	}
	if r.steps++; r.steps > maxSteps {
		r.fail(ErrEndless)
	}
	r.goOn(t)
	told = cond == nil || r.holds(cond)
	t.until = nil
	return told
}

// goOn lets the chosen task run, and returns when t is chosen.
func (r *run) goOn(t *task) {
	if next := r.next(); next != t && next != nil {
		r.running = next
		next.resume <- struct{}{}
		<-t.resume
	}
	if r.over {
		runtime.Goexit()
	}
	if r.trace != nil {
		fmt.Fprintf(r.trace, "%6d %v %s %s\n", r.steps, r.clock, t.name, t.place(3))
	}
}

// next chooses a task, or returns nil if the run is over.
func (r *run) next() *task {
	for !r.over {
		able, alarm := r.able()
		if alarm < forever {
			able = append(able, r.strategy.clock)
		}
		if len(able) == 0 {
			if t := r.lulled(); t != nil {
				return t
			}
			r.fail(r.stuck())
			break
		}
		t := r.strategy.choose(able, r.running)
		if t != r.strategy.clock {
			return t
		}
		r.clock = alarm
	}
	return nil
}

// able returns the tasks that can go on, and when the first of the others can.
func (r *run) able() (able []*task, alarm time.Duration) {
	able, alarm = r.strategy.able[:0], forever
	for _, t := range r.tasks {
		switch {
		case t.lull:
		case t.until == nil, t.deadline <= r.clock, r.holds(t.until):
			able = append(able, t)
		default:
			alarm = min(alarm, t.deadline)
		}
	}
	r.strategy.able = able
	return able, alarm
}

// lulled returns a task that waits for a lull, or nil.
func (r *run) lulled() *task {
	for _, t := range r.tasks {
		if t.lull {
			t.lull = false
			return t
		}
	}
	return nil
}

func (r *run) holds(cond func() bool) bool {
	r.looking = true
	defer func() { r.looking = false }()
	return cond()
}

// end is the last that a task does.
func (r *run) end(t *task) {
	r.tasks = slices.DeleteFunc(r.tasks, func(u *task) bool { return u == t })
	r.groups[t.group]--
	if len(r.tasks) == 0 {
		close(r.ended)
		return
	}
	if r.running = r.next(); r.running == nil {
		r.running = r.tasks[0] // to exit
	}
	r.running.resume <- struct{}{}
}

func (r *run) fail(err error) {
	if r.err == nil {
		r.err = err
	}
	r.over = true
}

// stuck says who waits where.
func (r *run) stuck() error {
	var text strings.Builder
	for _, t := range r.tasks {
		fmt.Fprintf(&text, "\n\t%s %s", t.name, t.place(len(t.at)))
	}
	return fmt.Errorf("%w, after %d steps:%s", ErrStuck, r.steps, &text)
}

// place names the innermost functions that a task is in.
func (t *task) place(most int) string {
	var names []string
	frames := runtime.CallersFrames(t.at[:])
	for more := true; more && len(names) < most; {
		var f runtime.Frame
		f, more = frames.Next()
		_, name, _ := strings.Cut(f.Function[strings.LastIndexByte(f.Function, '/')+1:], ".")
		if f.Line > 0 && !strings.Contains(f.Function, "internal/yield.") {
			names = append(names, fmt.Sprint(name, ":", f.Line))
		}
	}
	return strings.Join(names, " < ")
}
