/*
 * SPSC: the producer, the consumer, and somebody who asks for HeadTime and Len; spsc.go, load by load and store by store.
 */
#ifndef EVENTS
#define EVENTS 9
#endif
#ifndef BATCH
#define BATCH 3 /* the largest */
#endif
#define END (START + EVENTS)
#define PROCESSES 2
#define ROOM 6

/* kinds of stores */
#define FILL      1 /* the y events at x, into their slots, */
#define STAMP     2 /* the span at x: its stamp is y */
#define TAIL      3 /* y */
#define SPAN      4 /* the span at x: it ends at y; release */
#define CLEAR     5 /* the y slots from x on */
#define RESTSTAMP 6 /* the stamp of what is left of a span: y */
#define REST      7 /* y; release */
#define HEAD      8 /* y; release */
#ifdef RELAXED_END
#define PUBLISH(p) RELAXED(p, SPAN)
#else
#define PUBLISH(p) RELEASE(p, SPAN)
#endif
#ifdef RELAXED_REST
#define NOTE(p) RELAXED(p, REST)
#else
#define NOTE(p) RELEASE(p, REST)
#endif
#ifdef RELAXED_HEAD
#define GIVE(p) RELAXED(p, HEAD)
#else
#define GIVE(p) RELEASE(p, HEAD)
#endif
#define DRAINS(p) RELAXED(p, FILL) RELAXED(p, STAMP) RELAXED(p, TAIL) PUBLISH(p) RELAXED(p, CLEAR) RELAXED(p, RESTSTAMP) NOTE(p) GIVE(p)

#ifndef ROOM_TOO_LARGE
#define ROOM_TOO_LARGE 0
#endif
#ifdef ANY_END
#define FRESH(end, pos) true /* the span of an earlier lap is taken for a new one */
#else
#define FRESH(end, pos) ((end) > (pos))
#endif

#include "memory.inc"

byte slot[CAP];          /* an event is its position; 0: nothing */
byte stamp[CAP];         /* the stamp of a push is the position of its first event */
byte ends[CAP] = START;
byte tail = START, head = START;
byte rest = START, restStamp; /* where the span ends that the head is inside of, and its stamp */

/* To check the others: the push that an event is of, and how far events have been taken. */
byte born[END];
byte taken = START;

inline apply(kind, x, y) {
	d_step {
		if
		:: kind == FILL      -> each(y, assert(slot[at(x + i)] == 0); slot[at(x + i)] = x + i)
		:: kind == STAMP     -> stamp[at(x)] = y
		:: kind == TAIL      -> tail = y
		:: kind == SPAN      -> ends[at(x)] = y
		:: kind == CLEAR     -> each(y, assert(slot[at(x + i)] == x + i); slot[at(x + i)] = 0)
		:: kind == RESTSTAMP -> restStamp = y
		:: kind == REST      -> rest = y
		:: kind == HEAD      -> head = y
		fi
	}
}

active proctype producer() {
	byte mine = START, limit = START + CAP, n;

	do
	:: mine == END -> break
	:: atomic { mine < END && (limit > mine || head + CAP > mine) ->
		if
		:: n = 1
		:: BATCH > 1 && mine + 1 < END -> n = 2
		:: BATCH > 2 && mine + 2 < END -> n = 3
		fi;
		if
		:: limit - mine < n ->
			limit = head + CAP + ROOM_TOO_LARGE;
			n = (limit - mine < n -> limit - mine : n)
		:: else
		fi;
		each(n, born[mine + i] = mine) };
	burst {
#ifdef PUBLISH_BEFORE_COPY
		store(SPAN, mine, mine + n);
#endif
		store(FILL, mine, n);
		store(STAMP, mine, mine);
#ifdef TAIL_AFTER_END
		store(SPAN, mine, mine + n);
		store(TAIL, 0, mine + n);
#else
		store(TAIL, 0, mine + n);
#ifndef PUBLISH_BEFORE_COPY
		store(SPAN, mine, mine + n);
#endif
#endif
		atomic { mine = mine + n; n = 0 }
	}
	od
}

active proctype consumer() {
	byte mine = START, inside = START, since; /* what it stored itself in rest and restStamp */
	byte known, last, n, seen; /* known: the end of what is known to wait; last: where the span begins, or what is left of it, that ends there */

	do
	:: mine == END -> break /* elsewhere it waits for what has to come */
	:: atomic { known == 0 && inside > mine -> known = inside; seen = since; last = mine }
	:: atomic { known == 0 && mine < END && inside <= mine && FRESH(ends[at(mine)], mine) -> known = ends[at(mine)]; seen = stamp[at(mine)]; last = mine }
	:: atomic { known && known - mine < BATCH && FRESH(ends[at(known)], known) -> last = known; known = ends[at(known)] }
	:: burst {
		atomic { known ->
			assert(seen == born[mine]);
			n = 1;
			do
			:: n < known - mine && n < BATCH -> n++
			:: break
			od;
			each(n, assert(slot[at(mine + i)] == mine + i));
			assert(born[mine + n - 1] >= born[mine]);
			/* whole spans behind what is taken are not the reason to look at them */
			do
			:: last > mine && last - mine >= n -> known = last; last = (born[last - 1] > mine -> born[last - 1] : mine)
			:: else -> break
			od;
			taken = mine + n
		};
#ifdef FREE_BEFORE_TAKE
		store(HEAD, 0, mine + n);
#endif
		if
		:: known - mine > n && known != inside ->
#ifndef STAMP_OF_FIRST
			seen = (last == mine -> seen : stamp[at(last)]);
#endif
			assert(seen == born[mine + n]);
#ifdef REST_BEFORE_STAMP
			store(REST, 0, known);
			store(RESTSTAMP, 0, seen);
#else
			store(RESTSTAMP, 0, seen);
			store(REST, 0, known);
#endif
			atomic { inside = known; since = seen }
		:: else
		fi;
		store(CLEAR, mine, n);
#ifndef FREE_BEFORE_TAKE
		store(HEAD, 0, mine + n);
#endif
		atomic { mine = mine + n; n = 0; known = 0; seen = 0; last = 0 }
	}
	od
}

#ifdef READER
/* HeadTime, then Len. */
active proctype reader() {
	byte h, e, s;

again:
	h = head;
	e = rest;
	if
	:: e > h -> s = restStamp
	:: else ->
		e = ends[at(h)];
		s = stamp[at(h)]
	fi;
	atomic {
#ifndef HEAD_ONCE
		if
		:: head != h -> goto over
		:: else
		fi;
#endif
		if
		:: FRESH(e, h) ->
			/* of the event at the head, or of one that will be when pops that are on their way, or not visible yet, have ended */
			assert(s < END && born[s] == s && s >= born[h] && s <= taken)
		:: else
		fi
	};
over:
	atomic { e = 0; s = 0; h = 0 };
#ifdef LEN_TAIL_FIRST
	h = tail;
	atomic { assert(h >= head); h = 0 };
#else
	h = head;
	atomic { assert(tail >= h); h = 0 };
#endif
	goto again
}
#endif
#include "buffers.inc"
