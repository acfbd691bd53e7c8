#ifdef SWAP
#define DEBT
#define START 2
#define EVENTS 0
#define TARGET(s) skip
#define WHEN owed[0]
#define AWAKE (w == 0 || plan > 0) /* worker 1 serves nothing before */
#define PLANS 2
#define SERVE(p, w)    ((w) == NUMBER(p))
#define ELIGIBLE(p, s) BIT(NUMBER(p))
#else
#ifndef START
#define START 1
#endif
#define EVENTS 1
#define TARGET(s) if :: s = 0 :: s = 1 fi
#define HANG
#define SPIN
#define CLEAN
#define SERVE(p, w)    1
#define ELIGIBLE(p, s) 3
#endif
#include "keyed.inc"
