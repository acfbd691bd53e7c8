/*
 * Pair (7): how many slots of a blocking stage may be used is up to the control loop, and one handler keeps its slot for as long as it likes. useSlots and
 * signal, the last look of a worker, and controller.quiet, as in blocking.go, wake.go, worker.go and control.go. The claim: an event that finds no
 * slot is not left in the ring with everybody asleep.
 *
 * Step by step: a publisher, one worker, which is up or with START parked at first, and the loop, which lets another slot be used once it sees what waits, or sleeps.
 * Stores of the publisher and of the loop reach memory with a fence or any time before. Left out: what the policy wants, carriers, and the end of
 * the first handler, all of which blocking.pml has or would only help.
 */
#ifndef START
#define START false /* whether the worker is parked */
#endif

byte ring;       /* events, as others see them */
byte events;     /* the publisher's buffer: events */
byte most = 1;   /* outside.most: slots that may be used */
bool more;       /* the loop's buffer: another one may */
byte used = 1;
bool parked = START, sleeps;
bool sleeping;   /* the loop's buffer: it sleeps */
bool told;       /* the loop's alarm */

#define usable (used < most)

inline fencePublisher() { atomic { ring = ring + events; events = 0 } }

inline fenceLoop() {
	atomic {
		if
		:: more -> most = 2; more = false
		:: else
		fi;
		if
		:: sleeping -> sleeps = true; sleeping = false
		:: else
		fi
	}
}

/* Stage.runnable: slots first, then the ring. */
inline runnable(yes) {
	yes = usable;
	if
	:: yes -> yes = (ring > 0)
	:: else
	fi
}

/* doze.stir. */
inline stir() {
	atomic {
		if
		:: sleeps -> sleeps = false; told = true
		:: else
		fi
	}
}

inline wakeFor(yes) {
	runnable(yes);
	if
	:: yes -> parked = false
	:: else ->
#ifndef SIGNAL_WITHOUT_STIR
		stir()
#else
		skip
#endif
	fi
}

active proctype publisher() {
	bool yes;
	events = 1;
#ifndef PUBLISH_WITHOUT_FENCE
	fencePublisher();
#endif
	if
	:: parked -> wakeFor(yes)
	:: else /* the worker is up, and looks before it sleeps */
	fi
}

active proctype worker() {
	bool yes, slept = START;
end:	do
	:: !parked ->
#ifndef UP_WITHOUT_STIR
		if
		:: slept -> slept = false; stir()
		:: else
		fi;
#endif
		runnable(yes);
		if
		:: yes -> atomic { ring--; used++ }
		:: else ->
			parked = true; /* a read-modify-write, and so a fence */
			runnable(yes);
			if
			:: yes -> parked = false
			:: else -> slept = true
			fi
		fi
	od
}

/* Somebody wakes the worker for something else, once. */
active proctype other() {
	if
	:: parked = false
	:: true
	fi
}

active proctype loop() {
	bool yes;
end:	do
	:: ring > 0 && most < 2 -> /* seen by a tick, decided, and adopted */
		more = true;
#ifndef MORE_WITHOUT_FENCE
		fenceLoop();
#endif
#ifndef MORE_WITHOUT_WAKING
		runnable(yes);
		if
		:: yes && parked -> parked = false
		:: else
		fi
#endif
	:: parked && ring == 0 -> /* quiet for long enough: controller.rest */
		sleeping = true;
#ifndef SLEEP_WITHOUT_FENCE
		fenceLoop();
#endif
#ifdef RINGS_BEFORE_PARKED
		yes = (ring == 0);
		yes = yes && parked;
#else
		yes = parked;
		yes = yes && (ring == 0);
#endif
		if
		:: yes ->
end_asleep:		told;
			told = false
		:: else -> atomic { sleeping = false; sleeps = false; told = false }
		fi
	od
}

/* memory takes in what is in buffers whenever it likes. */
active proctype memory() {
end:	do
	:: events > 0 -> fencePublisher()
	:: more || sleeping -> fenceLoop()
	od
}

active proctype claim() {
	timeout -> assert(ring == 0)
}
