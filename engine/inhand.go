package engine

import "time"

// inHand says what a worker is running: the stage, how many events the batch has, and since when. It is one word, so that a reader sees
// parts that belong together; 0 is nothing.
//
//	63                    26 25                 9 8                0
//	start, 4,096 ns, modulo  | events in the batch | 1 + stage's id
//
// The start is kept modulo 13 days, which is how long a batch may run before its age is wrong.
type inHand uint64

const (
	handStageBits = 9  // sched.MaxSet stages, and none
	handEventBits = 17 // maxBatch, itself included
	handTick      = 12 // log2 of the nanoseconds the start is counted in
	handTimeBits  = 64 - handStageBits - handEventBits
	handTimeMask  = 1<<handTimeBits - 1
)

func makeInHand(stage, events int, now Time) inHand {
	return inHand(uint64(now)>>handTick<<(handStageBits+handEventBits) | uint64(events)<<handStageBits | uint64(stage+1))
}

// stage returns the id of the stage, or -1 if there is nothing in hand.
func (h inHand) stage() int { return int(h&(1<<handStageBits-1)) - 1 }

func (h inHand) events() int { return int(h >> handStageBits & (1<<handEventBits - 1)) }

// since returns how long the batch has been running, to 4 us; 0 where there is none, or now is before its start.
func (h inHand) since(now Time) time.Duration {
	if h == 0 {
		return 0
	}
	ticks := (uint64(now)>>handTick - uint64(h>>(handStageBits+handEventBits))) & handTimeMask
	if ticks > handTimeMask/2 {
		return 0
	}
	return time.Duration(ticks << handTick)
}
