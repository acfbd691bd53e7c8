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
#define FILL     1 /* the y events at x, into their slots, */
#define STAMP    2 /* record x: its stamp is y */
#define TAIL     3 /* y */
#define RECORD   4 /* record x: it ends at y; release */
#define CLEAR    5 /* the y slots from x on */
#define SPANHEAD 6 /* y */
#define HEAD     7 /* y; release */
#ifdef RELAXED_END
#define PUBLISH(p) RELAXED(p, RECORD)
#else
#define PUBLISH(p) RELEASE(p, RECORD)
#endif
#ifdef RELAXED_HEAD
#define GIVE(p) RELAXED(p, HEAD)
#else
#define GIVE(p) RELEASE(p, HEAD)
#endif
#define DRAINS(p) RELAXED(p, FILL) RELAXED(p, STAMP) RELAXED(p, TAIL) PUBLISH(p) RELAXED(p, CLEAR) RELAXED(p, SPANHEAD) GIVE(p)

#ifndef ROOM_TOO_LARGE
#define ROOM_TOO_LARGE 0
#endif
#ifdef ANY_END
#define FRESH(end, pos) true /* an old record is taken for a new one */
#else
#define FRESH(end, pos) ((end) > (pos))
#endif

#include "memory.inc"

byte slot[CAP];          /* an event is its position; 0: nothing */
byte stamp[CAP];         /* the stamp of a push is the position of its first event */
byte ends[CAP] = START;
byte tail = START, head = START, spanHead;

/* To check the others: the push that an event is of, and how far events have been taken. */
byte born[END];
byte taken = START;

inline apply(kind, x, y) {
	d_step {
		if
		:: kind == FILL     -> each(y, assert(slot[at(x + i)] == 0); slot[at(x + i)] = x + i)
		:: kind == STAMP    -> stamp[at(x)] = y
		:: kind == TAIL     -> tail = y
		:: kind == RECORD   -> ends[at(x)] = y
		:: kind == CLEAR    -> each(y, assert(slot[at(x + i)] == x + i); slot[at(x + i)] = 0)
		:: kind == SPANHEAD -> spanHead = y
		:: kind == HEAD     -> head = y
		fi
	}
}

active proctype producer() {
	byte mine = START, limit = START + CAP, spanTail, n;

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
		store(RECORD, spanTail, mine + n);
#endif
		store(FILL, mine, n);
		store(STAMP, spanTail, mine);
#ifdef TAIL_AFTER_END
		store(RECORD, spanTail, mine + n);
		store(TAIL, 0, mine + n);
#else
		store(TAIL, 0, mine + n);
#ifndef PUBLISH_BEFORE_COPY
		store(RECORD, spanTail, mine + n);
#endif
#endif
		atomic { spanTail++; mine = mine + n; n = 0 }
	}
	od
}

active proctype consumer() {
	byte mine = START, k, known, n, seen, r; /* known: the end of what is known to wait; r: the span that it ends with */

	do
	:: mine == END -> break /* elsewhere it waits for what has to come */
	:: atomic { known == 0 && mine < END && FRESH(ends[at(k)], mine) -> known = ends[at(k)]; seen = stamp[at(k)]; r = k }
	:: atomic { known && known - mine < BATCH && FRESH(ends[at(r + 1)], known) -> known = ends[at(r + 1)]; r++ }
	:: burst {
		atomic { known ->
			assert(seen == born[mine] && seen == stamp[at(k)]);
			n = 1;
			do
			:: n < known - mine && n < BATCH -> n++
			:: break
			od;
			each(n, assert(slot[at(mine + i)] == mine + i));
			assert(born[mine + n - 1] >= born[mine]);
			/* whole spans behind what is taken are not the reason to look at them */
			do
			:: r > k && ends[at(r - 1)] - mine >= n -> r--; known = ends[at(r)]
			:: else -> break
			od;
			k = (known - mine == n -> r + 1 : r);
			taken = mine + n; known = 0; seen = 0; r = 0
		};
#ifdef FREE_BEFORE_TAKE
		store(HEAD, 0, mine + n);
#endif
		store(SPANHEAD, 0, k);
		store(CLEAR, mine, n);
#ifndef FREE_BEFORE_TAKE
		store(HEAD, 0, mine + n);
#endif
		atomic { mine = mine + n; n = 0 }
	}
	od
}

#ifdef READER
/* HeadTime, then Len. */
active proctype reader() {
	byte h, k, e, s;

again:
	atomic { k = spanHead; h = 0 };
	h = head;
	e = ends[at(k)];
	s = stamp[at(k)];
	atomic {
#ifndef HEAD_ONCE
		if
		:: head != h || spanHead != k -> goto over
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
	atomic { k = 0; e = 0; s = 0; h = 0 };
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
