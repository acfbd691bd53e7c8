package report

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"
)

// Schema names the form of File; its number changes when a reader of the old
// form would misread the new one.
const Schema = "sedabench/1"

// File is everything one invocation of sedabench measured. Fields that nothing
// could be said about are null, not zero.
type File struct {
	Schema string `json:"schema"`
	// Partial says that there are fewer runs than were asked for, Reason why.
	Partial bool    `json:"partial,omitempty"`
	Reason  string  `json:"partial_reason,omitempty"`
	Machine Machine `json:"machine"`
	Config  Config  `json:"config"`
	Runs    []Run   `json:"runs"`
	// Findings are what a preset made of the runs.
	Findings []Finding `json:"findings,omitempty"`
	// Scales are what scale made of them.
	Scales []Scale `json:"scales,omitempty"`
}

// Machine is what the runs were made on.
type Machine struct {
	Model      string  `json:"model"` // of the CPU
	CPUs       int     `json:"cpus"`  // online
	Allowed    string  `json:"allowed"`
	SMT        int     `json:"smt"` // threads per core
	OS         string  `json:"os"`
	Arch       string  `json:"arch"`
	Kernel     string  `json:"kernel"`
	Go         string  `json:"go"`
	GOMAXPROCS int     `json:"gomaxprocs"` // by default; each run sets its own
	Governor   string  `json:"governor"`   // of clock rates; empty: none that the kernel shows
	Quota      float64 `json:"quota_cpus"` // CPU time per time that the control group may use; 0: no limit
	// These are empty where there is none, and where the kernel does not tell.
	Isolated    string `json:"isolcpus"`
	NoTick      string `json:"nohz_full"`
	HugePages   string `json:"thp"` // mode of transparent huge pages
	Clocksource string `json:"clocksource"`
	Hypervisor  string `json:"hypervisor"`

	Steal   *float64 `json:"steal"`   // part of the CPUs' time that the hypervisor took during the runs
	Foreign *float64 `json:"foreign"` // part that other processes used during the runs
}

// Config is what was asked for, as flags say it.
type Config struct {
	Command    string        `json:"command"` // does the same again
	Preset     string        `json:"preset,omitempty"`
	Archs      []string      `json:"archs"`
	Workers    []int         `json:"workers"`
	Shape      string        `json:"shape"`
	Stages     int           `json:"stages"`
	Graph      []StageConfig `json:"graph,omitempty"`   // the stages; in older files, and of presets: none
	Keys       string        `json:"keys,omitempty"`    // whose requests these are, where a stage is keyed
	Service    string        `json:"service"`           // per stage
	Work       string        `json:"work"`              // how it is spent
	Threads    int           `json:"threads,omitempty"` // how many requests of a stage may block at the same time; 0: stages do not block
	Loads      []string      `json:"loads"`
	Clients    int           `json:"clients"` // 0: chosen by the number of workers
	Batch      int           `json:"batch"`
	Capacity   int           `json:"capacity"`
	Policy     string        `json:"policy"`   // several: separated by commas
	Target     float64       `json:"target_s"` // how long a request may take; 0: any time
	Probes     string        `json:"probes"`   // what watched the threads of staged: off, auto, bpf, proc
	Warmup     float64       `json:"warmup_s"`
	Duration   float64       `json:"duration_s"`
	Reps       int           `json:"reps"`
	Seed       uint64        `json:"seed"`
	SpinTurn   float64       `json:"spin_turn_ns"` // what a turn of the loop that spends service time takes
	SpinSpread float64       `json:"spin_spread"`
}

// Run is one measurement of one architecture under one load.
type Run struct {
	Arch     string  `json:"arch"`
	Policy   string  `json:"policy"` // that decided meanwhile; empty: nothing did
	Workers  int     `json:"workers"`
	Rep      int     `json:"rep"`
	Load     Load    `json:"load"`
	Duration float64 `json:"duration_s"`

	Offered  float64  `json:"offered_per_s"`
	Accepted float64  `json:"accepted_per_s"`
	Goodput  float64  `json:"goodput_per_s"`
	CPU      *float64 `json:"cpu_ns_per_event"` // without the load generator's

	Sojourn  Sojourn  `json:"sojourn_ns"`
	Lateness Lateness `json:"lateness_ns"`
	// Valid is false when the run does not count: the load generator was too late, or nothing was done.
	Valid bool `json:"valid"`
	// GeneratorBound says that in closed loop the generator was slower than the service, so that goodput is a lower bound.
	GeneratorBound bool `json:"generator_bound"`

	Events    Events     `json:"events"`
	Stages    []Stage    `json:"stages"`
	Decisions []Decision `json:"decisions"`
	Timeline  []Moment   `json:"timeline,omitempty"` // where it was asked for
}

// NothingDone reports whether nothing was completed that figures can be about.
func (r Run) NothingDone() bool { return r.Goodput == 0 || r.Events.Completed == 0 }

// Load is how requests arrived.
type Load struct {
	Arrival  string   `json:"arrival"`
	Rate     *float64 `json:"rate_per_s"` // open loop
	Fraction *float64 `json:"fraction"`   // of the capacity that Rate was made from
	// Doubtful says that the capacity is from runs that do not count, for lack of others.
	Doubtful bool   `json:"doubtful"`
	Clients  *int   `json:"clients"`         // closed loop
	Think    string `json:"think,omitempty"` // how long they have no request; empty: they always have one
	MadeBy   string `json:"made_by"`         // generator or workers
}

// loadKey is a load by its values.
type loadKey struct {
	arrival, madeBy string
	think           string
	rate, fraction  float64
	clients         int
	doubtful        bool
}

func (l Load) key() loadKey {
	k := loadKey{arrival: l.Arrival, madeBy: l.MadeBy, think: l.Think, doubtful: l.Doubtful}
	if l.Rate != nil {
		k.rate = *l.Rate
	}
	if l.Fraction != nil {
		k.fraction = *l.Fraction
	}
	if l.Clients != nil {
		k.clients = *l.Clients
	}
	return k
}

// Same reports whether l and m are the same load, however similar they look
// when written.
func (l Load) Same(m Load) bool { return l.key() == m.key() }

// Capacity reports whether the goodput under it is what the service can do.
func (l Load) Capacity() bool { return l.Rate == nil && l.Think == "" }

// String says the load in a few words: a rate that was asked for with all its
// digits, one that follows from a capacity rounded.
func (l Load) String() string {
	if l.Rate == nil {
		by := ""
		if l.MadeBy == ByWorkers {
			by = ", made by the workers"
		}
		if l.Think != "" {
			by += ", thinking " + l.Think
		}
		return "closed loop, " + Plural(*l.Clients, "client") + by
	}
	if l.Fraction == nil {
		return fmt.Sprintf("%s arrivals, %s/s", l.Arrival, exact(*l.Rate))
	}
	of := "the best capacity"
	if l.Doubtful {
		of = "a capacity from runs that do not count"
	}
	return fmt.Sprintf("%s arrivals, %s/s (%gx of %s)", l.Arrival, Count(*l.Rate), *l.Fraction, of)
}

// Name names the load in one word, as within a benchmark's name; by the fraction where there
// is one, since the rate differs from invocation to invocation.
func (l Load) Name() string {
	switch {
	case l.Rate == nil && l.Think != "":
		return fmt.Sprintf("closed-%d-think-%s", *l.Clients, l.Think)
	case l.Rate == nil:
		return fmt.Sprintf("closed-%d", *l.Clients)
	case l.Fraction != nil:
		return fmt.Sprintf("%s-%gx", benchWord(l.Arrival), *l.Fraction)
	}
	return benchWord(l.Arrival) + "-" + exact(*l.Rate)
}

func exact(x float64) string { return strconv.FormatFloat(x, 'f', -1, 64) }

// Who makes the load.
const (
	ByGenerator = "generator"
	ByWorkers   = "workers"
)

// Sojourn holds percentiles of the time from when requests were due to when
// they were done, in nanoseconds.
type Sojourn struct {
	P50  int64 `json:"p50"`
	P90  int64 `json:"p90"`
	P99  int64 `json:"p99"`
	P999 int64 `json:"p999"`
	Max  int64 `json:"max"`
}

// Lateness holds percentiles of the time from when requests were due to when
// they were submitted, in nanoseconds.
type Lateness struct {
	P50 int64 `json:"p50"`
	P99 int64 `json:"p99"`
}

// Events counts requests. A request is completed when its last descendant
// ended, Expired when a policy decided that it had waited too long. Failed and
// Dropped are what the engine counted, of the whole run, and 0 for other
// architectures.
type Events struct {
	Offered   int64 `json:"offered"`
	Accepted  int64 `json:"accepted"`
	Refused   int64 `json:"refused"`
	Completed int64 `json:"completed"`
	Failed    int64 `json:"failed"`
	Expired   int64 `json:"expired"`
	Dropped   int64 `json:"dropped"`
	InFlight  int64 `json:"in_flight"`
}

// Stage is what one stage did; means over its requests.
type Stage struct {
	Name     string   `json:"name"`
	Depth    *float64 `json:"depth"` // requests waiting for it: rate times Wait, by Little's law
	Batch    float64  `json:"batch"` // requests handled at once
	Service  *float64 `json:"service_ns"`
	Wait     *float64 `json:"wait_ns"`
	OnCPU    *float64 `json:"on_cpu_ns"` // these three are per request, need probes, and are null without
	OffCPU   *float64 `json:"off_cpu_ns"`
	RunDelay *float64 `json:"run_delay_ns"` // of OffCPU: awake, and without a CPU
}

// Decision is something the engine changed by itself while it ran.
type Decision struct {
	At   int64  `json:"t_ns"`
	What string `json:"what"`
	Why  string `json:"why"`
}

// Finding is one number that a preset found, the median of runs, and whether it keeps its bound.
type Finding struct {
	Sheet   string   `json:"sheet"`
	Of      string   `json:"of"`   // whom it is about
	What    string   `json:"what"` // it is
	Value   float64  `json:"value"`
	Text    string   `json:"text,omitempty"` // the value with its unit
	Low     float64  `json:"low"`            // quartiles
	High    float64  `json:"high"`
	Runs    int      `json:"runs"`
	Bound   *float64 `json:"bound"`            // null: there is none
	Wanted  string   `json:"wanted,omitempty"` // the bound in words, with its direction
	Verdict string   `json:"verdict"`          // ok, short, or info where there is no bound
}

// Write writes a figure, such as a quartile or the bound, in the unit of the value as far as its text tells.
func (f Finding) Write(v float64) string {
	switch {
	case f.Text == Time(f.Value):
		return Time(v)
	case f.Text == Count(f.Value), v >= 1e5:
		return Count(v)
	}
	return fmt.Sprintf("%.4g", v)
}

// Limit is the bound in words; a file from before it had them knows no more than the number.
func (f Finding) Limit() string {
	if f.Wanted != "" || f.Bound == nil {
		return f.Wanted
	}
	return f.Write(*f.Bound)
}

// Moment is what was seen of an engine at one time. Counts are of all requests so far.
type Moment struct {
	At       int64         `json:"t_ns"` // since the service started
	Accepted uint64        `json:"accepted"`
	Refused  uint64        `json:"refused"`
	Stages   []StageMoment `json:"stages"`
}

// StageMoment is what was seen of one stage.
type StageMoment struct {
	Name  string `json:"name"`
	Cores int    `json:"cores"` // workers that the plan lets serve it
	Batch int    `json:"batch"` // the most requests that the plan lets a worker take at once
	// Threads is how many requests the plan lets block at the same time, Blocked how many do; 0 where stages do not block.
	Threads int    `json:"threads,omitempty"`
	Blocked int    `json:"blocked,omitempty"`
	Batches uint64 `json:"batches"` // in which Done were handled
	Done    uint64 `json:"done"`
	Depth   int    `json:"depth"`
	HeadAge int64  `json:"head_age_ns"`
}

// WriteJSON writes f as one object.
func WriteJSON(w io.Writer, f File) error {
	if err := WriteObject(w, f); err != nil {
		return fmt.Errorf("write JSON: %w", err)
	}
	return nil
}

// WriteObject writes any value in the form of WriteJSON. Errors are the writer's.
func WriteObject(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(v)
}
