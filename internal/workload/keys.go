package workload

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync/atomic"
)

// MaxKeys is the largest number of keys.
const MaxKeys = 100_000

// Keys says which keys requests have: key 0 is the most frequent one. The zero value is one key. It is immutable and safe for concurrent use.
type Keys struct {
	text  string
	count int
	hot   float64
	// Walker's table: key i comes by itself with probability stays[i], else in the place of alias[i].
	stays []float64
	alias []uint32
}

// KeysForms returns how distributions of keys are written, for help and errors.
func KeysForms() []string { return []string{"zipf:<exponent>,<keys>", "uniform:<keys>"} }

// ParseKeys reads a distribution of keys such as zipf:0.99,10000, in which the k-th key comes in proportion to k to the power of -0.99, or uniform:10000.
func ParseKeys(text string) (*Keys, error) {
	name, arguments, _ := strings.Cut(text, ":")
	exponent, count, before := 0.0, arguments, "uniform:"
	switch name {
	case "uniform":
	case "zipf":
		first, second, two := strings.Cut(arguments, ",")
		var err error
		if exponent, err = strconv.ParseFloat(first, 64); err != nil || !two || !(exponent >= 0 && exponent <= 10) {
			return nil, fmt.Errorf("%q, want zipf:<exponent>,<keys> with an exponent from 0 to 10", text)
		}
		count, before = second, "zipf:"+first+","
	default:
		return nil, fmt.Errorf("unknown distribution %q, want %s", text, strings.Join(KeysForms(), " or "))
	}
	n, err := strconv.Atoi(count)
	if err != nil || n < 1 || n > MaxKeys {
		return nil, fmt.Errorf("%q, want 1 to %d keys, as in %s10000", text, MaxKeys, before)
	}
	return newKeys(text, n, exponent), nil
}

// newKeys makes the table: Walker, "An efficient method for generating discrete random variables with general distributions", ACM Transactions on
// Mathematical Software 3 (1977), filled as by Vose, IEEE Transactions on Software Engineering 17 (1991).
func newKeys(text string, n int, exponent float64) *Keys {
	k := &Keys{text: text, count: n, stays: make([]float64, n), alias: make([]uint32, n)}
	sum := 0.0
	for i := range k.stays {
		k.stays[i] = math.Pow(float64(i+1), -exponent)
		sum += k.stays[i]
	}
	k.hot = 1 / sum
	var small, large []int
	for i := range k.stays {
		k.stays[i] *= float64(n) / sum
		k.alias[i] = uint32(i)
		if k.stays[i] < 1 {
			small = append(small, i)
		} else {
			large = append(large, i)
		}
	}
	for len(small) > 0 && len(large) > 0 {
		s, l := small[len(small)-1], large[len(large)-1]
		small = small[:len(small)-1]
		k.alias[s] = uint32(l)
		if k.stays[l] -= 1 - k.stays[s]; k.stays[l] < 1 {
			large = large[:len(large)-1]
			small = append(small, l)
		}
	}
	for _, i := range append(small, large...) {
		k.stays[i] = 1 // but for rounding
	}
	return k
}

// String returns the text that ParseKeys read, nothing for nil.
func (k *Keys) String() string {
	if k == nil {
		return ""
	}
	return k.text
}

// Count returns how many keys there are.
func (k *Keys) Count() int { return k.count }

// Hot returns the part of the requests that have the most frequent key.
func (k *Keys) Hot() float64 { return k.hot }

// draw returns a key.
func (k *Keys) draw(random *rand.Rand) uint32 {
	x := random.Float64() * float64(k.count)
	i := uint32(x)
	if x-float64(i) < k.stays[i] {
		return i
	}
	return k.alias[i]
}

// state is what a keyed stage has of a key: a cache line of its own, as an entry of a cache or an account would be.
type state struct {
	// handled is plain: it is right only if requests of the key are handled one at a time, and the race detector sees where they are not.
	handled uint64
	begun   atomic.Uint64 // how often a request of it came, whoever else had one
	_       [48]byte
}

// keyStates are those of a stage, by key.
type keyStates []state

// Keep gives the keyed stages a state for each of the keys, before the first Step.
func (h *Handler) Keep(k *Keys) {
	for stage := range h.graph.nodes {
		if h.graph.Keyed(stage) {
			h.states[stage] = make(keyStates, k.count)
		}
	}
}

// Overlapped returns how often a stage handled two requests of one key at the same time, as far as that left a trace. It must not be called while requests are in flight.
func (h *Handler) Overlapped() (n int64) {
	for _, states := range h.states {
		for i := range states {
			n += int64(states[i].begun.Load() - states[i].handled)
		}
	}
	return n
}
