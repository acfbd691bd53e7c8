// Package yield marks the places where goroutines may come in between one
// another, so that tests can try out in which order they do.
//
// In an ordinary build it is nothing: Point is empty, and the other functions
// are the statements they stand for. Builds with invariants let others run at
// a Point now and then, and a test can hold goroutines there (Intercept).
//
// With the build tag yield, Schedule.Run makes goroutines run one at a time.
// Whoever runs stops at each Point, and a strategy that is made of a seed says
// who goes on; the same seed gives the same schedule again. Goroutines that
// wait are known, with what they wait for, so a run in which everybody waits
// ends at once and says where. Time is virtual. What takes part has to start
// its goroutines by Go, and to wait, lock and sleep by the functions here.
package yield
