/*
 * MPMC: two producers, two consumers, four slots; mpmc.go and span.go, load by load and store by store. Any
 * number of calls, EVENTS events in all, which are two laps after that with which the ring begins.
 *
 * What makes it small enough, and loses nothing:
 *
 *   - How many events a call wants is decided when it claims: known slots, of which it found those from least on with its last load, are
 *     enough for least to known.
 *   - A word never comes back to an earlier value, so a call that has seen a word which has changed since will fail, whatever it loads in
 *     between. It is taken back to its beginning when the word changes; with STALE it goes on until it fails. A call that finds nothing
 *     changes nothing, and begins again.
 *   - What is loaded without deciding anything - stamps, events - has to be right at the first and at the last moment at which it can be
 *     loaded, so there is no step for that.
 */
#define PROCESSES 4

/* kinds of stores */
#define FILL  1 /* the y events at x, into their slots, with their stamps if they are one span */
#define STAMP 2 /* the stamps of the span of y at x, if FILL leaves them to it */
#define FULL  3 /* header of a full span: release */
#define CLEAR 4 /* the y slots from x on */
#define FREE  5 /* header of a free span: release */
#if defined(RELAXED_PUBLISH)
#define DRAINS(p) RELAXED(p, FILL) RELAXED(p, STAMP) RELAXED(p, FULL) RELAXED(p, CLEAR) RELEASE(p, FREE)
#elif defined(RELAXED_FREE)
#define DRAINS(p) RELAXED(p, FILL) RELAXED(p, STAMP) RELEASE(p, FULL) RELAXED(p, CLEAR) RELAXED(p, FREE)
#else
#define DRAINS(p) RELAXED(p, FILL) RELAXED(p, STAMP) RELEASE(p, FULL) RELAXED(p, CLEAR) RELEASE(p, FREE)
#endif

#include "memory.inc"
#include "span.inc"

#if SPAN == 2
byte free_[CAP] = { 5, 0, 7, 2 };
#else
byte free_[CAP] = { 7, 0, 0, 0 };
#endif

byte known[PROCESSES], least[PROCESSES]; /* of the call that a process is in; 0 before its first load that finds something */
byte pushed = START, popped = START; /* claimed so far; to check the others */

inline apply(kind, x, y) {
	d_step {
		if
		:: kind == FILL  -> fill(x, y)
#if SPAN < CAP
		:: kind == STAMP -> stampSpan(x, y)
#endif
		:: kind == FULL  -> full_[at(x)] = header(x, y); pass(x, y, FILLING, FILLED)
		:: kind == CLEAR -> clear(x, y)
		:: kind == FREE  -> free_[at(x)] = header(x + CAP, y); pass(x, y, TAKING, EMPTY)
		fi
	}
}

#ifdef STALE
#define seenTail  w
#define seenHead  w
#define forget(x) w = 0; mine = 0; least[_pid] = 0
#else
#define seenTail  tail
#define seenHead  head
#define forget(x) known[x] = 0; least[x] = 0; known[x + 1] = 0; least[x + 1] = 0
#endif

#define mine    known[_pid]
#define next(w) (position(w) + mine)
#define looks(w, cursor) (mine < BATCH && (mine -> next(w) : position(cursor)) < END)

#ifdef STORE_FOR_CAS
#define unchanged(cursor, w) true
#else
#define unchanged(cursor, w) (cursor == w)
#endif

/* The next load: the remainder in the word, or the header of the next span, of which length is given. */
inline look(w, cursor, span, from, end) {
#ifdef STALE
	if
	:: mine == 0 -> w = cursor
	:: else
	fi;
#endif
	n = (mine == 0 -> remainder(w) : 0);
	n = (n > 0 -> n : span);
	if
	:: n > 0 -> least[_pid] = mine + 1; mine = mine + n + LONG
	:: else -> assert(cursor != w || next(w) == end || hand[at(next(w))] != from) /* nothing is overlooked */
#ifdef STALE
		; w = (mine -> w : 0)
#endif
	fi;
	n = 0
}

/* Leaves in pos and n what is claimed. Two processes from x on have seen a word that is no more. */
inline claim(w, cursor, claimed, from, to, x) {
	pos = position(w);
	n = least[_pid];
	do
	:: n < mine && n < BATCH && pos + n < END -> n++
	:: break
	od;
#if defined(REMAINDER_KEPT)
	cursor = word(pos + n, mine & 3);
#elif defined(REMAINDER_LOST)
	cursor = word(pos + n, 0);
#else
	cursor = word(pos + n, mine - n);
#endif
	assert(pos == claimed); claimed = claimed + n;
	pass(pos, n, from, to);
	forget(x)
}

active [2] proctype producer() {
	byte pos, n;
#ifdef STALE
	byte w;
#endif

end:
	do
	:: atomic { looks(seenTail, tail) -> look(seenTail, tail, length(free_[at(next(seenTail))], next(seenTail)), EMPTY, popped + CAP) }
	:: burst {
		atomic {
			mine && unchanged(tail, seenTail) && stored -> claim(seenTail, tail, pushed, EMPTY, FILLING, 0);
			each(n, born[at(pos + i)] = pos)
		};
#ifndef PUBLISH_BEFORE_COPY
		store(FILL, pos, n);
#endif
#if SPAN < CAP
		if
		:: n > SPAN -> store(STAMP, pos + SPAN, n - SPAN); store(FULL, pos + SPAN, n - SPAN); n = SPAN
		:: else
		fi;
		store(STAMP, pos, n);
#endif
#ifdef PUBLISH_BEFORE_COPY
		store(FULL, pos, n);
		atomic { store(FILL, pos, n); pos = 0; n = 0 }
#else
		atomic { store(FULL, pos, n); pos = 0; n = 0 }
#endif
	}
#ifdef STALE
	:: atomic { mine && tail != w -> forget(0) }
#endif
	od
}

/* What is known at the head does not end within a push, unless there is more that was not seen yet. */
#define whole (next(head) >= pushed || hand[at(next(head))] == FILLED || born[at(next(head))] != born[at(next(head) - 1)])

active [2] proctype consumer() {
	byte pos, n, seen;
#ifdef STALE
	byte w;
#endif

end:
	do
	:: atomic {
		looks(seenHead, head) -> look(seenHead, head, length(full_[at(next(seenHead))], next(seenHead)), FILLED, pushed);
		if
		:: mine && least[_pid] == 1 -> seen = stampOf(head)
		:: else -> assert(!mine || head != seenHead || whole)
		fi
	}
	:: burst {
		atomic {
			mine && unchanged(head, seenHead) && stored ->
			assert(seen == born[at(position(head))] && seen == stampOf(head)); seen = 0;
			claim(seenHead, head, popped, FILLED, TAKING, 2);
			rightEvents(pos, n)
#ifdef REACH
			; assert(popped < END)
#endif
		};
#ifndef FREE_BEFORE_TAKE
		store(CLEAR, pos, n);
#endif
#if SPAN < CAP
		if
		:: n > SPAN -> store(FREE, pos + SPAN, n - SPAN); n = SPAN
		:: else
		fi;
#endif
#ifdef FREE_BEFORE_TAKE
		store(FREE, pos, n);
		atomic { store(CLEAR, pos, n); pos = 0; n = 0 }
#else
		atomic { store(FREE, pos, n); pos = 0; n = 0 }
#endif
	}
#ifdef STALE
	:: atomic { mine && head != w -> seen = 0; forget(2) }
#endif
	od
}
#include "buffers.inc"
