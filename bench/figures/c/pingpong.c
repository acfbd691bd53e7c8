/*
 * Cache-line ping-pong between two pinned threads: the least that a round trip
 * between two CPUs costs. Usage: pingpong CPU CPU BLOCKS TRIPS
 *
 * Each of BLOCKS blocks times TRIPS round trips; the median block is printed, in
 * nanoseconds per round trip. Exits with 1 when a thread cannot be pinned.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* Odd: the far thread's turn; even: the near one's. Alone on its two lines. */
static _Alignas(128) _Atomic unsigned long turn;
static _Alignas(128) unsigned long trips_in_all;

static void pin(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (pthread_setaffinity_np(pthread_self(), sizeof(set), &set) != 0) {
		fprintf(stderr, "cannot pin to CPU %d\n", cpu);
		exit(1);
	}
}

static void *far_side(void *arg)
{
	pin(*(int *)arg);
	for (unsigned long i = 0; i < trips_in_all; i++) {
		while (atomic_load_explicit(&turn, memory_order_acquire) != 2 * i + 1)
			;
		atomic_store_explicit(&turn, 2 * i + 2, memory_order_release);
	}
	return NULL;
}

static double now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e9 + t.tv_nsec;
}

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
	int near_cpu, far_cpu;
	unsigned long blocks, trips, i = 0;
	pthread_t far;
	double *times;

	if (argc != 5)
		return 2;
	near_cpu = atoi(argv[1]);
	far_cpu = atoi(argv[2]);
	blocks = strtoul(argv[3], NULL, 10);
	trips = strtoul(argv[4], NULL, 10);
	trips_in_all = blocks * trips;
	times = calloc(blocks, sizeof(*times));
	if (!times || pthread_create(&far, NULL, far_side, &far_cpu) != 0)
		return 1;
	pin(near_cpu);
	for (unsigned long b = 0; b < blocks; b++) {
		double began = now_ns();

		for (unsigned long end = i + trips; i < end; i++) {
			atomic_store_explicit(&turn, 2 * i + 1, memory_order_release);
			while (atomic_load_explicit(&turn, memory_order_acquire) != 2 * i + 2)
				;
		}
		times[b] = (now_ns() - began) / trips;
	}
	pthread_join(far, NULL);
	qsort(times, blocks, sizeof(*times), ascending);
	printf("%.2f\n", times[blocks / 2]);
	free(times);
	return 0;
}
