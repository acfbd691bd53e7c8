package sim

// MeasuredBatch is what the engine adds to a batch, in ns, where handlers do not: Stage.Batch of a stage whose work is all in Event.
const MeasuredBatch = 40

// Measured returns what bench/simulated has found, rounded, on a virtual machine with two CPUs of an AMD EPYC: there a wake-up and its signal are
// interrupts between virtual CPUs, which are several times as cheap on hardware. What it does not measure is assumed: Refill is a line
// in 4 ns from the next cache, LLC and Node are a line more, from farther away, for every other event, SMT is two threads that do 1.3 times what one does.
// docs/simulator.md has the measurements.
func Measured() Costs {
	return Costs{
		Ring: 100, Contend: 50, Look: 100, Wake: 10_000, Signal: 5_000, Move: 50,
		Far: 250, Core: 20, LLC: 50, Node: 100,
		Cache: 512 << 10, Refill: 64, SMT: 1.5,
	}
}
