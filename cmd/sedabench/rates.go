package main

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/seda-go/seda/internal/load"
	"github.com/seda-go/seda/internal/report"
)

// rate is a rate of arrivals, either in requests per second or as a fraction of
// the capacity that is measured first.
type rate struct {
	perSecond float64
	fraction  float64
}

const (
	minRate, maxRate         = 0.001, 100e6
	minFraction, maxFraction = 0.001, 100
)

func parseRate(text string) (rate, error) {
	number, isFraction := strings.CutSuffix(text, "x")
	n, err := strconv.ParseFloat(number, 64)
	switch {
	case err != nil:
	case isFraction && n >= minFraction && n <= maxFraction:
		return rate{fraction: n}, nil
	case !isFraction && n >= minRate && n <= maxRate:
		return rate{perSecond: n}, nil
	}
	return rate{}, fmt.Errorf("%q, want requests per second from %g to %.0f, or a part of the capacity from %gx to %gx, such as 0.5x",
		text, minRate, maxRate, minFraction, float64(maxFraction))
}

func (r rate) String() string {
	if r.fraction > 0 {
		return fmt.Sprintf("%gx", r.fraction)
	}
	return fmt.Sprintf("%g", r.perSecond)
}

// open is how requests arrive at rates.
func (o *options) open() load.Arrivals {
	if o.arrival.String() == "" {
		return load.Of(load.Poisson)
	}
	return o.arrival
}

// completeRates sets the rates that arrivals have where none is given.
func (o *options) completeRates() error {
	if _, err := o.arrival.Profile(o.warmup, o.duration); err != nil {
		return fmt.Errorf("--arrival %s: %w", o.arrival, err)
	}
	switch trace := o.arrival.Trace(); {
	case len(o.rates) > 0 || o.arrival.Closed() || o.slo != nil:
	case trace == nil:
		o.rates = []rate{{fraction: 0.3}, {fraction: 0.6}, {fraction: 0.9}}
	default:
		r := rate{perSecond: trace.Rate()}
		if r.perSecond < minRate || r.perSecond > maxRate {
			return fmt.Errorf("--arrival %s: %g requests per second in the mean, want from %g to %.0f; or give a --rate, to which its times are scaled",
				o.arrival, r.perSecond, minRate, float64(maxRate))
		}
		o.rates = []rate{r}
	}
	return nil
}

// checkThink checks that clients who think are alone, and have a generator to think in.
func (o *options) checkThink(h host) error {
	if o.think.Mean() == 0 {
		return nil
	}
	if !o.arrival.Closed() {
		return fmt.Errorf("--think %s: rates are parts of what clients who do not think get done; want --arrival closed", o.think)
	}
	return o.needGenerator(h, "--think "+o.think.String(), "no --think")
}

// checkOpen checks that what asks for arrivals in open loop can have them.
// Without such flags there is only the closed loop where no CPU is left.
func (o *options) checkOpen(h host) error {
	switch {
	case o.arrival.Closed() && len(o.rates) > 0:
		return fmt.Errorf("--rate: in closed loop the service sets the rate; want --arrival fixed or poisson")
	case o.arrival.Closed() && o.slo != nil:
		return fmt.Errorf("--slo: in closed loop the service sets the rate; want --arrival fixed or poisson")
	case len(o.rates) > 0 && o.slo != nil:
		return fmt.Errorf("--slo: it looks for the rate, so there is nothing for --rate to say")
	case o.output == "bench" && o.slo != nil:
		return fmt.Errorf("--slo: a rate that was found is no run, which is what -o bench writes; want text or json")
	}
	asked := ""
	switch {
	case o.slo != nil:
		asked = "--slo " + o.slo.String()
	case o.arrival.String() != "" && !o.arrival.Closed():
		asked = "--arrival " + o.arrival.String()
	case len(o.rates) > 0:
		asked = "--rate " + joined(o.rates)
	default:
		return nil
	}
	want := "--arrival closed"
	if o.slo != nil {
		want = "more CPUs"
	}
	return o.needGenerator(h, asked, want)
}

// needGenerator checks that there is a CPU for the load generator, without which what was asked cannot be; alone is what to want with one worker.
func (o *options) needGenerator(h host, asked, alone string) error {
	for _, n := range o.workers {
		if h.hasGenerator(n) {
			continue
		}
		want := "fewer --workers"
		if n == 1 {
			want = alone
		}
		return fmt.Errorf("%s: no CPU is left for the load generator with %s on %s; want %s",
			asked, report.Plural(n, "worker"), h.cpusText(), want)
	}
	return nil
}
