/*
 * The line of Submit calls that wait for room in front of an inlet: line.go, and submit, wait and seal in inlet.go. Three callers, one
 * worker that takes what is in the ring, with SEAL somebody who closes the inlet. The claims: either a push succeeds or the worker sees
 * the line; nobody is left in line while there is room, or once the inlet is closed.
 *
 * Step by step: the lock, which the worker only tries; again, by which the worker leaves its part to whoever holds the lock; slots that
 * the worker frees, which reach memory with a fence or any time before. Left out: how many may stand in line, several lanes, and the
 * wake-up of the worker, which sees every event here.
 */
#ifndef CAPACITY
#define CAPACITY 2
#endif
#ifndef CALLS
#define CALLS 3
#endif

byte used = CAPACITY;   /* slots, as callers see them */
byte events = CAPACITY; /* that the worker has not taken */
byte freed;             /* the worker's buffer: slots */
byte waiting;           /* line.waiting */
bool mu, again, sealed;
bool told[CALLS];                  /* waiter.room */
chan queue = [CALLS] of { byte }; /* line.queue */

byte inside = CALLS; /* calls that have not returned. No process reads it but to check the others */

#define me    _pid /* the callers are the first processes */
#define room  (CAPACITY - used)
#define roomy (room >= CAPACITY / 2 || sealed)

inline fence() { used = used - freed; freed = 0 }

inline lock() { atomic { !mu -> mu = true } }

/* tell the first of the line of the room there is, or all of a closed inlet. Whoever calls it holds mu. */
inline tell() {
	atomic { n = (sealed -> CALLS : room) };
	atomic {
		do
		:: n > 0 && len(queue) > 0 -> queue?x; told[x] = true; n--
		:: else -> break
		od;
		n = 0; x = 0
	};
	waiting = len(queue)
}

inline unlock() {
	do
	:: true ->
		if
		:: atomic { again -> again = false }; tell()
		:: else
		fi;
		mu = false;
#ifdef UNLOCK_WITHOUT_LOOK
		break
#else
		if
		:: again ->
			if
			:: atomic { !mu -> mu = true }
			:: else -> break
			fi
		:: else -> break
		fi
#endif
	od
}

/* push leaves done true if the event is in the ring, or the inlet closed. */
inline push() {
	atomic {
		if
		:: sealed -> done = true
		:: !sealed && room > 0 -> used++; events++; done = true
		:: else
		fi
	}
}

/* join at the end of the line, or at its head. */
inline join(atHead) {
	lock();
	atomic {
		if
		:: atHead -> n = len(queue); first = true
		:: else -> first = (len(queue) == 0)
		fi;
		queue!me;
		do /* the queue turned until the call stands at its head */
		:: n > 0 -> queue?x; queue!x; n--
		:: else -> break
		od;
		x = 0
	};
	waiting = len(queue);
	unlock()
}

inline leave() {
	lock();
	atomic {
		if
		:: queue??[eval(me)] -> queue??eval(me)
		:: else -> wasTold = true
		fi
	};
	waiting = len(queue);
#ifndef LEAVE_WITHOUT_LOOK
	if
	:: wasTold || roomy -> tell()
	:: else
	fi;
#endif
	atomic { wasTold = false; told[me] = false };
	unlock()
}

active [CALLS] proctype call() {
	byte n, x;
	bool done, first, wasTold;

	if
	:: waiting == 0 -> push()
	:: else
	fi;
	if
	:: done -> goto end
	:: else
	fi;
	join(false);
	do
	:: true ->
#ifndef FIRST_WITHOUT_PUSH
		if
		:: first -> push()
		:: else
		fi;
#endif
		if
		:: done -> leave(); break
		:: else
		fi;
		if
		:: atomic { told[me] -> told[me] = false };
			join(true)
#ifdef CANCEL
		:: true -> leave(); break /* the call's context ends */
#endif
		fi
	od;
end:
	atomic { done = false; first = false; inside-- }
}

active proctype worker() {
	byte n, x;
end:
	do
#ifdef SEAL
	:: break /* a handler that does not return */
#endif
	:: atomic { events > 0 -> events--; freed++ };
		if
		:: true
		:: atomic { events > 0 -> events--; freed++ } /* a batch of two */
		fi;
#ifndef RELIEVE_WITHOUT_FENCE
		atomic { fence() };
#endif
		/* relieve */
		if
		:: waiting == 0 || !roomy
		:: else ->
#ifndef RELIEVE_WITHOUT_AGAIN
			again = true;
			if
			:: atomic { !mu -> mu = true }; unlock()
			:: else
			fi
#else
			if
			:: atomic { !mu -> mu = true }; tell(); unlock()
			:: else
			fi
#endif
		fi
	od
}

active proctype memory() {
end:
	do
	:: atomic { freed > 0 -> fence() }
	od
}

#ifdef SEAL

active proctype seal() {
	byte n, x;
	sealed = true;
#ifndef SEAL_WITHOUT_TELLING
	lock();
	tell();
	unlock()
#endif
}

#endif

active proctype observer() {
	timeout;
	assert(inside == 0)
}
