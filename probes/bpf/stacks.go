package bpf

import (
	"errors"
	"time"

	"github.com/seda-go/seda/probes"
)

// StackConfig says what OpenStacks is to keep.
type StackConfig struct {
	OffCPU bool // where threads left their CPUs, and for how long
	Rate   int  // samples per second of a thread's time on a CPU; 0: none. A prime number does not keep step with timers
	Kernel bool // frames within the kernel too, which take longer than the rest
	Room   int  // for stacks that differ, by thread and stage; default 4096. Each takes 900 bytes
}

const maxRoom, maxRate = 1 << 20, 10_000

func (c *StackConfig) setDefaults() {
	if c.Room == 0 {
		c.Room = 4096
	}
}

func (c *StackConfig) validate() error {
	var errs []error
	if c.Room < 1 || c.Room > maxRoom {
		errs = append(errs, errors.New("bpf: Room is not from 1 to 1048576"))
	}
	if c.Rate < 0 || c.Rate > maxRate {
		errs = append(errs, errors.New("bpf: Rate is not from 0 to 10000"))
	}
	if !c.OffCPU && c.Rate == 0 {
		errs = append(errs, errors.New("bpf: neither OffCPU nor Rate is set: there are no stacks to keep"))
	}
	return errors.Join(errs...)
}

// Stacks is where threads of a source were, since it was opened. Methods are safe for concurrent use.
type Stacks interface {
	// Read returns all stacks, in no order, up to now; those of threads that were closed too. An error that comes with stacks names threads that could not
	// be sampled.
	Read() ([]probes.Stack, error)

	// Lost says what StackConfig.Room was too small for.
	Lost() (probes.Lost, error)

	// Close ends the keeping. The source goes on.
	Close() error
}

// OpenStacks begins to keep the stacks of the threads of s, which Open made: those that are registered, and those that will be. It needs what Open
// needs, and makes a switch of a registered thread 1.3 us longer, 3.2 with the kernel's frames. A source has one at a time.
func OpenStacks(s probes.Source, c StackConfig) (Stacks, error) {
	c.setDefaults()
	if err := c.validate(); err != nil {
		return nil, err
	}
	return openStacks(s, c)
}

// period is the time on a CPU from one sample to the next.
func period(rate int) time.Duration { return time.Second / time.Duration(rate) }
