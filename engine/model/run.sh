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
slots                                  | holds
slots -DSTART=true                     | holds
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
slots -DPUBLISH_WITHOUT_FENCE          | left behind
slots -DSIGNAL_WITHOUT_STIR            | left behind
slots -DUP_WITHOUT_STIR                | left behind
slots -DMORE_WITHOUT_FENCE             | left behind
slots -DMORE_WITHOUT_WAKING            | left behind
slots -DSLEEP_WITHOUT_FENCE            | left behind
slots -DRINGS_BEFORE_PARKED            | left behind
line -DRELIEVE_WITHOUT_FENCE           | left in line
line -DRELIEVE_WITHOUT_AGAIN           | left in line
line -DUNLOCK_WITHOUT_LOOK             | left in line
line -DLEAVE_WITHOUT_LOOK              | left in line
line -DFIRST_WITHOUT_PUSH              | left in line
line -DSEAL -DCALLS=2 -DSEAL_WITHOUT_TELLING | left in line
END
}

# reason turns what pan prints into the words of the list.
reason() {
  case $1 in
    *"errors: 0"*) echo "holds" ;;
    *"violated !(woken"* | *"violated  !(woken"*) echo "woken twice" ;;
    *"violated !(busy"* | *"violated  !(busy"*) echo "two at once" ;;
    *"violated (inside=="*) echo "left in line" ;;
    *"violated (ring==0)"*) echo "left behind" ;;
    *">=last)"* | *">last[k])"*) echo "order lost" ;;
    *"violated finished"*) echo "never ends" ;;
    *"violated (("*"claimed[0]"*) echo "left behind" ;;
    *"violated"*"state[0]==2"*) echo "sleeper not woken" ;;
    *) echo "unknown" ;;
  esac
}

. "$here/../../internal/model/check.sh"
