package engine

import (
	"runtime/metrics"
	"slices"
	"time"
)

// Handlers that block a pinned worker's thread. Whatever makes such a thread wait - a channel, a contended mutex, time.Sleep, the network,
// a disk - is a voluntary context switch in the kernel's books. But so are the worker's own sleeps, and whenever the runtime takes the
// goroutine off its thread: sysmon once in 10 ms of running, the collector a few times per cycle to stop the world, to scan the stack, and
// for assists. Measured with handlers that compute and allocate, among idle, allocating, collecting and computing neighbours: up to 60 a
// second, up to 6 per cycle, and never more than one in 150 us of running; with time.Sleep(time.Millisecond), 880 a second and one in 12 us. So
// a thread counts as blocked in a window of a second only if it has more switches than all of these explain, each allowed for twice
// and more, if it was seen asleep with a batch in hand, and if the window before was like that, too: a long cycle of the collector in a program
// short of CPUs may take a thread hundreds of times. Where it blocks, says the batch: the switches are charged to stages by the looks that
// found the thread asleep there. Less than twenty a second are not found, and among many cycles of the collector less is found; a
// handler that waits long is found as one that runs long.
type blockWatch struct {
	every   time.Duration
	since   Time   // when the window began; 0: there is none
	cycles  uint64 // of the collector, by then
	first   int    // worker to look at first in the next round
	threads []watchedThread
	sleeps  []uint64 // by stage, in the window that is being judged
	worker  []int    // by stage: a worker it blocked
}

// watchedThread is what the watch knows of one worker's thread, from the beginning of the window on.
type watchedThread struct {
	tid       int // 0: unknown
	voluntary uint64
	onCPU     time.Duration
	parks     uint64
	suspect   bool     // the last window's switches were not explained
	seen      uint64   // looks that found it asleep with a batch in hand
	asleep    []uint64 // the same by stage
}

const (
	blockedEvery = time.Second
	blockedLooks = 8                     // threads to look at per round: a few microseconds each
	blockedSeen  = 3                     // looks that found a thread asleep in a stage, before it counts
	sysmonTakes  = 5 * time.Millisecond  // of running, for each switch allowed to sysmon
	gcTakes      = 50 * time.Microsecond // the same for the collector
	gcSwitches   = 16                    // allowed to one cycle, and to one that has not ended
)

// blocks looks for threads that sleep while they have a batch in hand, and judges at the end of each window. Shared workers have no thread
// of their own.
func (v *watch) blocks(now Time) {
	b := &v.blocked
	if v.e.kind != Pinned {
		return
	}
	if b.since == 0 {
		v.openWindow(now)
		return
	}
	v.lookAtThreads()
	if now.Sub(b.since) >= b.every {
		v.judge(now)
		v.openWindow(now)
	}
}

// openWindow notes where the books of all threads stand.
func (v *watch) openWindow(now Time) {
	b := &v.blocked
	if b.threads == nil {
		b.threads = make([]watchedThread, len(v.e.workers))
		b.sleeps, b.worker = make([]uint64, len(v.e.stages)), make([]int, len(v.e.stages))
		for i := range b.threads {
			b.threads[i].asleep = make([]uint64, len(v.e.stages))
		}
	}
	b.since, b.cycles = max(now, 1), v.kernel.cycles()
	for i, w := range v.e.workers {
		t := &b.threads[i]
		tid := int(w.tid.Load())
		st, ok := v.kernel.status(tid)
		t.tid, t.voluntary, t.seen = tid, st.voluntary, 0
		if !ok {
			t.tid = 0
		}
		t.onCPU, _ = v.kernel.onCPU(tid)
		t.parks = w.parks.Load()
		clear(t.asleep)
	}
}

// lookAtThreads sees which threads sleep with a batch in hand, a few each time.
func (v *watch) lookAtThreads() {
	b, n := &v.blocked, len(v.e.workers)
	looks := blockedLooks
	for i := 0; i < n && looks > 0; i++ {
		if b.first++; b.first >= n {
			b.first = 0
		}
		w, t := v.e.workers[b.first], &b.threads[b.first]
		h := inHand(w.inHand.Load())
		if h == 0 || t.tid == 0 {
			continue
		}
		looks--
		st, ok := v.kernel.status(t.tid)
		if ok && st.asleep && inHand(w.inHand.Load()) == h {
			t.seen++
			t.asleep[h.stage()]++
		}
	}
}

// judge charges the switches of the window that nothing else explains to the stages in which threads were seen asleep.
func (v *watch) judge(now Time) {
	b := &v.blocked
	cycles := v.kernel.cycles() - b.cycles
	clear(b.sleeps)
	for i, w := range v.e.workers {
		t := &b.threads[i]
		n := t.unexplained(w, &v.kernel, cycles)
		again := t.suspect
		t.suspect = n > 0 && t.seen >= blockedSeen
		if !t.suspect || !again {
			continue
		}
		most := slices.Max(t.asleep)
		for s, seen := range t.asleep {
			if seen >= blockedSeen && seen*10 >= most { // else by chance, when the runtime had taken the thread
				b.sleeps[s] += max(n*seen/t.seen, 1)
				b.worker[s] = i
			}
		}
	}
	for id, n := range b.sleeps {
		if n > 0 {
			v.e.log.Warn("handler blocks its worker's thread, and with it every stage that the worker serves: give what waits a blocking stage",
				"stage", v.e.stages[id].name, "worker", b.worker[id], "sleeps", n, "within", now.Sub(b.since).Round(time.Millisecond))
			v.stages[id].sleeps.Add(n)
		}
	}
}

// unexplained returns how often w's thread went to sleep since the window began, less what the worker, sysmon and the collector may have caused.
func (t *watchedThread) unexplained(w *worker, k *threads, cycles uint64) uint64 {
	if t.tid == 0 || t.tid != int(w.tid.Load()) {
		return 0 // another thread by now
	}
	st, ok := k.status(t.tid)
	onCPU, measured := k.onCPU(t.tid)
	if !ok || !measured {
		return 0
	}
	ran := onCPU - t.onCPU
	switches := st.voluntary - t.voluntary
	explained := w.parks.Load() - t.parks + uint64(ran/sysmonTakes) + gcSwitches + min(gcSwitches*cycles, uint64(ran/gcTakes))
	if switches <= explained {
		return 0
	}
	return switches - explained
}

// gcCycles returns how many cycles the collector has completed. About a microsecond.
func gcCycles() uint64 {
	sample := []metrics.Sample{{Name: "/gc/cycles/total:gc-cycles"}}
	metrics.Read(sample)
	if sample[0].Value.Kind() != metrics.KindUint64 {
		return 0
	}
	return sample[0].Value.Uint64()
}
