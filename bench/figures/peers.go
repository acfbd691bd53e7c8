package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/seda-go/seda/affinity"
)

// peers are the programs of the module bench/peers, whose documentation says how each library is used.
var peers = []string{"goakt", "goaktstream", "hollywood", "protoactor", "gostreams", "ants"}

const (
	peerEvents = 500_000 // of single events
	peerBatch  = 64      // a batch, of which a message of the rows called b64 consists
)

// peersSuite compares the pipeline of three stages with the same on actors, streams and pools, in the default batch of the engine and with the
// capacity that suits chan T. The rival is the fastest of them in each round. All run on the same two CPUs, each peer in a process of its own.
//
// Messages of the peers are single events, as their interfaces have it. The engine's source has batches, as its interface has it; in the row
// called single it has not, and handlers get single events too: the same program as the peers'. In the rows called b64 each message is a
// slice of 64 events: what one would write by hand around the library.
func peersSuite() suite {
	s := suite{id: "engine.peers"}
	add := func(name string, sample func(context.Context) (float64, error)) string {
		s.contenders = append(s.contenders, contender{name: name, unit: "ns/event", sample: sample})
		return name
	}
	ours := add("engine", onTwoCPUs(enginePipeline[small](pipeEvents, peerBatch, peerBatch, depth, false)))
	each := add("engine Handle", onTwoCPUs(enginePipeline[small](pipeEvents, peerBatch, peerBatch, depth, true)))
	one := add("engine one by one", onTwoCPUs(enginePipeline[small](peerEvents, 1, peerBatch, depth, true)))
	single, many := make([]string, len(peers)), make([]string, len(peers))
	for i, p := range peers {
		single[i] = add(p, peer(p, peerEvents, 1))
		many[i] = add(p+" b64", peer(p, peerEvents*8, peerBatch))
	}
	s.rows = append(s.rows,
		fastest("engine.peers", ours, single, 0.20),
		fastest("engine.peers.handle", each, single, none),
		fastest("engine.peers.single", one, single, none),
		fastest("engine.peers.b64", ours, many, none))
	for i, p := range peers {
		s.rows = append(s.rows, ratio("engine.peers."+p, ours, single[i], none))
	}
	for i, p := range peers {
		s.rows = append(s.rows, ratio("engine.peers.b64."+p, ours, many[i], none))
	}
	ergo := add("ergo", func(context.Context) (float64, error) {
		return 0, unavailable("its module could not be downloaded when this was written")
	})
	s.rows = append(s.rows, ratio("engine.peers.ergo", ours, ergo, none))
	return s
}

// fastest is a row that divides the time of ours by the shortest of theirs in the same round.
func fastest(id, ours string, theirs []string, bound float64) row {
	return row{
		id: id, of: append([]string{ours}, theirs...), bound: bound, what: ours + " / fastest of " + strings.Join(theirs, ", "),
		value: func(r round) float64 {
			best := math.Inf(1)
			for _, name := range theirs {
				best = min(best, r[name])
			}
			return r[ours] / best
		},
	}
}

// peer runs the program of a peer once. Nanoseconds per event.
func peer(name string, events, batch int) func(context.Context) (float64, error) {
	return func(ctx context.Context) (float64, error) {
		near, far, err := twoCPUs()
		if err != nil {
			return 0, err
		}
		dir, err := peersModule(ctx)
		if err != nil {
			return 0, unavailable(err.Error())
		}
		if _, err := goCommand(ctx, dir, "list", "-deps", "./"+name); err != nil { // some module cannot be had
			return 0, unavailable(err.Error())
		}
		out, err := goCommand(ctx, dir, "run", "./"+name, "-events", strconv.Itoa(events), "-batch", strconv.Itoa(batch),
			"-cpus", affinity.Of(near, far).String())
		if err != nil {
			return 0, err
		}
		return strconv.ParseFloat(out, 64)
	}
}

// peersModule returns the directory of the module.
func peersModule(ctx context.Context) (string, error) {
	root, err := goCommand(ctx, "", "list", "-m", "-f", "{{.Dir}}", "github.com/seda-go/seda")
	return filepath.Join(root, "bench", "peers"), err
}

// goCommand runs the go command in dir and returns what it prints. The error has the last line of what went wrong.
func goCommand(ctx context.Context, dir string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = dir
	out, err := cmd.Output()
	if exit := new(exec.ExitError); errors.As(err, &exit) {
		lines := strings.Split(strings.TrimSpace(string(exit.Stderr)), "\n")
		err = errors.New(lines[len(lines)-1])
	}
	if err != nil {
		return "", fmt.Errorf("go %s: %w", strings.Join(args[:2], " "), err)
	}
	return strings.TrimSpace(string(out)), nil
}
