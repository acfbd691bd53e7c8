package ring

import (
	"fmt"
	"math/bits"
)

const (
	minCapacity = 2
	maxCapacity = 1 << 22
)

// falseSharing is the distance kept between words that different cores write:
// two cache lines, because the adjacent-line prefetcher of x86 fetches lines
// in pairs, and because some arm64 cores have lines of 128 bytes.
const falseSharing = 128

type pad [falseSharing]byte

// CheckCapacity reports what is wrong with a capacity, nil if it is a power of
// two from 2 to 4194304. The constructors panic with the same words.
func CheckCapacity(capacity int) error {
	if capacity < minCapacity || capacity > maxCapacity || bits.OnesCount(uint(capacity)) != 1 {
		return fmt.Errorf("ring: capacity %d is not a power of two from %d to %d", capacity, minCapacity, maxCapacity)
	}
	return nil
}

func mustCapacity(capacity int) {
	if err := CheckCapacity(capacity); err != nil {
		panic(err.Error())
	}
}
