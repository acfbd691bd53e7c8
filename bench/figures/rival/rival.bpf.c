// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
//go:build ignore

/*
 * What probes/bpf is compared with: the same accounts as first designed. The
 * record of a thread is found through task storage, cells are by stage alone
 * and shared by all threads, so they are added to atomically, and the word that
 * a thread writes stands on the line of its counters. Nothing here is slower
 * than it has to be for that design.
 */
#include "../../../probes/bpf/core.h"

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "Dual BSD/GPL";

#define BUCKETS 32
#define COMM 16
#define STAGES 64

enum { TASK_STORAGE = 29, NO_PREALLOC = 1, CREATE = 1, NOEXIST = 1 };

enum rival_state { RIVAL_RUNNING, RIVAL_BLOCKED, RIVAL_PREEMPTED };

struct rival_thread {
	__u32 tid, stage, sequence, cpu;
	__u64 in_ns, out_ns, wake_ns;
	__u64 on_ns, blocked_ns, runqueue_ns, preempted_ns;
	__u64 voluntary, involuntary, migrations, wakeups;
	enum rival_state state;
	__u32 off_stage;
	__u32 preemptor;
	__u32 unused;
	__u64 delay[BUCKETS];
};

struct rival_cell {
	__u64 blocked_ns, runqueue_ns, preempted_ns, switches;
	__u64 delay[BUCKETS];
};

struct rival_taker {
	__u32 slot;
	char comm[COMM];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 256);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct rival_thread);
} rival_threads SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, STAGES);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct rival_cell);
} rival_cells SEC(".maps");

struct {
	__uint(type, TASK_STORAGE);
	__uint(map_flags, NO_PREALLOC);
	__type(key, int);
	__type(value, __u32);
} rival_slots SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1024);
	__type(key, struct rival_taker);
	__type(value, __u64);
} rival_takers SEC(".maps");

const volatile __u32 owner = 0;

static __always_inline struct rival_thread *find(struct task_struct *p)
{
	__u32 *slot;

	if (p->tgid != owner)
		return 0;
	slot = bpf_task_storage_get(&rival_slots, p, 0, 0);
	return slot ? bpf_map_lookup_elem(&rival_threads, slot) : 0;
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

static __always_inline void take(struct task_struct *next)
{
	struct rival_taker key = {};
	__u64 *count, one = 1;

	__builtin_memcpy(key.comm, next->comm, COMM);
	count = bpf_map_lookup_elem(&rival_takers, &key);
	if (count)
		__sync_fetch_and_add(count, 1);
	else
		bpf_map_update_elem(&rival_takers, &key, &one, NOEXIST);
}

static __always_inline void leave(struct rival_thread *t, bool preempt, unsigned int state, struct task_struct *next, __u64 now)
{
	t->sequence++;
	if (t->in_ns)
		t->on_ns += now - t->in_ns;
	t->in_ns = 0;
	t->out_ns = now;
	t->wake_ns = 0;
	t->off_stage = t->stage;
	if (preempt || !state) {
		t->involuntary++;
		t->state = RIVAL_PREEMPTED;
		t->preemptor = next->pid;
		take(next);
	} else {
		t->voluntary++;
		t->state = RIVAL_BLOCKED;
	}
	t->sequence++;
}

static __always_inline void enter(struct rival_thread *t, __u64 now)
{
	__u32 stage = t->off_stage, b;
	struct rival_cell *c = bpf_map_lookup_elem(&rival_cells, &stage);
	__u64 waited;

	t->sequence++;
	t->cpu = bpf_get_smp_processor_id();
	if (t->out_ns) {
		if (t->state == RIVAL_PREEMPTED) {
			waited = now - t->out_ns;
			t->preempted_ns += waited;
			if (c)
				__sync_fetch_and_add(&c->preempted_ns, waited);
		} else {
			__u64 woken = t->wake_ns;

			if (woken < t->out_ns)
				woken = t->out_ns;
			if (woken > now)
				woken = now;
			waited = now - woken;
			t->blocked_ns += woken - t->out_ns;
			t->runqueue_ns += waited;
			if (c) {
				__sync_fetch_and_add(&c->blocked_ns, woken - t->out_ns);
				__sync_fetch_and_add(&c->runqueue_ns, waited);
			}
		}
		b = bucket(waited);
		asm volatile("" : "+r"(b)); /* or 6.1 does not see the bound */
		b &= BUCKETS - 1;
		t->delay[b]++;
		if (c) {
			__sync_fetch_and_add(&c->switches, 1);
			__sync_fetch_and_add(&c->delay[b], 1);
		}
	}
	t->state = RIVAL_RUNNING;
	t->in_ns = now;
	t->sequence++;
}

SEC("tp_btf/sched_switch")
int BPF_PROG(rival_switch, bool preempt, struct task_struct *prev, struct task_struct *next, unsigned int state)
{
	struct rival_thread *t = find(prev);
	__u64 now = 0;

	if (t) {
		now = bpf_ktime_get_ns();
		leave(t, preempt, state, next, now);
	}
	t = find(next);
	if (t)
		enter(t, now ? now : bpf_ktime_get_ns());
	return 0;
}

SEC("tp_btf/sched_wakeup")
int BPF_PROG(rival_wakeup, struct task_struct *p)
{
	struct rival_thread *t = find(p);

	if (t) {
		t->wake_ns = bpf_ktime_get_ns();
		t->wakeups++;
	}
	return 0;
}

SEC("tp_btf/sched_migrate_task")
int BPF_PROG(rival_migrate, struct task_struct *p)
{
	struct rival_thread *t = find(p);

	if (t)
		t->migrations++;
	return 0;
}

/* What the kernel's statistics of a program cost by themselves. */
SEC("tp_btf/sched_wakeup")
int BPF_PROG(rival_empty, struct task_struct *p)
{
	return 0;
}

struct rival_registration {
	__u32 slot;
	__s32 error;
};

/* Run by the thread that is to be watched. */
SEC("syscall")
int rival_register(struct rival_registration *r)
{
	__u32 slot = r->slot;
	struct rival_thread *t = bpf_map_lookup_elem(&rival_threads, &slot);

	if (!t || !bpf_task_storage_get(&rival_slots, bpf_get_current_task_btf(), &slot, CREATE)) {
		r->error = 12;
		return 0;
	}
	t->tid = bpf_get_current_pid_tgid();
	t->cpu = bpf_get_smp_processor_id();
	t->in_ns = bpf_ktime_get_ns();
	return 0;
}
