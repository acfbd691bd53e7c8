// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
//go:build ignore

/*
 * What the scheduler does to the threads that registered themselves: how long
 * each was on a CPU and off it, why, and at which stage it was meanwhile.
 *
 * A thread's counters are written by the scheduler's own programs, one at a
 * time: a thread leaves a CPU before it is woken, and is woken before it comes
 * to a CPU again, and the kernel's locks order the three. So there are no
 * atomics. Readers in user space look at a sequence number before and after.
 */
#include "threads.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

#define BUCKETS 32

/* A thread at a stage. */
struct seda_cell {
	__u64 blocked_ns, runqueue_ns, preempted_ns;
	__u64 voluntary, involuntary;
	__u64 unused[3];
	__u64 delay[BUCKETS]; /* by log2 of ns from woken, or preempted, to running */
};

struct seda_taker {
	__u32 generation; /* of the registration of the thread whose CPU was taken */
	char comm[COMM];
};

struct seda_taken {
	__u64 count;
	__u64 ns;
};

/* Entry slot * stages + stage. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct seda_cell);
} seda_cells SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1024);
	__type(key, struct seda_taker);
	__type(value, struct seda_taken);
} seda_takers SEC(".maps");

const volatile bool weak_order; /* the CPU reorders stores */

/* The process whose threads are registered: others cost two loads. */
__u32 owner = ~0U;

/* Returns the registered thread that p is, or null. */
static __always_inline struct seda_thread *find(struct task_struct *p, __u32 *slot)
{
	return p->tgid == owner ? registered(p->pid, slot) : 0;
}

/* Makes the sequence number odd, or even again, in order with the stores around it. */
static __always_inline void flip(struct seda_thread *t)
{
	if (weak_order) {
		__u32 before = __sync_fetch_and_add(&t->sequence, 1);

		asm volatile("" : : "r"(before) : "memory"); /* with its value used it is a full barrier */
		return;
	}
	asm volatile("" : : : "memory");
	*(volatile __u32 *)&t->sequence = t->sequence + 1;
	asm volatile("" : : : "memory");
}

static __always_inline __u32 bucket(__u64 ns)
{
	__u32 x = ns >> 32 ? ~0U : (__u32)ns, b, s;

	b = (x > 0xffff) << 4;
	x >>= b;
	s = (x > 0xff) << 3;
	x >>= s;
	b |= s;
	s = (x > 0xf) << 2;
	x >>= s;
	b |= s;
	s = (x > 0x3) << 1;
	x >>= s;
	return b | s | x >> 1;
}

/* Counts a preemption under the command that caused it. */
static __always_inline void blame(struct seda_thread *t, __u64 ns)
{
	struct seda_taker key = { .generation = t->generation };
	struct seda_taken *v, first = { .count = 1, .ns = ns };

	__builtin_memcpy(key.comm, t->preemptor, COMM);
	v = bpf_map_lookup_elem(&seda_takers, &key);
	if (!v) {
		bpf_map_update_elem(&seda_takers, &key, &first, BPF_ANY);
		return;
	}
	v->count++; /* the key is the thread's own, and it comes to one CPU at a time */
	v->ns += ns;
}

static __always_inline void enter(struct seda_thread *t, __u32 slot, __u64 now)
{
	__u32 at = slot * stages + t->off_stage, b;
	struct seda_cell *c = bpf_map_lookup_elem(&seda_cells, &at);
	__u64 waited, asleep = 0;
	bool preempted = t->state == SEDA_PREEMPTED;

	if (!c || t->state == SEDA_RUNNING)
		return; /* there is a cell for every stage; and if nobody saw the thread leave, it did not */
	if (now < t->out_ns)
		now = t->out_ns; /* clocks of two CPUs */
	flip(t);
	if (preempted) {
		waited = now - t->out_ns;
		t->preempted_ns += waited;
		c->preempted_ns += waited;
		c->involuntary++;
	} else {
		__u64 woken = t->wake_ns;

		if (!woken || woken > now)
			woken = now;
		if (woken < t->out_ns)
			woken = t->out_ns;
		asleep = woken - t->out_ns;
		waited = now - woken;
		t->blocked_ns += asleep;
		t->runqueue_ns += waited;
		c->blocked_ns += asleep;
		c->runqueue_ns += waited;
		c->voluntary++;
	}
	b = bucket(waited);
	asm volatile("" : "+r"(b)); /* or the mask, without which 6.1 does not see the bound, is optimised away */
	b &= BUCKETS - 1;
	c->delay[b]++;
	t->state = SEDA_RUNNING;
	t->in_ns = now;
	t->cpu = bpf_get_smp_processor_id();
	flip(t);
	if (preempted)
		blame(t, waited);
}

/*
 * Once in some thousand switches, on 6.18 in a virtual machine, a thread comes
 * to a CPU and the tracepoint is not hit; ftrace shows the same. Then it comes
 * when it leaves: the books balance, but that stint counts as time off the CPU.
 */
static __always_inline void leave(struct seda_thread *t, __u32 slot, bool preempt, unsigned int state, struct task_struct *next, __u64 now)
{
	__u32 stage = *(volatile __u32 *)&t->stage;

	if (t->state != SEDA_RUNNING)
		enter(t, slot, now);
	flip(t);
	if (now > t->in_ns)
		t->on_ns += now - t->in_ns;
	t->out_ns = now;
	t->wake_ns = 0;
	t->off_stage = stage < stages ? stage : 0;
	if (preempt || !state) {
		t->involuntary++;
		t->state = SEDA_PREEMPTED;
		__builtin_memcpy(t->preemptor, next->comm, COMM);
	} else {
		t->voluntary++;
		t->state = state & 0x80 ? SEDA_ENDED : SEDA_BLOCKED; /* TASK_DEAD */
	}
	flip(t);
}

SEC("tp_btf/sched_switch")
int BPF_PROG(seda_switch, bool preempt, struct task_struct *prev, struct task_struct *next, unsigned int state)
{
	struct seda_thread *t;
	__u64 now = 0;
	__u32 slot;

	t = find(prev, &slot);
	if (t) {
		now = bpf_ktime_get_ns();
		leave(t, slot, preempt, state, next, now);
	}
	t = find(next, &slot);
	if (t)
		enter(t, slot, now ? now : bpf_ktime_get_ns());
	return 0;
}

SEC("tp_btf/sched_wakeup")
int BPF_PROG(seda_wakeup, struct task_struct *p)
{
	__u32 slot;
	struct seda_thread *t = find(p, &slot);

	if (t)
		t->wake_ns = bpf_ktime_get_ns();
	return 0;
}

SEC("tp_btf/sched_migrate_task")
int BPF_PROG(seda_migrate, struct task_struct *p)
{
	__u32 slot;
	struct seda_thread *t = find(p, &slot);

	if (t)
		t->migrations++;
	return 0;
}

enum { EINVAL = 22, EEXIST = 17, ENOSPC = 28 };

struct seda_registration {
	__u32 slot;
	__u32 generation;
	__u32 place; /* of its entry in the index: filled in */
	__s32 error; /* filled in */
};

/* Returns the entry that thread tid has, or may have. */
static __always_inline struct seda_place *claim(__u32 tid, __u32 *index)
{
	struct seda_place *found = 0;

#pragma unroll
	for (__u32 i = 0; i < PROBES; i++) {
		struct seda_place *at = place(tid, i);

		if (at && (at->tid == tid || (!at->tid && !found))) {
			found = at;
			*index = (tid + i) & index_mask;
			if (at->tid == tid)
				break;
		}
	}
	return found;
}

/*
 * Run by the thread that is to be watched: so there is no question of pid
 * namespaces. User space lets in one at a time, and has cleared the slot. A
 * thread that loses its CPU before the end counts that time as time on it.
 */
SEC("syscall")
int seda_register(struct seda_registration *r)
{
	__u64 id = bpf_get_current_pid_tgid();
	__u32 tid = id, slot = r->slot, index = 0;
	struct seda_thread *t, *old;
	struct seda_place *at = claim(tid, &index);

	if (!at) {
		r->error = ENOSPC;
		return 0;
	}
	if (at->tid) { /* it is registered, or was one that ended and had its id */
		__u32 before = at->slot;

		old = bpf_map_lookup_elem(&seda_threads, &before);
		if (old && old->generation && old->state != SEDA_ENDED) {
			r->error = EEXIST;
			return 0;
		}
	}
	t = bpf_map_lookup_elem(&seda_threads, &slot);
	if (!t) {
		r->error = EINVAL;
		return 0;
	}
	owner = id >> 32;
	r->place = index;
	t->tid = tid;
	t->cpu = bpf_get_smp_processor_id();
	t->state = SEDA_RUNNING;
	t->start_ns = t->in_ns = t->out_ns = bpf_ktime_get_ns();
	t->generation = r->generation;
	at->slot = slot;
	asm volatile("" : : : "memory");
	*(volatile __u32 *)&at->tid = tid; /* from here on the other programs see it */
	return 0;
}
