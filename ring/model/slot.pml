/*
 * Slot: two producers, two consumers, four slots; slot.go, load by load and store by store. What makes it small is said in mpmc.pml.
 */
#ifndef EVENTS
#define EVENTS 7
#endif
#ifndef BATCH
#define BATCH 3 /* the largest */
#endif
#define END (START + EVENTS)
#define PROCESSES 4
#define ROOM 6

/* kinds of stores */
#define FILL  1 /* the event at x, with its stamp, y */
#define REST  2 /* sequence x + 1 of the slot at x, not the first of its batch */
#define FULL  3 /* the same of the first; release */
#define CLEAR 4 /* the event at x */
#define BACK  5 /* sequence x + CAP of the slot at x, not the first of its batch */
#define FREE  6 /* the same of the first; release */
#ifdef RELAXED_FIRST
#define RELEASES(p) RELAXED(p, FULL) RELEASE(p, FREE)
#elif defined(RELAXED_FREE)
#define RELEASES(p) RELEASE(p, FULL) RELAXED(p, FREE)
#else
#define RELEASES(p) RELEASE(p, FULL) RELEASE(p, FREE)
#endif
#define DRAINS(p) RELAXED(p, FILL) RELAXED(p, REST) RELAXED(p, CLEAR) RELAXED(p, BACK) RELEASES(p)

#include "memory.inc"

byte slot[CAP], stamp[CAP]; /* an event is its position, the stamp of a push that of its first event; 0: nothing */
byte sequence[CAP] = { 4, 5, 6, 7 };
byte tail = START, head = START;
byte known[PROCESSES]; /* by the call that a process is in */

/* To check the others: */
byte born[CAP];

inline apply(kind, x, y) {
	d_step {
		if
		:: kind == FILL -> assert(slot[at(x)] == 0); slot[at(x)] = x; stamp[at(x)] = y
		:: kind == REST || kind == FULL -> sequence[at(x)] = x + 1
		:: kind == CLEAR -> assert(slot[at(x)] == x); slot[at(x)] = 0; stamp[at(x)] = 0
		:: kind == BACK || kind == FREE -> sequence[at(x)] = x + CAP
		fi
	}
}

#define mine known[_pid]
#ifdef ANY_OLDER
#define ready(pos, offset) (sequence[at(pos)] <= (pos) + (offset))
#else
#define ready(pos, offset) (sequence[at(pos)] == (pos) + (offset))
#endif

inline claim(cursor, x) {
	pos = cursor; n = mine; cursor = cursor + n;
	known[x] = 0; known[x + 1] = 0
}

active [2] proctype producer() {
	byte pos, n;

end:
	do
	:: atomic { mine < BATCH && tail + mine < END && ready(tail + mine, 0) -> mine++ }
	:: burst {
		atomic { mine && stored -> claim(tail, 0); each(n, born[at(pos + i)] = pos) };
#ifdef FIRST_BEFORE_REST
		store(FILL, pos, pos);
		store(FULL, pos, 0);
#endif
		if
		:: n > 2 -> store(FILL, pos + 2, pos); store(REST, pos + 2, 0)
		:: else
		fi;
		if
		:: n > 1 -> store(FILL, pos + 1, pos); store(REST, pos + 1, 0)
		:: else
		fi;
#ifndef FIRST_BEFORE_REST
		store(FILL, pos, pos);
		store(FULL, pos, 0);
#endif
		atomic { pos = 0; n = 0 }
	}
	od
}

active [2] proctype consumer() {
	byte pos, n;

end:
	do
	:: atomic { mine < BATCH && head + mine < END ->
		if
		:: ready(head + mine, 1) -> mine++
		:: else -> assert(mine == 0 || head + mine >= tail || born[at(head + mine)] != born[at(head + mine - 1)]) /* pushes are seen whole */
		fi
	}
	:: burst {
		atomic { mine && stored -> claim(head, 2);
			assert(stamp[at(pos)] == born[at(pos)]);
			each(n, assert(slot[at(pos + i)] == pos + i))
#ifdef REACH
			; assert(head < END)
#endif
		};
#ifdef FREE_BEFORE_TAKE
		store(FREE, pos, 0);
		store(CLEAR, pos, 0);
#endif
		if
		:: n > 2 -> store(CLEAR, pos + 2, 0); store(BACK, pos + 2, 0)
		:: else
		fi;
		if
		:: n > 1 -> store(CLEAR, pos + 1, 0); store(BACK, pos + 1, 0)
		:: else
		fi;
#ifndef FREE_BEFORE_TAKE
		store(CLEAR, pos, 0);
		store(FREE, pos, 0);
#endif
		atomic { pos = 0; n = 0 }
	}
	od
}
#include "buffers.inc"
