package engine

// maxClasses is how many classes a stage can have.
const maxClasses = 4

// weights are the shares of the classes while all of them have events waiting.
var weights = [maxClasses]int{1, 4, 16, 64}

// mix says whose turn it is among the sources of a shard: weighted round robin over the classes, which leaves the lower ones their share,
// and round robin over the sources of a class.
type mix struct {
	next   [maxClasses]int // source to begin with
	credit [maxClasses]int // events the class may have before shares are dealt out anew
}

// fill takes up to limit events out of the shard.
func (sh *shard[T]) fill(h *hand[T], m *mix, limit int) {
	classes := len(sh.sources)
	if classes == 1 {
		sh.take(h, m, 0, limit-h.n)
		return
	}
	all := 1<<classes - 1
	for empty := 0; empty != all; m.credit = weights {
		for c := classes - 1; c >= 0; c-- {
			bit := 1 << c
			if empty&bit != 0 {
				continue
			}
			most := limit - h.n
			if empty|bit != all { // else nobody else waits
				most = min(most, m.credit[c])
			}
			n := sh.take(h, m, c, most)
			m.credit[c] = max(m.credit[c]-n, 0)
			if h.n == limit {
				return
			}
			if n < most {
				empty |= bit
			}
		}
	}
}

// take takes up to limit events of one class, beginning behind the source that was the last to give any: with fewer events in a batch than sources, one
// that began elsewhere would pass by some sources more often than by others.
func (sh *shard[T]) take(h *hand[T], m *mix, class, limit int) (n int) {
	sources := sh.sources[class]
	k := m.next[class]
	for range sources {
		if n == limit {
			break
		}
		got := sources[k].pop(h, limit-n)
		if k++; k == len(sources) {
			k = 0
		}
		if got > 0 {
			n, m.next[class] = n+got, k
		}
	}
	return n
}
