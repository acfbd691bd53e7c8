// Package usl fits the Universal Scalability Law to throughputs measured with different numbers of workers:
//
//	X(n) = lambda n / (1 + sigma (n-1) + kappa n (n-1))
//
// where lambda is the throughput of one worker, sigma the part of the work that is serial or waits for its turn, and kappa what each pair of
// workers costs that have to agree, for instance about who owns a cache line. With kappa the throughput has a peak, and falls beyond it.
//
// N. J. Gunther, "A simple capacity model of massively parallel transaction systems" (1993); "Guerrilla capacity planning" (2007).
package usl
