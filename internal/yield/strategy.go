//go:build yield

package yield

import "math/rand/v2"

// strategy says which task goes on. It is one of two, by the seed.
//
// A random walk stays with the task that runs for so many steps on average, and
// then chooses any. By priorities, as in Burckhardt, Kothari, Musuvathi,
// Nagarakatte, "A randomized scheduler with probabilistic guarantees of finding
// bugs" (ASPLOS 2010), the task that has the highest one of those that can go
// on runs; tasks get theirs at random, and at a few random steps the one that
// runs falls behind all others. That finds what depends on few orders, which a
// walk of many steps hardly ever does. Here the number of steps, which the
// paper takes from earlier runs, is drawn as well, so that the seed is all.
type strategy struct {
	*rand.Rand
	stay    int // of a walk: steps; 0: by priorities
	changes int // steps at which the priority changes that are left
	every   int // steps between them, on average
	lowest  int
	clock   *task   // stands for the passing of time
	able    []*task // scratch
}

func newStrategy(seed uint64) *strategy {
	s := &strategy{Rand: rand.New(rand.NewPCG(seed, 0))}
	if s.IntN(2) == 0 {
		s.stay = 1 << s.IntN(6)
	} else {
		s.changes, s.every = s.IntN(6), 1<<(2+s.IntN(8))
	}
	s.clock = &task{name: "clock", rank: s.rank()}
	return s
}

// rank returns the priority of a new task.
func (s *strategy) rank() int { return 1 + s.IntN(1<<30) }

// choose returns one of able, to run after last.
func (s *strategy) choose(able []*task, last *task) *task {
	if s.stay > 0 {
		return s.walk(able, last)
	}
	if s.changes > 0 && s.IntN(s.every) == 0 {
		s.changes--
		s.lowest--
		last.rank = s.lowest
	}
	first := able[0]
	for _, t := range able {
		if t.rank > first.rank {
			first = t
		}
	}
	return first
}

func (s *strategy) walk(able []*task, last *task) *task {
	if s.IntN(s.stay) > 0 {
		for _, t := range able {
			if t == last {
				return t
			}
		}
	}
	return able[s.IntN(len(able))]
}
