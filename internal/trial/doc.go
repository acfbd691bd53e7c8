// Package trial asks one question of the engine at a time: what it does under one load and one policy. Run makes one run and returns what
// became of the requests, kind by kind and slice of time by slice of time. The files named after questions - batch, overload, spike, shift,
// starve - set up the runs, and find in what came of them the numbers that answer. Both sedabench and bench/figures ask these.
package trial
