package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// What is measured of rings is one queue doing the work of one cell, in the words of the program bench/peers/rings, whose documentation says
// what that is and how each queue is used. Its percentiles of a round trip are contenders of their own, with p50 or p99 behind a blank.

const (
	oneToOne = "1p1c"
	twoToTwo = "2p2c"
)

var (
	capacities = []string{"1024", "65536"}
	goMPMC     = []string{"chan", "chan_try", "xsync_mpmc", "lfq_mpmc_seq", "workiva"}
	goSPSC     = []string{"xsync_spsc", "lfq_spsc"}
	rteMany    = []string{"rte_mpmc", "rte_hts", "rte_rts"}
	ourRings   = []string{"spsc", "mpsc", "mpmc", "slot"}
	allPeers   = slices.Concat(goSPSC, goMPMC, []string{"lfq_mpsc", "rte_spsc"}, rteMany, []string{
		"boost_spsc", "boost_spsc_fixed", "boost_queue", "moodycamel", "readerwriter", "tbb", "rigtorp_spsc", "rigtorp_mpmc",
	})
)

// inCell names a queue in a cell.
func inCell(shape string, batch int, bytes, capacity, queue string) string {
	return fmt.Sprintf("%s.b%d.%s.%s/%s", shape, batch, bytes, capacity, queue)
}

// A ringsSuite is built row by row; contenders follow from the rows.
type ringsSuite struct{ suite }

func newRingsSuite(id string) *ringsSuite { return &ringsSuite{suite{id: id, collect: collectRings}} }

func (s *ringsSuite) add(r row, unit string) {
	s.rows = append(s.rows, r)
	for _, name := range slices.Concat(r.of, r.among) {
		if !slices.ContainsFunc(s.contenders, func(c contender) bool { return c.name == name }) {
			s.contenders = append(s.contenders, contender{name: name, unit: unit})
		}
	}
}

// rowID extends that of the suite by batch, capacity where it is not the usual one, and rival.
func (s *ringsSuite) rowID(batch int, capacity, rival string) string {
	id := fmt.Sprintf("%s.b%d.", s.id, batch)
	if capacity != capacities[0] {
		id += capacity + "."
	}
	return id + rival
}

// against adds a row for each rival, with 8-byte items between one producer and one consumer, at both capacities.
func (s *ringsSuite) against(ours string, batch int, bound float64, rivals ...string) {
	for _, capacity := range capacities {
		for _, rival := range rivals {
			s.add(ratio(s.rowID(batch, capacity, rival), inCell(oneToOne, batch, "8B", capacity, ours),
				inCell(oneToOne, batch, "8B", capacity, rival), bound), "ns/item")
		}
	}
}

func ringSuites() []suite {
	mpmc := newRingsSuite("ring.mpmc")
	mpmc.against("mpmc", 64, 0.60, "rte_mpmc")
	mpmc.against("mpmc", 64, 0.75, "rte_spsc")
	mpmc.against("mpmc", 256, 0.80, "rte_mpmc")
	mpmc.against("mpmc", 16, 0.60, "rte_mpmc")
	mpmc.against("mpmc", 1, 0.50, goMPMC...)
	mpmc.against("mpmc", 1, 0.50, "lfq_mpmc") // loses items, which its row says
	mpmc.against("mpmc", 1, none, "rte_mpmc", "rigtorp_mpmc")

	spsc := newRingsSuite("ring.spsc")
	spsc.against("spsc", 64, 0.80, "rte_spsc", "boost_spsc", "boost_spsc_fixed")
	spsc.against("spsc", 256, 1.0, "boost_spsc", "boost_spsc_fixed")
	spsc.against("spsc", 1, 0.67, goSPSC...)
	spsc.against("spsc", 1, none, "rte_spsc", "boost_spsc", "readerwriter", "rigtorp_spsc")
	return []suite{mpmc.suite, spsc.suite, overSuite(), wideSuite(), tripSuite()}
}

// overSuite is two producers and two consumers on two CPUs.
func overSuite() suite {
	s := newRingsSuite("ring.over")
	for _, capacity := range capacities {
		names := func(queues ...string) []string {
			for i, q := range queues {
				queues[i] = inCell(twoToTwo, 64, "8B", capacity, q)
			}
			return queues
		}
		ours := names("mpmc")
		s.add(best(s.rowID(64, capacity, "rte"), ours, names(slices.Clone(rteMany)...), 0.95), "ns/item")
		for _, rival := range rteMany {
			s.add(ratio(s.rowID(64, capacity, rival), ours[0], names(rival)[0], none), "ns/item")
		}
	}
	return s.suite
}

// wideSuite is items of 64 bytes.
func wideSuite() suite {
	s := newRingsSuite("ring.wide")
	for _, capacity := range capacities {
		name := func(queue string) string { return inCell(oneToOne, 64, "64B", capacity, queue) }
		s.add(ratio(s.rowID(64, capacity, "rte_mpmc"), name("mpmc"), name("rte_mpmc"), 1.0), "ns/item")
		s.add(ratio(s.rowID(64, capacity, "rte_spsc"), name("mpmc"), name("rte_spsc"), none), "ns/item")
		s.add(ratio(s.rowID(64, capacity, "spsc.rte_spsc"), name("spsc"), name("rte_spsc"), none), "ns/item")
	}
	return s.suite
}

// tripSuite is single items back and forth over two queues.
func tripSuite() suite {
	s := newRingsSuite("ring.rtt")
	for _, p := range []struct {
		percentile string
		bound      float64
	}{{"p50", 1.05}, {"p99", 1.0}} {
		names := func(queues []string) (all []string) {
			for _, q := range queues {
				all = append(all, "rtt.8B.1024/"+q+" "+p.percentile)
			}
			return all
		}
		ours, theirs := names(ourRings), names(allPeers)
		unit := "ns/trip"
		s.add(best(s.id+"."+p.percentile, ours, theirs, p.bound), unit)
		for i, q := range ourRings {
			s.add(best(s.id+"."+p.percentile+"."+q, ours[i:i+1], theirs, none), unit)
		}
	}
	return s.suite
}

// best is a row that divides the time of the best of ours by that of the best of theirs that could be measured, best by their medians: whoever
// is lucky in one round is not taken for it. What the row is says which they were, and how many peers were there to choose from.
func best(id string, ours, theirs []string, bound float64) row {
	what := ours[0]
	if len(ours) > 1 {
		what = "the best ring"
	}
	return row{
		id: id, of: ours, among: theirs, bound: bound, what: what + " / the best peer",
		pick: func(rounds []round) (func(round) float64, string) {
			rivals := measured(rounds, theirs)
			one, other := fastestOf(rounds, measured(rounds, ours)), fastestOf(rounds, rivals)
			return func(r round) float64 { return r[one] / r[other] },
				fmt.Sprintf("%s / %s, the best of %d peers, %d more not measured", one, other, len(rivals), len(theirs)-len(rivals))
		},
	}
}

// measured are those of names that have a sample in every round.
func measured(rounds []round, names []string) (all []string) {
	for _, name := range names {
		if !slices.ContainsFunc(rounds, func(r round) bool { _, has := r[name]; return !has }) {
			all = append(all, name)
		}
	}
	return all
}

// fastestOf is the name with the lowest median.
func fastestOf(rounds []round, names []string) string {
	found, lowest := "", 0.0
	for _, name := range names {
		xs := make([]float64, len(rounds))
		for i, r := range rounds {
			xs[i] = r[name]
		}
		if found == "" || median(xs) < lowest {
			found, lowest = name, median(xs)
		}
	}
	return found
}

// ringsResult is what the program prints, as far as it is read here.
type ringsResult struct {
	Cells []struct {
		Cell   string
		Queues []struct {
			Name    string
			Missing string
			Samples [][]float64
		}
	}
}

// collectRings measures all in one run of the program, which takes each sample in a process of its own.
func collectRings(ctx context.Context, names []string, n int) ([]round, map[string]string, error) {
	out, err := runRings(ctx, names, n)
	if why := unavailable(""); errors.As(err, &why) {
		missing := map[string]string{}
		for _, name := range names {
			missing[name] = err.Error()
		}
		return make([]round, n), missing, nil
	}
	if err != nil {
		return nil, nil, err
	}
	var r ringsResult
	if err := json.Unmarshal(out, &r); err != nil {
		return nil, nil, fmt.Errorf("what rings printed: %w", err)
	}
	return r.rounds(n)
}

func (r ringsResult) rounds(n int) ([]round, map[string]string, error) {
	rounds, missing := make([]round, n), map[string]string{}
	for i := range rounds {
		rounds[i] = round{}
	}
	for _, c := range r.Cells {
		for _, q := range c.Queues {
			name := c.Cell + "/" + q.Name
			if q.Missing != "" && slices.Contains(ourRings, q.Name) {
				return nil, nil, fmt.Errorf("%s: %s", name, q.Missing)
			}
			for _, suffix := range []string{"", " p50", " p99"} {
				if missing[name+suffix] = q.Missing; q.Missing == "" {
					delete(missing, name+suffix)
				}
			}
			for i, xs := range q.Samples[:min(n, len(q.Samples))] {
				if len(xs) == 1 {
					rounds[i][name] = xs[0]
				}
				if len(xs) == 3 {
					rounds[i][name+" p50"], rounds[i][name+" p99"] = xs[0], xs[1]
				}
			}
		}
	}
	return rounds, missing, nil
}

func runRings(ctx context.Context, names []string, rounds int) ([]byte, error) {
	if _, _, err := twoCPUs(); err != nil {
		return nil, err
	}
	module, err := peersModule(ctx)
	if err != nil {
		return nil, unavailable(err.Error())
	}
	dir, err := os.MkdirTemp("", "figures")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	program := filepath.Join(dir, "rings")
	if _, err := goCommand(ctx, module, "build", "-o", program, "./rings"); err != nil { // some module cannot be had
		return nil, unavailable(err.Error())
	}
	args := []string{"-install=false", "-o", "json", "-rounds", strconv.Itoa(rounds)}
	for _, name := range names {
		name, _, _ = strings.Cut(name, " ")
		if !slices.Contains(args, name) {
			args = append(args, name)
		}
	}
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir = module
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("rings: %w", err)
	}
	return out, nil
}
