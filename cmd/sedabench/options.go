package main

import (
	"errors"
	"fmt"
	"math/bits"
	"strconv"
	"strings"
	"time"

	"github.com/seda-go/seda/cmd/sedabench/internal/arch"
	"github.com/seda-go/seda/cmd/sedabench/internal/workfile"
	"github.com/seda-go/seda/internal/load"
	"github.com/seda-go/seda/internal/staged"
	"github.com/seda-go/seda/internal/workload"
)

// options is what the flags of run say.
type options struct {
	archs     []string
	workers   []int // empty: one less than the CPUs
	shape     string
	stages    int
	workload  string             // file of the graph; empty: it has a shape
	load      []workfile.Setting // of that file, where no flag is given
	graph     *workload.Graph
	keys      *workload.Keys // where a stage is keyed
	service   workload.Service
	services  []workload.Service // of each stage, where a file says so
	work      workload.Work
	works     []workload.Work  // of each stage, where a file says so
	threads   int              // of each stage, where work may block
	arrival   load.Arrivals    // none: closed, and Poisson at rates
	rates     []rate           // empty: by arrival
	slo       *objective       // the highest rate is looked for that meets it; nil: none
	clients   int              // 0: by the number of workers
	think     workload.Service // of clients in closed loop, between two requests
	batch     int
	capacity  int
	policies  []string
	timeline  time.Duration // between two points of the time line; 0: none
	probes    string        // what watches the threads of staged: off, auto, bpf, proc
	pin       string        // directory in a bpf file system; empty: nothing is pinned
	offCPU    string        // file for the profile of time off the CPU; empty: none
	onCPU     string        // and on it
	target    time.Duration // how long a request may take; 0: any time
	duration  time.Duration
	warmup    time.Duration
	reps      int
	precision precision // beyond reps
	seed      uint64
	output    string
	out       string // file; empty: standard output
	hgrm      string // directory; empty: none

	preset string          // empty: none
	given  map[string]bool // flags among the arguments

	byWorkers bool // the workers make the load, and clients are for each of them

	command string // does the same again
}

const (
	maxWorkers  = 256
	maxCapacity = 1 << 18
	// maxRoom bounds the requests there are, of 200 bytes each and some, and with a goroutine of 2 KiB each.
	maxRoom = 1 << 18
	// maxSlots bounds the pointers in partly filled slices of channels-batched.
	maxSlots = 1 << 26
	maxReps  = 1000
	maxTime  = time.Hour
	// clientsPerWorker keep a worker and its generator busy: four full batches.
	clientsPerWorker = 256
)

// runFlags are the flags of run, which set o.
func runFlags(o *options) *flags {
	f := newFlags("run")
	f.add("arch", "", strings.Join(arch.Names(), ","), "architectures",
		list(&o.archs, func(name string) (string, error) {
			_, err := arch.Find(name)
			return name, err
		}))
	f.add("workers", "", "", "numbers of workers; by default one, one less than the CPUs", list(&o.workers, integer(1, maxWorkers)))
	f.add("shape", "", "pipeline", strings.Join(workload.Shapes(), ", "), one(&o.shape, oneOf("shape", workload.Shapes()...)))
	f.add("stages", "", "3", "stages of the shape", one(&o.stages, integer(1, workload.MaxStages)))
	o.workloadFlags(f)
	f.add("service", "", "exp:1us", "service time per stage: "+strings.Join(workload.ServiceForms(), ", "), one(&o.service, workload.ParseService))
	f.add("work", "", "spin", "how it is spent: computing, in memory of each stage (in random order or strided), asleep, or computing after a read from a file: "+
		strings.Join(workload.WorkForms(), ", "), one(&o.work, workload.ParseWork))
	o.blockingFlags(f)
	f.add("arrival", "", "", strings.Join(load.ArrivalForms(), ", ")+"; by default closed, then poisson at each rate", one(&o.arrival, load.ParseArrivals))
	f.add("rate", "", "", "rates of open arrivals: requests/s, or parts of the best capacity such as 0.3x,0.6x", list(&o.rates, parseRate))
	f.add("slo", "", "", "look for the highest rate at which a percentile of the sojourn time (p50, p90, p99, p999) is below a time, such as 'p99<1ms'",
		one(&o.slo, parseObjective))
	f.add("clients", "", "0", fmt.Sprintf("requests outstanding in closed loop; 0: %d per worker", clientsPerWorker), one(&o.clients, integer(0, maxCapacity)))
	f.add("think", "", "", "with --arrival closed: time from the end of a client's request to its next one, such as exp:1ms; by default none",
		one(&o.think, workload.ParseService))
	f.add("batch", "", "64", "most requests moved at once", one(&o.batch, integer(1, maxCapacity)))
	f.add("capacity", "", "1024", "requests that queues hold, times the stages; a power of two", one(&o.capacity, capacity))
	f.add("policy", "", staged.DefaultPolicy(), "what decides in staged while it runs: "+strings.Join(staged.Policies(), ", ")+
		"; several: staged under each. Under static each worker keeps stages of its own",
		list(&o.policies, oneOf("policy", staged.Policies()...)))
	f.add("target", "", "0s", "how long a request may take, for policies that refuse or discard what would take longer; 0s: any time",
		one(&o.target, period(0, maxTime)))
	f.add("timeline", "", "0s", "how often to note what the control side sees and decides, to show it over time, such as 5ms; 0s: never",
		one(&o.timeline, period(0, maxTime)))
	f.add("probes", "", probesOff, "what the kernel did to each stage of staged: "+strings.Join(probesModes, ", ")+"; auto: the best there is",
		one(&o.probes, oneOf("probes", probesModes...)))
	f.add("pin", "", "", "directory in a bpf file system, such as /sys/fs/bpf, to leave maps in for bpftool while staged runs", one(&o.pin, fileName))
	f.add(flagOffCPU, "", "", "file for a profile of the time off the CPU of one run more, of staged, by stage: for go tool pprof", one(&o.offCPU, fileName))
	f.add(flagOnCPU, "", "", "of the time on it, by samples, of the same run", one(&o.onCPU, fileName))
	f.add("duration", "", "130ms", "measured time of each run", one(&o.duration, period(time.Millisecond, maxTime)))
	f.add("warmup", "", "40ms", "time of each run before that; where stages may block by default "+blockingWarmup, one(&o.warmup, period(0, maxTime)))
	f.add("reps", "", "10", "runs of each architecture under each load; differences are tested from 8 on", one(&o.reps, integer(1, maxReps)))
	f.add(flagPrecision, "", "", "more of them until the median goodput of each row is known within 2%, or 2%,5m: for five minutes at most",
		one(&o.precision, parsePrecision))
	f.add("seed", "", "1", "of arrivals, service times and the order of runs", one(&o.seed, parseSeed))
	f.add("preset", "", "", "an experiment, which sets all else: "+strings.Join(presetNames(), ", "),
		one(&o.preset, oneOf("preset", presetNames()...)))
	f.add("output", "o", "text", "text, json or bench", one(&o.output, oneOf("output", "text", "json", "bench")))
	f.add("out", "", "", "file for that, which gets its name when it is complete", one(&o.out, resultName))
	f.add(flagHgrm, "", "", "directory for the distribution of sojourn times of each row, a .hgrm file each for HdrHistogram's plotter", one(&o.hgrm, directoryName))
	f.beside("out")
	f.beside(flagOnCPU)
	f.beside(flagPrecision)
	return f
}

func fileName(text string) (string, error) {
	if text == "" {
		return "", errors.New("want a name")
	}
	return text, nil
}

func capacity(text string) (int, error) {
	n, err := strconv.Atoi(text)
	if err != nil || n < 2 || n > maxCapacity || bits.OnesCount(uint(n)) != 1 {
		return 0, fmt.Errorf("%q, want a power of two from 2 to %d", text, maxCapacity)
	}
	return n, nil
}

func parseSeed(text string) (uint64, error) {
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%q, want a whole number from 0", text)
	}
	return n, nil
}

// parseRun reads the arguments of run on a machine.
func parseRun(args []string, h host) (options, error) {
	var o options
	f := runFlags(&o)
	if err := f.parse(args); err != nil {
		return o, err
	}
	o.given = f.given
	complete := o.complete
	if o.preset == "" {
		if err := o.describeWorkload(f); err != nil {
			return o, err
		}
	} else {
		if err := findPreset(o.preset).adjust(f); err != nil {
			return o, err
		}
		complete = o.completePreset
	}
	o.boundBlocking(f)
	if err := complete(h); err != nil {
		return o, usageError{o.placed(err)}
	}
	o.command = commandLine(f, o.preset)
	return o, nil
}

func (o *options) clientsFor(workers int) int {
	switch {
	case o.clients > 0 && o.byWorkers:
		return min(o.clients*workers, o.capacity)
	case o.clients > 0:
		return o.clients
	}
	return min(clientsPerWorker*workers, o.capacity)
}

func runHelp() string {
	var o options
	return "usage: sedabench [run] [flags]    measures one workload on one or more architectures\nverbs: " +
		strings.Join(verbNames(), ", ") + "; sedabench help <verb> describes one.\n\nflags:\n" +
		runFlags(&o).help() + "examples:\n" + examples
}
