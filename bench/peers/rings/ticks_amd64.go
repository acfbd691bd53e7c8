package main

// ticks reads the time stamp counter, without a fence, as the programs in C do.
func ticks() uint64
