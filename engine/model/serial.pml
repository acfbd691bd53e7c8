#define EDGE
#define SERIAL
#ifndef EVENTS
#define EVENTS 0
#endif
#ifndef START
#define START 2
#endif
#define TARGET(s) s = 1
#ifdef SWAP
#define PLANS 2
#ifdef OWING
#define EMITS(item) ((item) == 0 -> 3 : 0)
#define WHEN (owed[0] > 0)
#else
#define EMITS(item) 1
#endif
#define SERVE(p, w)    BIT((w) ^ NUMBER(p))
#define ELIGIBLE(p, s) BIT((s) ^ NUMBER(p))
#else
#define PLANS 1
#define EMITS(item) ((item) == 0 -> 3 : 1)
#define SERVE(p, w)    3
#define ELIGIBLE(p, s) 3
#endif
#include "protocol.inc"
