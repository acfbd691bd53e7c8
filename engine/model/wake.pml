#define HANG
#ifndef LATE
#define SPIN
#define CLEAN
#endif
#define PLANS 1
#ifdef SPLIT
#define EVENTS 3
#define TARGET(s) s = (j == 1 -> 1 : 0)
#define SERVE(p, w)    ((w) == 0 -> 3 : 2)
#define ELIGIBLE(p, s) ((s) == 0 -> 1 : 3)
#else
#define EVENTS 2
#define TARGET(s) if :: s = 0 :: s = 1 fi
#define SERVE(p, w)    3
#define ELIGIBLE(p, s) 3
#endif
#include "protocol.inc"
