#define HANG
#define SPIN
#ifndef EVENTS
#define EVENTS 2
#endif
#define PLANS 1
#define TARGET(s) if :: s = 0 :: s = 1 fi
#ifdef SPLIT
#define SERVE(p, w)    ((w) == 0 -> 3 : 2)
#define ELIGIBLE(p, s) ((s) == 0 -> 1 : 3)
#else
#define SERVE(p, w)    3
#define ELIGIBLE(p, s) 3
#endif
#include "protocol.inc"
