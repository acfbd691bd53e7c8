package engine

import (
	"maps"
	"os"
	"runtime"
	"strconv"

	"github.com/seda-go/seda/affinity"
)

// confinement keeps the threads of the process that are not workers off the CPUs of workers, as far as engines ask for it, and gives every
// thread its mask back in the end. New threads inherit the mask of the one that starts them, so most are where they belong from
// birth; those that are not, a later scan finds. A thread that somebody binds to other CPUs meanwhile keeps what it was given, less the
// workers' CPUs. Its user holds process, whose part it is.
type confinement struct {
	kernel  tasks
	usual   affinity.Set          // what the process could run on before
	threads map[int]confined      // by id: threads whose mask was changed
	rooms   map[affinity.Set]bool // masks that were given to most threads, and so are inherited
}

// tasks are the calls of the kernel that a confinement makes; tests put others in their place. That a thread has ended is no error.
type tasks struct {
	list    func() []int
	allowed func(tid int) (affinity.Set, error)
	pin     func(tid int, cpus affinity.Set) error
}

// confined is a thread's mask, as it was before and as it was set.
type confined struct{ before, now affinity.Set }

// ownTasks lists the threads of the process.
func ownTasks() (ids []int) {
	dir, err := os.Open("/proc/self/task")
	if err != nil {
		return nil
	}
	defer func() { _ = dir.Close() }()
	names, _ := dir.Readdirnames(-1)
	for _, name := range names {
		if tid, err := strconv.Atoi(name); err == nil {
			ids = append(ids, tid)
		}
	}
	return ids
}

// apply keeps all threads but workers off the CPUs in taken, and returns those that are left to them. If none is left, it lets them go.
func (c *confinement) apply(taken affinity.Set, workers map[int]bool) (room affinity.Set) {
	masks, alive := c.masks()
	room = c.usual.AndNot(taken)
	if room.And(alive).Empty() {
		c.lift(workers)
		return affinity.Set{}
	}
	if c.threads == nil {
		c.threads, c.rooms = map[int]confined{}, map[affinity.Set]bool{}
	}
	for tid, mask := range masks {
		if !workers[tid] {
			c.confine(tid, mask, alive, room, taken)
		}
	}
	c.rooms[room] = true
	for tid := range c.threads {
		if _, there := masks[tid]; !there || workers[tid] {
			delete(c.threads, tid) // its id may come back as another thread's
		}
	}
	return room
}

// masks reads the masks of all threads, and the CPUs that any of them may run on: where they are cut by a cpuset, all of them are. While a
// cpuset changes, some masks are old and some are new; so it reads until it gets the same twice, or gives up and leaves the rest to
// the next scan.
func (c *confinement) masks() (masks map[int]affinity.Set, alive affinity.Set) {
	var last map[int]affinity.Set
	for range 10 {
		masks, alive = map[int]affinity.Set{}, affinity.Set{}
		for _, tid := range c.kernel.list() {
			if mask, err := c.kernel.allowed(tid); err == nil {
				masks[tid] = mask
				alive = alive.Or(mask)
			}
		}
		if maps.Equal(masks, last) {
			break
		}
		last = masks
	}
	return masks, alive
}

// confine looks after one thread.
func (c *confinement) confine(tid int, mask, alive, room, taken affinity.Set) {
	t, known := c.threads[tid]
	switch {
	case known && (t.untouched(mask, alive) || t.now.Contains(mask)):
	case !known && (c.rooms[mask] || mask == c.usual.And(alive)):
		t.before = c.usual // an ordinary thread, or started by one that was confined
	default:
		t.before = mask
	}
	want := t.before.AndNot(taken)
	if want.Empty() {
		want = room
	}
	if known && want == t.now && t.now.Contains(mask) {
		return
	}
	t.now = want
	if want != mask {
		_ = c.kernel.pin(tid, want) // it has ended, or the kernel cut the mask
	}
	c.threads[tid] = t
}

// untouched reports whether mask is what the thread was given: all of it, or what is alive of it.
func (t confined) untouched(mask, alive affinity.Set) bool {
	left := t.now.And(alive)
	return mask == left || left.Empty()
}

// lift gives all threads their masks back. Threads that start meanwhile may inherit the old ones: it goes on until it finds none.
func (c *confinement) lift(workers map[int]bool) {
	done := map[int]bool{}
	for found := true; found; {
		found = false
		masks, alive := c.masks()
		for tid, mask := range masks {
			t, known := c.threads[tid]
			switch {
			case workers[tid], done[tid]:
				continue
			case known && t.untouched(mask, alive):
			case !known && c.inherited(mask, alive):
				t.before = c.usual
			default:
				continue
			}
			done[tid], found = true, true
			if t.before != mask {
				_ = c.kernel.pin(tid, t.before)
			}
			t.now = t.before
			c.threads[tid] = t
		}
	}
}

// inherited reports whether mask is what a thread that was started by a confined one has: a room, or what is alive of it. Of one that is
// not alive at all the kernel shows all that is, and gives the thread its room back when that is alive again.
func (c *confinement) inherited(mask, alive affinity.Set) bool {
	for room := range c.rooms {
		left := room.And(alive)
		if left.Empty() {
			left = alive
		}
		if mask == room || mask == left {
			return true
		}
	}
	return false
}

// end lifts the confinement for good.
func (c *confinement) end(workers map[int]bool) {
	c.lift(workers)
	c.threads, c.rooms = nil, nil
}

// before returns what a thread with this mask could run on if it were not confined.
func (c *confinement) before(tid int, mask affinity.Set) affinity.Set {
	if t, known := c.threads[tid]; known && t.now == mask {
		return t.before
	}
	if c.rooms[mask] {
		return c.usual
	}
	return mask
}

// allowedCPUs returns what the process may run on, also where it is confined.
func allowedCPUs() (affinity.Set, error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	process.Lock()
	defer process.Unlock()
	mask, err := affinity.Allowed()
	if err != nil {
		return mask, err
	}
	return process.confinement.before(threadID(), mask), nil
}

// confine applies Config.Confine when the workers are pinned, and again about once a second: for threads that have started since, and
// workers that have moved.
func (e *Engine) confine() {
	process.Lock()
	c := &process.confinement
	if len(process.confining) == 0 {
		c.kernel, c.usual = tasks{ownTasks, affinity.AllowedOf, affinity.PinThread}, e.usable
		process.confining = map[*Engine]bool{}
	}
	process.confining[e] = true
	room := c.apply(takenCPUs(), process.workers)
	process.Unlock()
	if e.confined && room == e.room {
		return
	}
	e.confined, e.room = true, room
	if room.Empty() {
		e.log.Warn("Confine: no CPU is left for the process's other threads, which therefore run anywhere")
	} else {
		e.log.Info("the process's other threads are kept off the workers' CPUs", "cpus", room)
	}
}

// unconfine ends e's part in the confinement, and with the last engine the confinement.
func (e *Engine) unconfine() {
	process.Lock()
	defer process.Unlock()
	if !process.confining[e] {
		return
	}
	delete(process.confining, e)
	if len(process.confining) == 0 {
		process.confinement.end(process.workers)
	} else {
		process.confinement.apply(takenCPUs(), process.workers)
	}
}

// takenCPUs returns the CPUs of the workers that other threads are to keep off. The caller holds process.
func takenCPUs() (taken affinity.Set) {
	for e := range process.confining {
		taken = taken.Or(e.places())
	}
	return taken
}
