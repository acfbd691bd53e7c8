// Package checks holds tests whose tools a user of this module should not have
// to download. It is a module of its own; run it with
//
//	cd checks && go test ./...
//	cd checks && go test -tags invariants ./...
//	cd checks && go test -tags yield -run Schedules ./...
//
// The second run widens the windows between claim and publication in the rings
// by yielding there now and then; in the third a seed says at each of them who
// goes on (see internal/yield).
//
// # Linearizability of the rings
//
// Goroutines push to and pop from one small ring; every call is recorded with
// the time before and after it, what it was given and what it answered.
// Porcupine (Anish Athalye) then looks for an order of all steps in which each
// takes place at one moment between the two times of its call, and a ring of
// the same capacity would have given the same answers.
//
// Most calls have two steps. A push claims its slots, and publishes them later;
// a pop claims events, and frees their slots later. A claim gets all there is
// at that moment, in one piece: a pop the events up to the first that is
// claimed and not published, a push the slots up to the first that was popped
// and is not freed, or none after Seal. So a ring may say that it is empty, or
// full, or hold less than was asked for, only while a call of the other side
// stands between its two steps and in front; that one merely overlaps is no
// excuse, nor is one of the same side, nor that what is free is in small
// pieces.
//
// Who finds less than it wants has one step more: what it finds is exact at one
// moment and is claimed at a later one, if nobody of its side has claimed in
// between. The pushes of SPSC publish at the moment they claim, and the pops of
// SPSC and MPSC free at the moment they claim.
//
// HeadTime of SPSC is left out: while a pop is on its way it may already tell
// what comes after it. The litmus tests of package ring cover it.
package checks
