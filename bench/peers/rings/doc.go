// Rings measures the queues of package ring beside other bounded queues in Go, C and C++, on the same work.
//
//	make peers                                                # everything, ten times: about twenty minutes
//	cd bench/peers && go run ./rings                          # the same
//	go run ./rings -rounds 20 '1p1c.b64.*' 'rtt.*'            # some cells, more often
//	go run ./rings '*.b1.*/xsync_*' '*.b1.*/mpmc'             # some queues in some cells
//	go run ./rings -list
//	go run ./bench/figures ring.                              # in the root of the repository: the bounds, from just their cells
//
// # Cells
//
// 2p2c.b64.8B.1024 is two producers and two consumers, 64 items to a call, 8 bytes to an item, a capacity of 1024. With b1 each queue is used by
// its calls for one item. Queues without a call for many are left out of the other cells: a loop of single calls is b1 again.
// rtt.8B.1024 is a round trip of single items over two queues; each includes one reading of the time stamp counter, and what is printed are
// percentiles of all trips of a sample.
//
// The whole matrix is 1p1c, 2p2c, 3p1c and 1p3c; batches of 1, 16, 64 and 256; 8 and 64 bytes; capacities of 1024 and 65536.
//
// # The work
//
// Producers number their items and write all words of each; consumers read all words and check that the number follows the one before. Where it
// does not (there are several producers or consumers), a run of numbers ends, which is written down; after the timed part the runs of all
// consumers must hold each number exactly once, and those of a producer in ascending order. A queue that fails, or has no result after 10 s, is not
// measured in that cell any further, and the reason is printed. rte_mpmc is often so slow where threads share a CPU: its calls wait for one another without
// yielding.
//
// # What is the same for all
//
//   - Two CPUs. Threads are pinned to them in turn, producers first: 1p1c has one for each, the others have two threads on each.
//   - A call that fails is made again at once; after 1000 failures in a row, or 32 where threads share a CPU, the thread yields by sched_yield. Only
//     chan blocks by itself, and its threads are pinned, like all: that is dear where each item finds the other side asleep, as in a round trip.
//     Ordinary goroutines, which may share a CPU, took about half as long for a single item.
//   - A sample is a process: it makes the queue, moves more and more items until that takes a quarter of the time (-time, 40 ms), and then times one
//     more transfer on the same queue, whose length follows from the one before. The clock is read at its begin and end by each thread. Memory that is
//     placed badly, or well, is so for one sample.
//   - In each round cells are shuffled, and the queues within a cell; ratios are formed within a round, and their median is printed. Where CPUs have
//     more than one speed, as in many virtual machines, what is compared has mostly met the same one. How long a word takes to the other CPU and back is
//     measured before each cell, and printed; -near 150ns, or RINGS_NEAR=150ns in the environment, waits for CPUs that are no farther apart.
//
// A thread that yields on a busy machine waits for others to run: figures of 2p2c, 3p1c and 1p3c mean little there. The load before and after is printed.
//
// # How each is used
//
// Go is built as everybody does, by go build; the loops are written out for each type (see gen), since behind an interface a call would cost more.
// C++ is built by g++ -O3 -march=native, all in one file, so that queues are inlined; each library has a program of its own.
//
//	spsc mpsc mpmc slot  this project: Push and Pop, PushBatch and PopBatch, with a constant stamp
//	chan                 a channel of items; for batches a channel of slices that go round, as many as hold the capacity
//	chan_try             a channel of items, by select with a default, so that it neither blocks nor wakes anybody
//	xsync_*              TryEnqueue and TryDequeue of puzpuzpuz/xsync: SPSCQueue, MPMCQueue (its UMPSCQueue has no bound)
//	lfq_*                code.hybscloud.com/lfq. lfq_mpmc is its MPMC with Drain at the end; it lost accepted items whenever we looked.
//	                     lfq_mpmc_seq is its MPMCSeq, with a sequence in each slot. The compiler is the ordinary one, not its own
//	workiva              RingBuffer of Workiva/go-datastructures, with one consumer, since its only call to take that does not block reads the clock
//	rte_*                DPDK's rte_ring in memory of its own, by the calls for elements, bursts for batches: SP/SC, MP/MC, and the modes HTS and RTS
//	boost_spsc           spsc_queue, with its calls for arrays
//	boost_spsc_fixed     the same, with the capacity in its type
//	boost_queue          lockfree::queue of fixed size, of at most 65534 items
//	moodycamel           ConcurrentQueue with tokens and bulk calls, bounded from outside: its own bound did not hold. It orders items of one producer only
//	readerwriter         ReaderWriterQueue by moodycamel, with try_enqueue
//	tbb                  concurrent_bounded_queue of oneTBB, try_push and try_pop
//	rigtorp_*            SPSCQueue and MPMCQueue by Erik Rigtorp; in no package: RIGTORP=dir names where rigtorp/*.h are
//
// smarty/go-disruptor is missing: its module could not be downloaded when this was written. Packages that are missing are installed by apt-get
// if this runs as root (-install=false: not); what cannot be built is listed with the reason.
package main
