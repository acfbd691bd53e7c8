package queueing

import "math"

// ErlangC returns the probability that an arrival waits in M/M/c with a load of a erlangs, which must be below c.
//
// A. K. Erlang, "Solution of some problems in the theory of probabilities of significance in automatic telephone exchanges" (1917).
func ErlangC(c int, a float64) float64 {
	b := 1.0 // the blocking probability of M/M/i/i, step by step
	for i := 1; i <= c; i++ {
		b = a * b / (float64(i) + a*b)
	}
	return b / (1 - a/float64(c)*(1-b))
}

// WaitMMc returns the mean time that requests wait in M/M/c, without their service; infinite where the load is too much.
func WaitMMc(c int, rate, service float64) float64 {
	a := rate * service
	if a >= float64(c) {
		return math.Inf(1)
	}
	return service * ErlangC(c, a) / (float64(c) - a)
}

// WaitMG1 returns the mean time that requests wait in M/G/1, whose service times have this mean and mean square; infinite where the load is too much.
//
// F. Pollaczek, "Über eine Aufgabe der Wahrscheinlichkeitstheorie" (1930); A. Y. Khinchin, "The mathematical theory of a stationary queue" (1932).
func WaitMG1(rate, mean, square float64) float64 {
	if rate*mean >= 1 {
		return math.Inf(1)
	}
	return rate * square / (2 * (1 - rate*mean))
}
