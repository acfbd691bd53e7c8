/*
 * A blocking stage, 1, its carriers, and the workers that serve it: blocking.go, with wake.go and worker.go. Stage 0 is an ordinary one
 * whose handler may keep a worker for as long as it likes.
 *
 * Step by step: the slots that are free and those that are done; a worker, which brings batches to their end, owes or frees their slots,
 * and dispatches another batch; a carrier, which hands a batch in and has somebody woken; the stage given to others meanwhile. Left out:
 * how carriers are hired and leave, there is one for each slot; looks in vain, which are not counted - any may clean, but with SWAP none
 * does; tokens, which keyed.pml has; the room ahead, of which with DEBT there is none until worker 0 has lost the stage: how room is made
 * and waited for in detail is in debt.pml. A batch is one event. Events stay in the publisher's buffer until its fence; changes of
 * a bag are read-modify-writes, and have none.
 */
#define BLOCKING
#ifndef SLOTS
#define SLOTS 1
#endif
#if defined(SWAP)
#ifdef EARLY
#define START 1
#define WHEN (started && vis[1] == 0) /* the batch is dispatched */
#else
#define DEBT
#define START 2
#define WHEN owed[0]
#endif
#define EVENTS 0
#define TARGET(s) skip
#define AWAKE (w == 0 || plan > 0) /* worker 1 serves nothing before */
#define PLANS 2
#define SERVE(p, w)    (2 * ((w) == NUMBER(p)))
#define ELIGIBLE(p, s) BIT(NUMBER(p))
#elif defined(ALONE)
#define START 1
#define EVENTS 1
#define TARGET(s) s = 1
#define AWAKE (w == 0) /* and there is no other worker */
#define PLANS 1
#define SERVE(p, w)    2
#define ELIGIBLE(p, s) 1
#else
#ifdef LONG
#define START 1
#define INPUT 1
#define READY 3
#else
#define START 2
#endif
#define EVENTS 0
#define TARGET(s) skip
#define AWAKE true
#define PLANS 1
#define SERVE(p, w)    3
#define ELIGIBLE(p, s) 3
#endif
#include "memory.inc"
#include "wake.inc"

#define mask SERVE(my, w) /* worker.mask */
#define ALL  (BIT(SLOTS) - 1)

byte slots = ALL; /* outside.free */
byte done;        /* outside.done */
byte work;        /* outside.work */
byte unfinished;  /* slots with batches that are not at their end */
#ifdef DEBT
bool crowded = true;
#endif

/* Stage.runnable: sl. */
inline runnable(s) {
	if
	:: s == 0 -> atomic { sl = (input > 0 -> 3 : 0) }
#ifndef FREE_SLOTS_ONLY
	:: atomic { s == 1 && done -> sl = 3 }
#endif
	:: else ->
		if
#ifdef FREE_SLOTS_ONLY
		:: !slots -> sl = 0
#else
		:: !slots -> atomic { sl = (done -> 3 : 0) }
#endif
		:: else -> atomic { sl = (vis[1] > 0 -> 3 : 0) }
		fi
	fi
}

/* Stage.pending of stage 1: some. */
inline pendingStage() {
	if
#ifndef PENDING_WITHOUT_DONE
	:: atomic { done -> some = true }
#endif
	:: else -> atomic { some = (vis[1] > 0) }
	fi
}

inline wakeForPending() {
	pendingStage();
	if
	:: some -> some = false; wakeFor(1, w)
	:: else
	fi
}

inline clean() {
	atomic { fence(w); ready = ready & ~2 };
	pendingStage();
	if
	:: some -> atomic { fence(w); ready = ready | 2; some = false }
	:: else
	fi
}

/* begin and enter; the handler of stage 0 comes after it. */
inline begin() {
	atomic {
		if
		:: state[w] != RUNNING -> fence(w); state[w] = RUNNING
		:: else
		fi
	};
	spread()
}

inline spread() {
#ifndef RUN_WITHOUT_SPREAD
	if
	:: parked ->
		atomic { fence(w); rd = ready };
		if
		:: rd & 1 -> wakeFor(0, w)
		:: else
		fi;
		if
		:: rd & 2 -> wakeFor(1, w)
		:: else
		fi;
		rd = 0
	:: else
	fi
#else
	skip
#endif
}

/* payDebts, for a worker that owes out of a slot. */
inline payDebts() {
#ifdef DEBT
	if
	:: atomic { !crowded -> fence(w); owed[w] = 0; moved = true };
		atomic { fence(w); slots = slots | debt; unfinished = unfinished & ~debt; debt = 0 }; /* giveUp */
#ifndef GIVE_UP_WITHOUT_WAKE
		if
		:: !(mask & 2) -> wakeForPending()
		:: else
		fi
#endif
	:: else
	fi
#else
	skip
#endif
}

/* mayPark leaves could true if there is something to do. */
inline mayPark() {
	atomic { could = (plan != my) };
	if
	:: !could && owed[w] ->
		atomic { fence(w); waiting = waiting | BIT(w) };
		payDebts();
		could = moved; moved = false
	:: else
	fi;
	if
	:: !could -> atomic { cand = ready & mask }
	:: else
	fi;
	if
	:: cand & 2 ->
		if
		:: atomic { done -> could = true }
		:: else -> runnable(1); could = (sl > 0); sl = 0
		fi
	:: else
	fi;
	if
	:: !could && (cand & 1) -> atomic { could = (input > 0) }
	:: else
	fi;
	cand = 0
}

active [2] proctype worker() {
	byte my;   /* worker.plan */
	byte cand; /* the set mine of mayPark */
	byte slot; /* the set of the slot in hand */
	byte debt; /* the set of slots that this worker owes out of */
	byte given, aw, sl, rd;
	bool woke, could, moved, began, some;

endUnused:
	started && AWAKE;
loop:
	atomic {
		if
		:: plan != my -> given = mask & ~SERVE(plan, w); my = plan
		:: else -> goto owing
		fi
	};
	/* adopt */
	atomic { fence(w); epoch[w] = NUMBER(my) };
	if
	:: given & 2 -> wakeForPending()
	:: else
	fi;
	given = 0;
owing:
	if
	:: owed[w] -> payDebts(); moved = false
	:: else
	fi;
	/* turn */
	if
#ifdef INPUT
	:: atomic { (ready & mask & 1) && input > 0 -> fence(w); input--; inHand[w] = true };
		begin();
		if
		:: true
		:: atomic { hung[w] = true }; !hung[w]
		fi;
		atomic { fence(w); inHand[w] = false; goto loop }
#endif
	:: ready & mask & 2
#ifdef SWAP
	:: else -> goto idle
#else
	:: true -> goto idle /* looked before */
#endif
	fi;
	/* serveOutside */
	do
	:: atomic { done -> fence(w); slot = done & (256 - done); done = done & ~slot; inHand[w] = true };
		if
		:: !began -> began = true; begin()
		:: else
		fi;
		/* reap */
		atomic {
#ifdef DEBT
			if
			:: crowded -> fence(w); owed[w] = 1; debt = debt | slot
			:: else -> fence(w); slots = slots | slot; unfinished = unfinished & ~slot
			fi;
#else
			fence(w); slots = slots | slot; unfinished = unfinished & ~slot;
#endif
			slot = 0; inHand[w] = false
		}
	:: else -> break
	od;
	if
	:: atomic { slots -> fence(w); slot = slots & (256 - slots); slots = slots & ~slot };
		if
		:: atomic { vis[1] > 0 -> fence(w); vis[1]--; claimed[1]--; unfinished = unfinished | slot };
			if
			:: began -> spread()
			:: else -> began = true; begin()
			fi;
			atomic { fence(w); work = work | slot; slot = 0 }
		:: else ->
			atomic { fence(w); slots = slots | slot; slot = 0 };
#ifndef SWAP
			if
			:: clean()
			:: true
			fi
#else
			skip
#endif
		fi
	:: else
	fi;
	atomic { fence(w) }; /* end */
	if
	:: began -> atomic { began = false; goto loop }
	:: else
	fi;

idle:
	atomic { late(SEARCHING) };
#ifdef SPIN
	if
	:: goto loop
	:: true
	fi;
#endif
	/* park */
	atomic { fence(w); parked = parked | BIT(w); woken[w] = false };
	mayPark();
	if
	:: !could ->
		atomic { late(ASLEEP) };
end:
		atomic { permit[w] -> fence(w); permit[w] = false };
		atomic { late(SEARCHING) }
	:: else
	fi;
	if
	:: parked & BIT(w) -> atomic { fence(w); parked = parked & ~BIT(w) }
	:: else
	fi;
	atomic { could = false; goto loop }
}

#include "control.inc"

active [SLOTS] proctype carrier() {
	byte slot, aw, sl;
	bool woke;
end:
	do
	:: atomic { work -> slot = work & (256 - work); work = work & ~slot };
		/* the handler */
		atomic { done = done | slot; slot = 0 };
#ifdef HAND_IN_WITHOUT_SIGNAL
		skip
#else
		signal(1, CONTROL, 0)
#endif
	od
}

#ifdef DEBT

/* There is room ahead, once it has been missed: whoever makes it wakes those who wait. */
active proctype ahead() {
	atomic {
		owed[0] && epoch[0] > 0 -> crowded = false;
		permit[0] = permit[0] || (waiting & parked & 1);
		permit[1] = permit[1] || (waiting & parked & 2);
		parked = parked & ~waiting; waiting = 0
	}
}

#endif
