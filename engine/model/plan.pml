#define HANG
#define SPIN
#define CLEAN
#ifndef EVENTS
#define EVENTS 1
#endif
#ifndef PLANS
#define PLANS 2
#endif
#define TARGET(s) s = 1
/* 0: each serves one stage; 1: swapped */
#define SERVE(p, w)    BIT((w) ^ (NUMBER(p) & 1))
#define ELIGIBLE(p, s) BIT((s) ^ (NUMBER(p) & 1))
#include "protocol.inc"
