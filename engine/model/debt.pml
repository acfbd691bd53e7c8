#define EDGE
#ifndef EVENTS
#define EVENTS 0
#endif
#define PLANS 1
#define TARGET(s) s = 1
#ifdef ONE_EACH
#define START 3
#define EMITS(item) 1
#else
#define START 2
#define EMITS(item) 3
#endif
#ifdef SPLIT
#define SERVE(p, w)    ((w) == 0 -> 2 : 1)
#define ELIGIBLE(p, s) ((s) == 0 -> 2 : 1)
#else
#define SERVE(p, w)    3
#define ELIGIBLE(p, s) 3
#endif
#include "protocol.inc"
