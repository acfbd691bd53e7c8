package main

import (
	"context"
	"math"
	"sync"
	"time"

	"github.com/seda-go/seda/internal/workload"
)

const (
	controlWarm = 2 * time.Second // for a law to find what it finds
	controlTime = time.Second
)

// controlSuite has a thread that never sleeps share the CPU of a worker, and measures what decisions with probes are worth: from a cold start each,
// without the neighbour, beside it without probes, beside it with probes, and beside it with what is best there set by hand.
//
// All but one keep their workers full: events go round, from the last stage into the inlet of the first, so that no other thread has to make them. In
// target a batch costs much, and a target says how long it may take. In batch it costs less than a time slice. In serial a stage that only one worker
// can run is most of the work, and queues bridge the slices in which its worker has no CPU; the neighbour is with the worker that the law of cores
// gives to the first stage. In lucky it is with the other one, and in shallow a slice is longer than what is in all queues. In spare one worker could
// do all: events come one by one, and it is measured how long they take.
func controlSuite() suite {
	serial := controlled{
		policy: "cores", costs: []float64{2000, 2000}, each: []float64{1000, 500}, events: 32768, hand: map[string][]int{"a": {1}, "b": {0}},
	}
	lucky, shallow := serial, serial
	serial.name, lucky.name, shallow.name = "serial", "lucky", "shallow"
	lucky.hand, lucky.with = map[string][]int{"a": {0}, "b": {1}}, 1
	shallow.hand, shallow.events = nil, 768
	var all []experiment
	var rows []row
	for _, c := range []controlled{
		{name: "target", policy: "batch", costs: []float64{500_000}, each: []float64{20_000}, events: 256, target: 8 * time.Millisecond},
		{name: "batch", policy: "batch", costs: []float64{20_000}, each: []float64{1000}, events: 768},
		serial, lucky, shallow,
		{name: "spare", policy: "cores", costs: []float64{0}, each: []float64{200_000}, apart: 600 * time.Microsecond, hand: map[string][]int{"a": {1}}},
	} {
		e, r := c.rows()
		all, rows = append(all, e...), append(rows, r...)
	}
	return experiments("probes.control", all, rows)
}

// controlled is an experiment: a row of stages, of which the first is serial if there are two, and what they cost.
type controlled struct {
	name   string
	policy string
	costs  []float64        // ns for a batch of each stage
	each   []float64        // and for an event
	events int              // that go round
	apart  time.Duration    // 0, or events do not go round, but come so far apart; then it takes longer to see the slow ones
	target time.Duration    // of the inlet
	with   int              // the worker that has the neighbour
	hand   map[string][]int // what is best beside it; nil: every worker serves every stage, with batches as found undisturbed
}

func (c controlled) workers() int {
	if c.policy == "batch" {
		return 1
	}
	return 2
}

// setting is how an experiment is run.
type setting struct {
	name          string
	hog, probes   bool
	early, byHand bool
}

func (c controlled) rows() (all []experiment, rows []row) {
	var names []string
	for _, s := range []setting{
		{name: "undisturbed", early: true},
		{name: "disturbed", hog: true},
		{name: "disturbed, probes", hog: true, probes: true},
		{name: "disturbed, by hand", hog: true, byHand: true},
	} {
		name := c.name + " " + s.name
		names = append(names, name)
		all = append(all, experiment{
			gives: []string{name, name + " cap"}, unit: c.unit() + ", events a batch", early: s.early,
			run: func(ctx context.Context, r round) error { return c.try(ctx, s, r) },
		})
	}
	id, alone, blind, seeing, hand := "probes.control."+c.name, names[0], names[1], names[2], names[3]
	if c.apart > 0 {
		return all, []row{
			ratio(id, seeing, blind, none),
			ratio(id+".left", seeing, hand, none),
			ratio(id+".alone", seeing, alone, none),
		}
	}
	rows = []row{
		inverse(id, seeing, blind, none, "with probes / without, events per second beside a neighbour on a worker's CPU; more is better"),
		inverse(id+".left", hand, seeing, none, "the best by hand / with probes, beside the neighbour"),
		inverse(id+".alone", alone, seeing, none, "undisturbed / with probes beside the neighbour"),
	}
	if c.policy == "batch" {
		rows = append(rows,
			plain(id+".cap", alone+" cap", none, "events in a batch, found undisturbed"),
			plain(id+".cap.blind", blind+" cap", none, "the same beside the neighbour, without probes"),
			plain(id+".cap.probes", seeing+" cap", none, "and with probes"))
	}
	return all, rows
}

func (c controlled) lasts() time.Duration {
	if c.apart > 0 {
		return 4 * controlTime
	}
	return controlTime
}

func (c controlled) unit() string {
	if c.apart > 0 {
		return "ns, 95th percentile"
	}
	return "events/s"
}

// try runs the experiment until its threads had what they shall have. If they have not, the round says nothing.
func (c controlled) try(ctx context.Context, s setting, r round) error {
	name := c.name + " " + s.name
	r[name], r[name+" cap"] = math.NaN(), math.NaN()
	found := r[c.name+" undisturbed cap"]
	if math.IsNaN(found) && s.byHand {
		return nil
	}
	for range tries {
		if err := ctx.Err(); err != nil {
			return err
		}
		o, err := c.run(ctx, s, int(found))
		if err != nil {
			return err
		}
		if o.fair {
			r[name], r[name+" cap"] = o.value, o.batch
			return nil
		}
		r[again(name)]++
	}
	return nil
}

var spinning = sync.OnceValue(workload.Calibrate)
