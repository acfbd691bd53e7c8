// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
//go:build ignore

/*
 * Where registered threads were when they left a CPU, and how long they stayed
 * off it; and where they were on it, at samples. These programs are attached
 * after those of seda.bpf.c and thus run after them: what they find in a
 * thread's record is up to date, and their sums are those of its counters.
 */
#include "threads.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

#define USER_FRAMES 64
#define KERNEL_FRAMES 32

/*
 * A stack is the key itself. An id by bpf_get_stackid is lost to whichever
 * stack had its hash first, which of some hundred stacks happens to a few.
 */
struct seda_stack {
	__u32 generation; /* of the thread's registration */
	__u32 stage;
	__u64 user[USER_FRAMES]; /* addresses, the innermost first, zeros behind the last */
	__u64 kernel[KERNEL_FRAMES];
};

struct seda_spent {
	__u64 blocked_ns, runqueue_ns, preempted_ns;
	__u64 blocked, preempted; /* times */
	__u64 samples; /* on a CPU */
};

/* The stack of a thread that is off its CPU, or was sampled on it last. */
struct seda_pause {
	struct seda_stack stack;
	__u64 blocked_ns, runqueue_ns, preempted_ns; /* the thread's counters when it left */
	__u64 out_ns; /* 0: it is not off */
	enum seda_state state; /* blocked or preempted */
	__u32 unused;
};

/* By slot. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct seda_pause);
} seda_pauses SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, struct seda_stack);
	__type(value, struct seda_spent);
} seda_stacks SEC(".maps");

const volatile bool with_kernel; /* its frames can be named */

/* What found no room. */
__u64 lost_ns, lost_pauses, lost_samples;

static __always_inline struct seda_spent *spent(struct seda_stack *s)
{
	struct seda_spent *v = bpf_map_lookup_elem(&seda_stacks, s), none = {};

	if (v)
		return v;
	bpf_map_update_elem(&seda_stacks, s, &none, BPF_NOEXIST);
	return bpf_map_lookup_elem(&seda_stacks, s);
}

/* The helpers fill what is left with zeros. */
static __always_inline void fill(void *ctx, struct seda_stack *s, struct seda_thread *t, __u32 stage)
{
	s->generation = t->generation;
	s->stage = stage;
	bpf_get_stack(ctx, s->user, sizeof(s->user), BPF_F_USER_STACK);
	if (with_kernel)
		bpf_get_stack(ctx, s->kernel, sizeof(s->kernel), 0);
}

/* Ends the pause of t, whose counters have grown by it. */
static __always_inline void settle(struct seda_pause *p, struct seda_thread *t)
{
	__u64 blocked = t->blocked_ns - p->blocked_ns, queued = t->runqueue_ns - p->runqueue_ns;
	__u64 preempted = t->preempted_ns - p->preempted_ns, out = p->out_ns;
	struct seda_spent *v;

	p->out_ns = 0;
	if (!out || p->stack.generation != t->generation)
		return;
	v = spent(&p->stack);
	if (!v) {
		__sync_fetch_and_add(&lost_ns, blocked + queued + preempted);
		__sync_fetch_and_add(&lost_pauses, 1);
		return;
	}
	v->blocked_ns += blocked;
	v->runqueue_ns += queued;
	v->preempted_ns += preempted;
	if (p->state == SEDA_PREEMPTED)
		v->preempted++;
	else
		v->blocked++;
}

SEC("tp_btf/sched_switch")
int BPF_PROG(seda_off, bool preempt, struct task_struct *prev, struct task_struct *next)
{
	struct seda_thread *t;
	struct seda_pause *p;
	__u32 slot;

	t = registered(prev->pid, &slot);
	p = t ? bpf_map_lookup_elem(&seda_pauses, &slot) : 0;
	if (p) {
		if (p->out_ns)
			settle(p, t); /* nobody saw it come: its counters ended that pause when it left */
		fill(ctx, &p->stack, t, t->off_stage);
		p->state = t->state;
		p->blocked_ns = t->blocked_ns;
		p->runqueue_ns = t->runqueue_ns;
		p->preempted_ns = t->preempted_ns;
		p->out_ns = t->out_ns;
	}
	t = registered(next->pid, &slot);
	p = t ? bpf_map_lookup_elem(&seda_pauses, &slot) : 0;
	if (p)
		settle(p, t);
	return 0;
}

/* By the thread's own clock. On a CPU it has no pause, so the place of that is free. */
SEC("perf_event")
int seda_on(void *ctx)
{
	__u32 slot, stage;
	struct seda_thread *t = registered(bpf_get_current_pid_tgid(), &slot);
	struct seda_pause *p = t ? bpf_map_lookup_elem(&seda_pauses, &slot) : 0;
	struct seda_spent *v;

	if (!p)
		return 0;
	if (p->out_ns) { /* nobody saw it come */
		__sync_fetch_and_add(&lost_samples, 1);
		return 0;
	}
	stage = *(volatile __u32 *)&t->stage;
	fill(ctx, &p->stack, t, stage < stages ? stage : 0);
	v = spent(&p->stack);
	if (v)
		v->samples++;
	else
		__sync_fetch_and_add(&lost_samples, 1);
	return 0;
}
