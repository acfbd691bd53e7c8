package main

//go:generate sh -c "go run ./gen > loops.go"

// A contender is a queue as one would use it: one of this project, one of another Go module, or one in C or C++.
type contender struct {
	name      string
	ours      bool
	producers bool   // more than one
	consumers bool   // more than one
	single    bool   // has a call for one item
	batches   bool   // has a call for many
	module    string // of Go queues
	program   string // of the others: the source under c without its suffix

	loops8, loops64 func(cell) loops
	trips8          func(cell) trips
}

// takes reports whether the contender can do the work of a cell.
func (t contender) takes(c cell) bool {
	if c.roundTrip() {
		return t.single && c.bytes == 8
	}
	return (c.producers == 1 || t.producers) && (c.consumers == 1 || t.consumers) && (c.batch == 1 && t.single || c.batch > 1 && t.batches)
}

func (t contender) loops(c cell) func(cell) loops {
	if c.bytes == 8 {
		return t.loops8
	}
	return t.loops64
}

const (
	seda    = "github.com/seda-go/seda"
	xsyncV4 = "github.com/puzpuzpuz/xsync/v4"
	lfqPath = "code.hybscloud.com/lfq"
	workiva = "github.com/Workiva/go-datastructures"
)

// contenders lists all, in the order in which they are printed.
var contenders = []contender{
	{
		name: "spsc", ours: true, single: true, batches: true, module: seda,
		loops8: spscLoops[[1]uint64], loops64: spscLoops[[8]uint64], trips8: spscTrips[[1]uint64],
	},
	{
		name: "mpsc", ours: true, producers: true, single: true, batches: true, module: seda,
		loops8: mpscLoops[[1]uint64], loops64: mpscLoops[[8]uint64], trips8: mpscTrips[[1]uint64],
	},
	{
		name: "mpmc", ours: true, producers: true, consumers: true, single: true, batches: true, module: seda,
		loops8: mpmcLoops[[1]uint64], loops64: mpmcLoops[[8]uint64], trips8: mpmcTrips[[1]uint64],
	},
	{
		name: "slot", ours: true, producers: true, consumers: true, single: true, batches: true, module: seda,
		loops8: slotLoops[[1]uint64], loops64: slotLoops[[8]uint64], trips8: slotTrips[[1]uint64],
	},
	{
		name: "chan", producers: true, consumers: true, single: true, batches: true,
		loops8: chanLoops[[1]uint64], loops64: chanLoops[[8]uint64], trips8: chanTrips[[1]uint64],
	},
	{
		name: "chan_try", producers: true, consumers: true, single: true,
		loops8: chanTryLoops[[1]uint64], loops64: chanTryLoops[[8]uint64], trips8: chanTryTrips[[1]uint64],
	},
	{
		name: "xsync_spsc", single: true, module: xsyncV4,
		loops8: xsyncSPSCLoops[[1]uint64], loops64: xsyncSPSCLoops[[8]uint64], trips8: xsyncSPSCTrips[[1]uint64],
	},
	{
		name: "xsync_mpmc", producers: true, consumers: true, single: true, module: xsyncV4,
		loops8: xsyncMPMCLoops[[1]uint64], loops64: xsyncMPMCLoops[[8]uint64], trips8: xsyncMPMCTrips[[1]uint64],
	},
	{
		name: "lfq_spsc", single: true, module: lfqPath,
		loops8: lfqSPSCLoops[[1]uint64], loops64: lfqSPSCLoops[[8]uint64], trips8: lfqSPSCTrips[[1]uint64],
	},
	{
		name: "lfq_mpsc", producers: true, single: true, module: lfqPath,
		loops8: lfqMPSCLoops[[1]uint64], loops64: lfqMPSCLoops[[8]uint64], trips8: lfqMPSCTrips[[1]uint64],
	},
	{
		name: "lfq_mpmc", producers: true, consumers: true, single: true, module: lfqPath,
		loops8: lfqMPMCLoops[[1]uint64], loops64: lfqMPMCLoops[[8]uint64], trips8: lfqMPMCTrips[[1]uint64],
	},
	{
		name: "lfq_mpmc_seq", producers: true, consumers: true, single: true, module: lfqPath,
		loops8: lfqMPMCSeqLoops[[1]uint64], loops64: lfqMPMCSeqLoops[[8]uint64], trips8: lfqMPMCSeqTrips[[1]uint64],
	},
	{
		name: "workiva", producers: true, single: true, module: workiva,
		loops8: workivaLoops[[1]uint64], loops64: workivaLoops[[8]uint64], trips8: workivaTrips[[1]uint64],
	},
	{name: "rte_spsc", single: true, batches: true, program: "rte"},
	{name: "rte_mpmc", producers: true, consumers: true, single: true, batches: true, program: "rte"},
	{name: "rte_hts", producers: true, consumers: true, single: true, batches: true, program: "rte"},
	{name: "rte_rts", producers: true, consumers: true, single: true, batches: true, program: "rte"},
	{name: "boost_spsc", single: true, batches: true, program: "boost"},
	{name: "boost_spsc_fixed", single: true, batches: true, program: "boost"},
	{name: "boost_queue", producers: true, consumers: true, single: true, program: "boost"},
	{name: "moodycamel", producers: true, consumers: true, single: true, batches: true, program: "moodycamel"},
	{name: "readerwriter", single: true, program: "readerwriter"},
	{name: "tbb", producers: true, consumers: true, single: true, program: "tbb"},
	{name: "rigtorp_spsc", single: true, program: "rigtorp"},
	{name: "rigtorp_mpmc", producers: true, consumers: true, single: true, program: "rigtorp"},
}
