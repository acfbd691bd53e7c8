package procfs

import (
	"bytes"
	"errors"
	"strconv"

	"github.com/seda-go/seda/probes"
)

// Offers is what /proc knows of a thread.
var Offers = probes.MetricsOf(probes.OnCPU, probes.Blocked, probes.RunQueue, probes.Switches)

// ErrClosed is what a source returns that was closed.
var ErrClosed = errors.New("procfs: the source is closed")

// Step opens the source as part of a ladder.
func Step() probes.Step { return probes.Step{Offers: Offers, Open: Open} }

// Open returns a source of those of the metrics that /proc offers.
func Open(want probes.Metrics) (probes.Source, error) { return open(want & Offers) }

// times reads the text of a file schedstat.
func times(text []byte) (on, delay int64, ok bool) {
	fields := bytes.Fields(text)
	if len(fields) < 2 {
		return 0, 0, false
	}
	on, err1 := strconv.ParseInt(string(fields[0]), 10, 64)
	delay, err2 := strconv.ParseInt(string(fields[1]), 10, 64)
	return on, delay, err1 == nil && err2 == nil
}

// switches reads the text of a file status.
func switches(text []byte) (voluntary, involuntary uint64, ok bool) {
	voluntary, ok1 := count(text, "\nvoluntary_ctxt_switches:\t")
	involuntary, ok2 := count(text, "\nnonvoluntary_ctxt_switches:\t")
	return voluntary, involuntary, ok1 && ok2
}

func count(text []byte, name string) (uint64, bool) {
	_, rest, _ := bytes.Cut(text, []byte(name))
	digits, _, _ := bytes.Cut(rest, []byte("\n"))
	n, err := strconv.ParseUint(string(digits), 10, 64)
	return n, err == nil
}
