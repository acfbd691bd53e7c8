/*
 * MPSC: two producers, the consumer, four slots; mpsc.go and span.go, load by load and store by store. What makes it small is said in
 * mpmc.pml. The limit is what is different: a producer may look at the head whenever it likes, and take as long as it likes until it stores
 * what it saw. That is more than the code does.
 */
#define PROCESSES 3

/* kinds of stores */
#define FILL  1 /* the y events at x, into their slots, with their stamps if they are one span */
#define STAMP 2 /* the stamps of the span of y at x, if FILL leaves them to it */
#define FULL  3 /* header of a full span: release */
#define CLEAR 4 /* the y slots from x on */
#define HEAD  5 /* position x, remainder y: release */
#define LIMIT 6 /* x: release */
#ifdef RELAXED_PUBLISH
#define PUBLISH(p) RELAXED(p, FULL)
#else
#define PUBLISH(p) RELEASE(p, FULL)
#endif
#ifdef RELAXED_HEAD
#define GIVE(p) RELAXED(p, HEAD)
#else
#define GIVE(p) RELEASE(p, HEAD)
#endif
#define DRAINS(p) RELAXED(p, FILL) RELAXED(p, STAMP) PUBLISH(p) RELAXED(p, CLEAR) GIVE(p) RELEASE(p, LIMIT)

#include "memory.inc"
#include "span.inc"

#ifndef LIMIT_TOO_LARGE
#define LIMIT_TOO_LARGE 0
#endif

byte limit = START + CAP;
byte pushed = START; /* claimed so far; to check the others */

inline apply(kind, x, y) {
	d_step {
		if
		:: kind == FILL  -> fill(x, y)
#if SPAN < CAP
		:: kind == STAMP -> stampSpan(x, y)
#endif
		:: kind == FULL  -> full_[at(x)] = header(x, y); pass(x, y, FILLING, FILLED)
		:: kind == CLEAR -> clear(x, y)
		:: kind == HEAD  -> pass(position(head), x - position(head), TAKING, EMPTY); head = word(x, y)
		:: kind == LIMIT -> limit = x
		fi
	}
}

byte room[PROCESSES]; /* what a call has found at the present tail */

#define mine    room[_pid]
#define pos     position(tail)

#ifdef BUFFERED
#define settled (!(buffer[_pid]??[LIMIT, _, _])) /* one limit on its way is enough */
#else
#define settled true
#endif

inline measure(l) {
	if
	:: l > pos && l <= pos + CAP -> mine = l - pos
#ifdef OLD_LIMIT_IS_ROOM
	:: l < pos -> mine = BATCH
#endif
	:: else
	fi
}

active [2] proctype producer() {
	byte l; /* the head that was seen, plus CAP */
	byte x, n;

end:
	do
	:: atomic { mine == 0 && pos < END -> measure(limit) } /* maybe older than what this process has stored: it is no better for it */
	:: burst {
		atomic { mine < BATCH && pos < END && settled -> mine = 0; l = position(head) + CAP + LIMIT_TOO_LARGE };
		store(LIMIT, l, 0)
	};
		atomic { measure(l); l = 0 }
	:: burst {
		atomic { mine && stored ->
			x = pos;
			n = 1;
			do
			:: n < mine && n < BATCH && x + n < END -> n++
			:: break
			od;
			tail = word(x + n, 0); room[0] = 0; room[1] = 0;
			assert(x == pushed); pushed = pushed + n;
			pass(x, n, EMPTY, FILLING);
			each(n, born[at(x + i)] = x)
		};
#ifdef PUBLISH_BEFORE_COPY
		store(FULL, x, n);
#endif
		store(FILL, x, n);
#if SPAN < CAP
		if
		:: n > SPAN -> store(STAMP, x + SPAN, n - SPAN); store(FULL, x + SPAN, n - SPAN); n = SPAN
		:: else
		fi;
		store(STAMP, x, n);
#endif
#ifndef PUBLISH_BEFORE_COPY
		store(FULL, x, n);
#endif
		atomic { x = 0; n = 0 }
	}
	od
}
#undef mine
#undef pos

active proctype consumer() {
	byte own = word(START, 0); /* the head: nobody else writes it */
	byte known, least, n, s;

#define mine    known
#define pos     position(own)
#define next    (position(own) + known)
end:
	do
	:: atomic { known < BATCH && next < END ->
		n = (known == 0 -> remainder(own) : 0);
		n = (n > 0 -> n : length(full_[at(next)], next));
		if
		:: n > 0 -> least = known + 1; known = known + n + LONG;
			if
			:: least == 1 -> s = stampOf(own)
			:: else
			fi
		:: else ->
			assert(next == pushed || hand[at(next)] != FILLED); /* nothing is overlooked */
			assert(known == 0 || next >= pushed || born[at(next)] != born[at(next - 1)]) /* pushes are seen whole */
		fi;
		n = 0 }
	:: burst {
		atomic { known ->
			n = least;
			do
			:: n < known && n < BATCH && pos + n < END -> n++
			:: break
			od;
			assert(s == born[at(pos)] && s == stampOf(own));
			pass(pos, n, FILLED, TAKING);
			rightEvents(pos, n);
			least = 0; s = 0; known = known - n
		};
#ifdef FREE_BEFORE_TAKE
		store(HEAD, pos + n, known);
		store(CLEAR, pos, n);
#else
		store(CLEAR, pos, n);
		store(HEAD, pos + n, known);
#endif
		atomic { own = word(pos + n, known); n = 0; known = 0;
#ifdef REACH
			assert(pos < END)
#endif
		}
	}
	od
}
#undef pos
#include "buffers.inc"
