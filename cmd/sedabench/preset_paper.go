package main

import "time"

// paperPresets are the experiments with which SEDA was introduced, as far as they can be made within one process: M. Welsh, D. Culler, E. Brewer, "SEDA: An
// Architecture for Well-Conditioned, Scalable Internet Services", SOSP 2001. What each figure of it showed is asked here of what there is today.
func paperPresets() []preset {
	return []preset{
		{
			name: "threads", about: "what threads, goroutines, a pool, stages and an event loop do with 1 to 16384 tasks at once, each of which reads 8 KiB from the page cache",
			flags: map[string]string{
				"arch": "thread,goroutine,pool,staged,eventloop", "policy": "adaptive", "work": "file:8KiB", "service": "constant:0s", "threads": "16",
				"duration": "300ms", "warmup": "500ms", "reps": "1",
			},
			blocks: true, ask: askThreads,
		},
		{
			name: "thread-controller", about: "how many threads a stage that blocks has while bursts come and go",
			flags: map[string]string{
				"policy": "adaptive,seda-2001,static", "work": "sleep", "service": "constant:5ms", "threads": "64", "duration": "12s", "warmup": "0s", "reps": "1",
			},
			generator: true, blocks: true, least: 100 * time.Microsecond, ask: askThreadController,
		},
		{
			name: "batch-controller", about: "how large batches are while the load rises and falls",
			flags:     map[string]string{"policy": "adaptive,seda-2001,static", "duration": "14s", "warmup": "0s", "reps": "1"},
			generator: true, ask: askBatchController,
		},
		{
			name: "shedding", about: "2 to 4 times the capacity of a stage in which one request in ten takes twenty times as long",
			flags: map[string]string{
				"policy": "adaptive,codel,seda-2003,static", "service": "bimodal:50us,1ms,0.1", "target": "10ms", "rate": "2x,3x,4x",
				"duration": "1s", "warmup": "300ms", "reps": "1",
			},
			generator: true, ask: askShedding,
		},
		{
			name: "fairness", about: "what each of 1 to 1024 clients gets, and how long it waits",
			flags: map[string]string{
				"arch": "staged,goroutine,thread,pool,eventloop,channels,channels-batched", "policy": "adaptive", "service": "exp:20us",
				"duration": "300ms", "warmup": "100ms", "reps": "2",
			},
			generator: true, ask: askFairness,
		},
	}
}

// presetsWithout are the presets for which no CPU is set aside for the load generator.
func presetsWithout() (names []string) {
	for _, p := range presets() {
		if !p.generator {
			names = append(names, p.name)
		}
	}
	return names
}
