package workload

import "time"

// Means is what stages spend their service time with: a loop, memory, sleep, or a loop and a file. A nil Means is that of work that spins. It is
// safe for concurrent use.
type Means struct {
	work   Work
	memory *memory // unless nil
	file   *file   // unless nil
}

// Open returns what so many stages need for the work, which takes a file for some. Whoever opened it closes it.
func (w Work) Open(stages int) (*Means, error) {
	m := &Means{work: w}
	var err error
	switch w.kind {
	case spins:
		m = nil
	case walks:
		m.memory = newMemory(w, stages)
	case reads:
		m.file, err = newFile(w.bytes)
	}
	return m, err
}

// OpenEach returns what stages need for work of their own, all of which compute.
func OpenEach(works []Work) *Means {
	m := &Means{memory: &memory{}}
	for _, w := range works {
		var lines []line
		if w.kind == walks {
			lines = newLines(w)
		}
		m.memory.stages = append(m.memory.stages, lines)
	}
	return m
}

// CalibrateEach is Calibrate for each stage of OpenEach.
func (m *Means) CalibrateEach() (spins []Spin) {
	plain := Calibrate()
	for stage, lines := range m.memory.stages {
		if lines == nil {
			spins = append(spins, plain)
		} else {
			spins = append(spins, m.memory.calibrate(stage))
		}
	}
	return spins
}

// Close gives back what Open took. Nothing may be using it.
func (m *Means) Close() error {
	if m == nil || m.file == nil {
		return nil
	}
	return m.file.close()
}

// Err returns why a read failed or was not what had been written, the first time that one did.
func (m *Means) Err() error {
	if m == nil || m.file == nil {
		return nil
	}
	if err := m.file.failed.Load(); err != nil {
		return *err
	}
	return nil
}

// Blocks reports whether a stage may wait while it has a request.
func (m *Means) Blocks() bool { return m != nil && m.work.Blocks() }

// Sleeps reports whether that is a time which is known beforehand.
func (m *Means) Sleeps() bool { return m != nil && m.work.kind == sleeps }

// sleepTurn is a turn of work that sleeps.
const sleepTurn = time.Nanosecond

// Calibrate measures what a turn takes on the CPU it is called on, for some 20 ms: of the loop, or of the walk through the memory of one stage, as warm as
// it gets. Sleep is not measured.
func (m *Means) Calibrate() Spin {
	switch {
	case m.Sleeps():
		return Spin{PerTurn: float64(sleepTurn)}
	case m != nil && m.memory != nil:
		return m.memory.calibrate(0)
	}
	return Calibrate()
}

// block does that part of a stage's work in which it may wait.
func (m *Means) block(turns uint32) {
	switch {
	case m.file != nil:
		m.file.read()
	case m.work.kind == sleeps:
		time.Sleep(time.Duration(turns) * sleepTurn)
	}
}

// compute does the rest.
func (m *Means) compute(stage int, r *Request) {
	turns := r.work[stage]
	switch {
	case m == nil:
		_ = spin(turns)
	case m.memory != nil && m.memory.stages[stage] != nil:
		_ = m.memory.walk(stage, r.Client, turns)
	case m.work.kind != sleeps:
		_ = spin(turns)
	}
}
