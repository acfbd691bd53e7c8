#define EDGE
#define SERIAL
#define EVENTS 0
#define START 2
#define TARGET(s) s = 1
#ifdef SWAP
#define WHEN seq /* before that a swap would only exchange names */
#define PLANS 2
#define EMITS(item) ((item) == 0 -> 3 : 0)
#define SERVE(p, w)    BIT(1 - ((w) ^ NUMBER(p)))
#define ELIGIBLE(p, s) BIT(1 - ((s) ^ NUMBER(p)))
#else
#define SERIAL0
#define PLANS 1
#define EMITS(item) ((item) == 0 -> 3 : 1)
#define SERVE(p, w)    3
#define ELIGIBLE(p, s) 3
#endif
#include "protocol.inc"
