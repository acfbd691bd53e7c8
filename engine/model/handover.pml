#define FROM
#ifndef START
#define START 3
#endif
#define TARGET(s) skip
#ifdef SPLIT
#define SERVE(p, w)    ((w) == 0 -> 3 : 2)
#define ELIGIBLE(p, s) ((s) == 0 -> 1 : 3)
#else
#define SERVE(p, w)    3
#define ELIGIBLE(p, s) 3
#endif
#include "keyed.inc"
