package load

import (
	"math/rand/v2"

	"github.com/seda-go/seda/internal/workload"
)

// thinkers are the clients of a closed loop that have no request, by when their next one is due. Its zero value is that of clients who do not think.
type thinkers struct {
	time   workload.Service
	random *rand.Rand
	due    []int64 // a binary heap, the soonest first
}

// newThinkers returns clients who are in the middle of a thought, as they are later: else they would come too often at first or, with equal times, all at
// once, for ever.
func newThinkers(c *Config, start int64) thinkers {
	if c.Think.Mean() == 0 {
		return thinkers{}
	}
	t := thinkers{c.Think, rand.New(rand.NewPCG(c.Seed, arrivalStream)), make([]int64, 0, c.Clients)}
	for range c.Clients {
		t.push(start + int64(t.time.Residual(t.random)))
	}
	return t
}

// some reports whether clients think at all.
func (t *thinkers) some() bool { return t.random != nil }

// think begins a thought.
func (t *thinkers) think(at int64) { t.push(at + int64(t.time.Draw(t.random))) }

// next returns when the request is due of a client who has one by now.
func (t *thinkers) next(now int64) (due int64, ok bool) {
	if len(t.due) == 0 || t.due[0] > now {
		return 0, false
	}
	return t.pop(), true
}

func (t *thinkers) push(at int64) {
	t.due = append(t.due, at)
	for i := len(t.due) - 1; i > 0 && t.due[i] < t.due[(i-1)/2]; i = (i - 1) / 2 {
		t.due[i], t.due[(i-1)/2] = t.due[(i-1)/2], t.due[i]
	}
}

func (t *thinkers) pop() int64 {
	first, last := t.due[0], len(t.due)-1
	t.due[0] = t.due[last]
	t.due = t.due[:last]
	for i := 0; ; {
		least := i
		for child := 2*i + 1; child <= 2*i+2 && child < last; child++ {
			if t.due[child] < t.due[least] {
				least = child
			}
		}
		if least == i {
			return first
		}
		t.due[i], t.due[least] = t.due[least], t.due[i]
		i = least
	}
}
