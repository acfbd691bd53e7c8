/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Registered threads, and how they are found. Programs of several files look
 * at the same maps: those of the file that was loaded first.
 */
#ifndef SEDA_THREADS_H
#define SEDA_THREADS_H

#include "core.h"

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#define COMM 16
#define PROBES 4

enum seda_state {
	SEDA_NEW,
	SEDA_RUNNING,
	SEDA_BLOCKED,   /* asleep, or woken and waiting for a CPU */
	SEDA_PREEMPTED, /* runnable, and another thread has the CPU */
	SEDA_ENDED,
};

/* A registered thread. */
struct seda_thread {
	/* Written by the thread in user space, read here when it leaves a CPU. */
	__u32 stage;
	__u32 unused[15];

	/* Written here, next to nothing that user space writes while the thread is registered. */
	__u32 sequence; /* odd while the rest is being written */
	__u32 generation; /* of the registration; 0: the slot is free */
	enum seda_state state;
	__u32 off_stage; /* stage when it last left a CPU */
	__u64 in_ns, out_ns; /* when it last came to a CPU, and left one */
	__u64 wake_ns; /* when it was woken since; 0: it was not */
	__u64 on_ns, blocked_ns, runqueue_ns;

	__u64 preempted_ns;
	__u64 voluntary, involuntary;
	__u64 migrations;
	__u64 start_ns; /* when it was registered */
	__u32 tid;
	__u32 cpu; /* the last one */
	char preemptor[COMM]; /* the last one */
};

_Static_assert(sizeof(struct seda_thread) % 64 == 0, "or words share lines with counters of the thread before");

/* Where the record of a thread is. */
struct seda_place {
	__u32 tid; /* as the initial pid namespace has it; 0: free */
	__u32 slot;
};

/* How many entries the arrays have is set when they are loaded. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct seda_thread);
} seda_threads SEC(".maps");

/*
 * Entry tid & index_mask, or one of the PROBES from there on. An array is
 * looked at in line, where task storage takes a call of 30 ns. An id is given
 * out again only after its thread was seen to end.
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct seda_place);
} seda_index SEC(".maps");

const volatile __u32 stages = 1; /* cells in a row */
const volatile __u32 index_mask; /* entries of the index, a power of two, less one */

static __always_inline struct seda_place *place(__u32 tid, __u32 i)
{
	__u32 at = (tid + i) & index_mask;

	return bpf_map_lookup_elem(&seda_index, &at);
}

/* Returns the registered thread whose id that is, or null. */
static __always_inline struct seda_thread *registered(__u32 tid, __u32 *slot)
{
	struct seda_thread *t;

	if (!tid)
		return 0; /* idle CPUs, whose id is that of free entries */
#pragma unroll
	for (__u32 i = 0; i < PROBES; i++) {
		struct seda_place *at = place(tid, i);

		if (!at || at->tid != tid)
			continue;
		*slot = at->slot;
		t = bpf_map_lookup_elem(&seda_threads, slot);
		if (!t || !t->generation || t->state == SEDA_ENDED)
			return 0;
		return t;
	}
	return 0;
}

#endif
