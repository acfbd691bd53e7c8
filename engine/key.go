package engine

import (
	"hash/maphash"
	"math/bits"
	"runtime/debug"
)

var seed = maphash.MakeSeed()

// Hash returns a hash of k for StageConfig.Key: equal keys have equal hashes, in this process. It costs a few nanoseconds and does not
// allocate.
func Hash[K comparable](k K) uint64 { return maphash.Comparable(seed, k) }

// spreadBits is 2^64 divided by the golden ratio: multiplying by it moves what differs between keys into the upper bits (Knuth, The Art
// of Computer Programming, volume 3, 6.4: Fibonacci hashing), so that a key may be as plain as a user's number.
const spreadBits = 0x9E3779B97F4A7C15

// shardOf returns the shard of v's key. A panic of the key function is the caller's.
func (s *Stage[T]) shardOf(v T) int {
	if len(s.shards) == 1 {
		return 0
	}
	return int(s.key(v) * spreadBits >> s.keyShift)
}

// trySharding is shardOf for callers that cannot have a panic.
func (s *Stage[T]) trySharding(v T) (shard int, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = &PanicError{Value: cause, Stack: debug.Stack()}
		}
	}()
	return s.shardOf(v), nil
}

// shardCount returns how many shards a keyed stage has: with a single worker one is enough.
func (s *stageCore) shardCount(workers int) int {
	if s.blocking {
		workers = s.threads
	}
	switch {
	case !s.keyed || workers == 1:
		return 1
	case s.shards0 != 0:
		return s.shards0
	default:
		return min(1<<bits.Len(uint(shardsPerWorker*workers-1)), maxShards)
	}
}

const (
	shardsPerWorker = 4
	maxShards       = 256
)
