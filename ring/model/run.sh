#!/usr/bin/env bash
# Checks the models of the rings with spin: each as it stands, which must hold, with stores that are visible at once (no option), with store
# buffers (-DTSO) and with stores that only a release store holds back (-DWEAK); and each broken in one place, which must fail. Needs about
# two minutes on two CPUs and less than 2 GiB; DEEP=1 adds larger bounds, which need longer.
#
#   run.sh            all of them
#   run.sh <pattern>  those whose line in the list below matches, as by grep -E
#
# Every state is kept whole, none by its hash. A trace of what was found:
# spin -a [-D...] <model>.pml; cc -DSAFETY -o pan pan.c; ./pan; spin -t -p -g [-D...] <model>.pml
set -u
here=$(cd "$(dirname "$0")" && pwd)
optimise=-O1

# model, options | what is expected: holds, or the reason why it fails
list() {
  cat <<'END'
mpmc                                  | holds
mpmc -DTSO                            | holds
mpmc -DWEAK -DSPAN=2                  | holds
mpmc -DSPAN=2                         | holds
mpmc -DSTALE -DEVENTS=5               | holds
spsc                                  | holds
spsc -DTSO                            | holds
spsc -DWEAK                           | holds
spsc -DREADER -DEVENTS=7              | holds
spsc -DREADER -DTSO -DEVENTS=6        | holds
spsc -DREADER -DWEAK -DEVENTS=6 -DBATCH=1 | holds
spsc -DREADER -DWEAK -DEVENTS=5       | holds
mpsc                                  | holds
mpsc -DTSO -DEVENTS=7                 | holds
mpsc -DWEAK -DEVENTS=7                | holds
mpsc -DWEAK -DEVENTS=6 -DSPAN=2       | holds
slot                                  | holds
slot -DTSO                            | holds
slot -DWEAK                           | holds
mpmc -DREACH                          | reached
mpmc -DPUBLISH_BEFORE_COPY            | wrong stamp
mpmc -DFREE_BEFORE_TAKE               | wrong event
mpmc -DNO_LAP                         | in two hands
mpmc -DLAP_OF_ONE_BIT                 | wrong stamp
mpmc -DREMAINDER_KEPT                 | in two hands
mpmc -DREMAINDER_LOST                 | overlooked
mpmc -DMERGE_ONE_TOO_LONG             | in two hands
mpmc -DSTAMP_AT_START_ONLY            | wrong stamp
mpmc -DSTALE -DSTORE_FOR_CAS          | wrong stamp
mpmc -DWEAK -DRELAXED_PUBLISH         | wrong stamp
mpmc -DWEAK -DRELAXED_FREE            | wrong event
spsc -DPUBLISH_BEFORE_COPY            | wrong stamp
spsc -DFREE_BEFORE_TAKE               | wrong event
spsc -DROOM_TOO_LARGE=1               | wrong event
spsc -DANY_END                        | wrong event
spsc -DWEAK -DRELAXED_END             | wrong stamp
spsc -DWEAK -DRELAXED_HEAD            | wrong event
spsc -DSTAMP_OF_FIRST                 | wrong stamp
spsc -DREADER -DREST_BEFORE_STAMP     | wrong HeadTime
spsc -DREADER -DWEAK -DRELAXED_REST -DEVENTS=6 | wrong HeadTime
spsc -DREADER -DHEAD_ONCE             | wrong HeadTime
spsc -DREADER -DTAIL_AFTER_END        | negative Len
spsc -DREADER -DLEN_TAIL_FIRST        | negative Len
mpsc -DREACH                          | reached
mpsc -DPUBLISH_BEFORE_COPY            | wrong stamp
mpsc -DFREE_BEFORE_TAKE               | wrong event
mpsc -DOLD_LIMIT_IS_ROOM              | in two hands
mpsc -DLIMIT_TOO_LARGE=1              | in two hands
mpsc -DLAP_OF_ONE_BIT                 | wrong stamp
mpsc -DWEAK -DRELAXED_PUBLISH         | wrong stamp
mpsc -DWEAK -DRELAXED_HEAD -DEVENTS=5 | wrong event
slot -DREACH                          | reached
slot -DFIRST_BEFORE_REST              | push torn
slot -DFREE_BEFORE_TAKE               | wrong event
slot -DANY_OLDER                      | wrong event
slot -DWEAK -DRELAXED_FIRST           | wrong stamp
slot -DWEAK -DRELAXED_FREE            | wrong event
END
  [[ -z ${DEEP:-} ]] || cat <<'END'
mpmc -DEVENTS=10                      | holds
mpmc -DBATCH=4 -DWEAK                 | holds
mpsc -DWEAK -DEVENTS=8                | holds
spsc -DREADER -DWEAK -DEVENTS=6       | holds
slot -DWEAK -DEVENTS=12               | holds
END
}

# reason turns what pan prints into the words of the list.
reason() {
  case $1 in
    *"errors: 0"*) echo "holds" ;;
    *"violated (popped<"* | *"violated (head<"* | *"violated ((own>>2)<"*) echo "reached" ;;
    *"violated (slot["*) echo "wrong event" ;;
    *"violated (hand["*) echo "in two hands" ;;
    *"violated (pos=="*) echo "claimed twice" ;;
    *"violated ((seen=="* | *"violated (seen=="* | *"violated ((s=="* | *"violated (stamp["*) echo "wrong stamp" ;;
    *"violated (((tail!="* | *"violated (((head!="*) echo "overlooked" ;;
    *"violated ((( !(known"* | *"violated (((( !(known"* | *"violated (((known["*) echo "push torn" ;;
    *"violated ((((s<"*) echo "wrong HeadTime" ;;
    *"violated (tail>=h"* | *"violated (h>=head"*) echo "negative Len" ;;
    *"invalid end state"*) echo "stuck" ;;
    *) echo "unknown" ;;
  esac
}

. "$here/../../internal/model/check.sh"
