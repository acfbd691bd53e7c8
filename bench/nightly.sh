#!/usr/bin/env bash
# What takes longer than a change can wait for: long stress, fuzzing and
# conservation, the checks of histories, the model, benchmarks and all figures.
#
#   bench/nightly.sh                 all steps, one to two hours
#   bench/nightly.sh fuzz figures    these steps
#
# Output goes to bench/results/<date>-<machine>/, a file per step and the outcome
# of all in summary.txt. Run it on a machine that does nothing else.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 2

steps=(conservation graphs wakeups schedules race stress soak rings fuzz checks model mutants ringmutants vmtest figures cores peers accesslog benchmarks)
out=${out:-bench/results/$(date +%F)-$(nproc)cpu-$(uname -m)}
export out # the steps are processes of their own, perhaps of the next day
export GOFLAGS="${GOFLAGS:-} -trimpath" # no path of this machine in what is kept

step_conservation() { SEDA_EVENTS=100000020 go test -count=1 -v -timeout 55m -run 'Conserv|Stress' ./engine; }

step_graphs() { SEDA_GRAPHS=10000 go test -count=1 -v -timeout 55m -run RandomGraphs ./engine; }

step_wakeups() { SEDA_WAKES=1000000 go test -count=1 -v -timeout 55m -run 'WakeUp' ./engine; }

step_schedules() {
  SEDA_SCHEDULES=1000000 go test -tags yield -count=1 -v -timeout 55m -run Schedules ./engine &&
    SEDA_SCHEDULES=1000000 go test -tags yield -count=1 -v -timeout 20m -run Schedules ./ring
}

step_race() { SEDA_EVENTS=1000000 go test -race -count=1 -v -timeout 55m -run 'Conserv|Stress' ./engine ./ring; }

step_stress() { go test -tags invariants -count=10 -timeout 55m ./ring ./engine ./affinity ./sched; }

step_soak() { go run ./engine/soak -for 10m && go run -race ./engine/soak -for 5m; }

step_rings() { go run ./ring/soak -items 1e10 && go run -race ./ring/soak -for 3m; }

step_fuzz() {
  local package target status=0
  for package in $(go list ./...); do
    for target in $(go test -list '^Fuzz' "$package" | grep '^Fuzz'); do
      go test -run '^$' -fuzz "^$target\$" -fuzztime 3m -timeout 10m "$package" || status=1
    done
  done
  return $status
}

step_checks() { [ ! -f checks/go.mod ] || (cd checks && go test -count=5 -timeout 30m ./... && SEDA_SCHEDULES=50000 go test -tags yield -timeout 25m -run Schedules ./...); }

step_model() { bash engine/model/run.sh && bash ring/model/run.sh; }

step_mutants() { go run ./engine/mutants && go run ./engine/mutants -schedules; }

# All rings and their peers in all cells; near CPUs where the machine has both kinds.
step_peers() { (cd bench/peers && go run ./rings -near 150ns); }

step_ringmutants() { go run ./ring/mutants; }

# Other kernels, in emulated machines; it says what could not be fetched.
step_vmtest() { go run ./internal/vmtest; }

# The cores law on a thousand random graphs and fifty of 128 cores.
step_cores() { SEDA_GRAPHS=1050 go run ./bench/figures sched.cores; }

step_figures() { go run ./bench/figures -n 20; }

# A gigabyte of access log, which is not kept: the engine beside channels and awk, in time and memory.
step_accesslog() {
  dir=$(mktemp -d) || return 1 # global: the trap needs it after this function
  trap 'rm -rf "$dir"' EXIT
  go build -o "$dir/accesslog" ./examples/accesslog && "$dir/accesslog" -generate 1GiB "$dir/access.log" &&
    "$dir/accesslog" -compare "$dir/access.log"
}

step_benchmarks() {
  go test -run '^$' -bench . -benchtime 0.2s -count 10 -timeout 55m ./ring ./engine >"$out/benchmarks.raw.txt" || return 1
  go tool -modfile=tools/go.mod benchstat "$out/benchmarks.raw.txt"
}

# commit names what is measured. What is being written here is no part of it.
commit() {
  git describe --always
  git diff --quiet HEAD -- . ':!bench/results' || echo "with changes"
}

machine() {
  date -u +'%F %T UTC'
  uname -srm
  grep -m1 'model name' /proc/cpuinfo
  echo "$(nproc) CPUs, $(go version | cut -d' ' -f3), commit $(commit)"
  uptime
}

case ${1:-} in
  --step) "step_$2"; exit ;;
esac
[ $# -gt 0 ] || set -- "${steps[@]}"
for step in "$@"; do
  [[ " ${steps[*]} " == *" $step "* ]] || { echo "no step $step; there are: ${steps[*]}" >&2; exit 2; }
done
mkdir -p "$out" || exit 1
machine | tee -a "$out/summary.txt"
failed=0
for step in "$@"; do
  began=$SECONDS
  timeout -k 30 1h bash bench/nightly.sh --step "$step" </dev/null >"$out/$step.txt" 2>&1
  status=$?
  [ $status = 0 ] || failed=$((failed + 1))
  echo "$step: status $status, $((SECONDS - began)) s" | tee -a "$out/summary.txt"
done
exit $((failed > 0))
