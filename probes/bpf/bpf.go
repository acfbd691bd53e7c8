package bpf

import (
	"errors"

	"github.com/seda-go/seda/probes"
)

// Config says how much room there is. The zero value is good.
type Config struct {
	Threads int // that may be registered at once; default 64
	Stages  int // a thread's word must be below; default 64. A thread takes 320 bytes for each

	// Pin names a directory in a bpf file system. Maps and programs are pinned in its folder seda/<process id> for bpftool to find, until
	// Close; folders of processes that are no more are removed. Empty: nothing is pinned.
	Pin string

	// Warn is told what is done without, such as pins in a file system that is read-only. Nil: nobody is told.
	Warn func(error)
}

func (c *Config) setDefaults() {
	if c.Threads == 0 {
		c.Threads = 64
	}
	if c.Stages == 0 {
		c.Stages = 64
	}
	if c.Warn == nil {
		c.Warn = func(error) {}
	}
}

// The most a Config may ask for: 2 GB of cells.
const (
	maxThreads = 4096
	maxStages  = 1024
)

func (c *Config) validate() error {
	var errs []error
	if c.Threads < 1 || c.Threads > maxThreads {
		errs = append(errs, errors.New("bpf: Threads is not from 1 to 4096"))
	}
	if c.Stages < 1 || c.Stages > maxStages {
		errs = append(errs, errors.New("bpf: Stages is not from 1 to 1024"))
	}
	return errors.Join(errs...)
}

// Offers is what the programs know of a thread.
var Offers = probes.MetricsOf(probes.OnCPU, probes.Blocked, probes.RunQueue, probes.Preempted, probes.Switches, probes.Migrations,
	probes.Stages, probes.Preemptors)

// ErrClosed is what a source returns that was closed.
var ErrClosed = errors.New("bpf: the source is closed")

// Step opens the programs as part of a ladder.
func Step(c Config) probes.Step {
	return probes.Step{Offers: Offers, Open: func(probes.Metrics) (probes.Source, error) { return Open(c) }}
}

// Open loads the programs and lets them run. It takes some tens of milliseconds. An error wraps the probes.Reason.
func Open(c Config) (probes.Source, error) {
	c.setDefaults()
	if err := c.validate(); err != nil {
		return nil, err
	}
	return open(c)
}
