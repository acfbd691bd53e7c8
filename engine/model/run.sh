#!/usr/bin/env bash
# Checks the models of what workers and callers do together - wake-ups, tokens, slots, the line at an inlet - with spin: each as it stands,
# which must hold, and each with the protocol broken in one place, which must fail. Prints a table and exits 1 if a line of it is not as
# expected. Installs nothing; without spin or a C compiler it says so and exits 0. Needs between two and three minutes on two cores and
# less than 4 GiB.
#
#   run.sh            all of them
#   run.sh <pattern>  those whose line in the list below matches, as by grep -E
#
# A trace of what was found: spin -a [-D...] <model>.pml; cc -DSAFETY -DBFS -o pan pan.c; ./pan; spin -t -p [-D...] <model>.pml
set -u
here=$(cd "$(dirname "$0")" && pwd)
compiler=${CC:-gcc}
jobs=${JOBS:-2}
limit=${LIMIT:-200}    # seconds for one search
memory=${MEMORY:-1900} # MiB for one search

# model, options | how it is broken | what is expected: holds, or the reason why it fails
list() {
  cat <<'END'
keyed                                  | holds
blocking -DSWAP                        | holds
drain -DSPLIT                          | holds
serial -DSWAP                          | holds
wake                                   | holds
plan -DSTART=1                         | holds
wake -DSPLIT                           | holds
wake -DLATE                            | holds
wake -DBRISK                           | holds
wake -DBRISK -DSPLIT                   | holds
wake -DLATE -DSPLIT                    | holds
plan                                   | holds
debt                                   | holds
debt -DSPLIT                           | holds
debt -DONE_EACH                        | holds
serial                                 | holds
handover                               | holds
handover -DSPLIT                       | holds
keyed -DSWAP                           | holds
blocking                               | holds
blocking -DLONG                        | holds
blocking -DALONE                       | holds
blocking -DALONE -DSLOTS=2             | holds
blocking -DSWAP -DEARLY                | holds
line                                   | holds
line -DCANCEL -DCAPACITY=1             | holds
line -DSEAL -DCALLS=2                  | holds
wake -DPUBLISH_WITHOUT_FENCE           | left behind
wake -DLOOK_BEFORE_ANNOUNCING          | left behind
wake -DPARK_WITHOUT_LOOK               | left behind
wake -DCLEAN_WITHOUT_LOOK              | left behind
wake -DUNPARK_WITHOUT_PERMIT           | left behind
wake -DWAKE_WITHOUT_CLAIM              | woken twice
wake -DRUN_WITHOUT_SPREAD              | sleeper not woken
wake -DSTATE_WITHOUT_FENCE             | sleeper not woken
wake -DSPLIT -DSPREAD_STOPS_EARLY      | sleeper not woken
wake -DBRISK -DWATCH_LOOKS_AWAY        | sleeper not woken
wake -DBRISK -DPATIENCE_WITHOUT_FENCE  | sleeper not woken
plan -DPLAN_BEFORE_FENCE               | left behind
plan -DPARK_WITHOUT_PLAN               | left behind
plan -DSTART=1 -DADOPT_WITHOUT_LOOK    | left behind
plan -DSTART=1 -DPLAN_WITHOUT_WAKING   | sleeper not woken
debt -DDEBTOR_WITHOUT_WAITING          | left behind
debt -DDEBTOR_WITHOUT_RETRY            | left behind
debt -DEND_WITHOUT_FENCE               | left behind
debt -DEND_WITHOUT_RELIEF              | left behind
drain -DSPLIT -DDRAIN_RINGS_FIRST      | left behind
drain -DSPLIT -DDRAIN_LOOKS_ONCE       | left behind
drain -DSPLIT -DPLAN_WITHOUT_WAKING    | never ends
serial -DTAKE_WITHOUT_CAS              | two at once
serial -DRELEASE_BEFORE_FLUSH          | order lost
serial -DRELEASE_WHILE_OWING           | order lost
serial -DHAND_OVER_WITHOUT_LEN         | order lost
serial -DHAND_OVER_WITHOUT_TOKEN       | two at once
serial -DSWAP -DGIVE_UP_WITHOUT_WAKE   | left behind
serial -DSWAP -DADOPT_WITHOUT_LOOK     | left behind
keyed -DSTART=0 -DPUBLISH_WITHOUT_FENCE | left behind
keyed -DSTART=0 -DREADY_BEFORE_ACTIVE   | left behind
keyed -DCLEAR_WITHOUT_LOOK             | left behind
keyed -DCLEAR_WITHOUT_READY            | left behind
keyed -DTAKEN_AS_A_WHOLE               | sleeper not woken
keyed -DRUN_WITHOUT_SPREAD             | sleeper not woken
keyed -DSWAP -DGIVE_UP_WITHOUT_WAKE    | left behind
handover -DHAND_OVER_WITHOUT_LEN       | order lost
handover -DHAND_OVER_WITHOUT_TOKEN     | two at once
handover -DRELEASE_BEFORE_FLUSH        | order lost
blocking -DHAND_IN_WITHOUT_SIGNAL      | left behind
blocking -DFREE_SLOTS_ONLY             | left behind
blocking -DALONE -DPUBLISH_WITHOUT_FENCE | left behind
blocking -DALONE -DSLOTS=2 -DPENDING_WITHOUT_DONE | left behind
blocking -DLONG -DRUN_WITHOUT_SPREAD   | sleeper not woken
blocking -DSWAP -DGIVE_UP_WITHOUT_WAKE | left behind
line -DRELIEVE_WITHOUT_FENCE           | left in line
line -DRELIEVE_WITHOUT_AGAIN           | left in line
line -DUNLOCK_WITHOUT_LOOK             | left in line
line -DLEAVE_WITHOUT_LOOK              | left in line
line -DFIRST_WITHOUT_PUSH              | left in line
line -DSEAL -DCALLS=2 -DSEAL_WITHOUT_TELLING | left in line
END
}

for tool in spin "$compiler"; do
  if ! command -v "$tool" >/dev/null; then
    echo "skipped: $tool not found"
    exit 0
  fi
done

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# reason turns what pan prints into the words of the list.
reason() {
  case $1 in
    *"errors: 0"*) echo "holds" ;;
    *"violated !(woken"* | *"violated  !(woken"*) echo "woken twice" ;;
    *"violated !(busy"* | *"violated  !(busy"*) echo "two at once" ;;
    *"violated (inside=="*) echo "left in line" ;;
    *">=last)"* | *">last[k])"*) echo "order lost" ;;
    *"violated finished"*) echo "never ends" ;;
    *"violated (("*"claimed[0]"*) echo "left behind" ;;
    *"violated"*"state[0]==2"*) echo "sleeper not woken" ;;
    *) echo "unknown" ;;
  esac
}

# check (not optimised: compiling would take longer than searching) runs number $1 of the list, with options $2, and writes the result.
check() {
  local dir=$work/$1 began=$EPOCHREALTIME out found states
  mkdir "$dir" && cd "$dir" || return
  set -- "$1" $2
  out=$(
    spin -a "${@:3}" "$here/$2.pml" 2>&1 &&
      "$compiler" -O0 -w -DSAFETY -DCOLLAPSE -DMEMLIM="$memory" -o pan pan.c 2>&1 &&
      timeout "$limit" ./pan -n -m200000 2>&1
  )
  found=$(reason "$out")
  [[ $out == *"errors: "* ]] || found="not run"
  if [[ $found == holds && $out == *[Nn]"ot completed"* || $out == *"too small"* ]]; then
    found="not finished"
  fi
  states=$(sed -n 's/^ *\([0-9.e+]*\) states, stored.*/\1/p' <<<"$out")
  printf '%s|%s|%s\n' "$found" "${states:--}" "$((${EPOCHREALTIME/[.,]/} - ${began/[.,]/}))" >"$work/$1.result"
  printf '%s\n' "$out" >"$work/$1.out"
  rm -rf "$dir"
}

mapfile -t lines < <(list | grep -E -- "${1:-.}")
if ((${#lines[@]} == 0)); then
  echo "no line matches $1" >&2
  exit 2
fi
for i in "${!lines[@]}"; do
  while (($(jobs -rp | wc -l) >= jobs)); do wait -n; done
  check "$i" "${lines[i]%%|*}" &
done
wait

status=0
format='%-45s %-18s %-18s %10s %8s\n'
printf "$format" variant expected found states seconds
for i in "${!lines[@]}"; do
  read -r variant <<<"${lines[i]%%|*}"
  read -r expected <<<"${lines[i]#*|}"
  IFS='|' read -r found states micros <"$work/$i.result"
  mark=
  if [[ $found != "$expected" ]]; then
    status=1
    mark="  <- not as expected"
  fi
  printf "$format" "${variant//-D/}" "$expected" "$found$mark" "$states" "$((micros / 100000))e-1" |
    sed -E 's/([0-9]*)([0-9])e-1$/\1.\2/; s/ \.([0-9])$/0.\1/'
  if [[ -n $mark ]]; then
    grep -vE '^(Depth=|\s*$)' "$work/$i.out" | head -5
  fi
done
exit $status
