//go:build amd64 && !race

#include "textflag.h"

// func Store(p *atomic.Uint64, v uint64)
TEXT ·Store(SB), NOSPLIT, $0-16
	MOVQ p+0(FP), AX
	MOVQ v+8(FP), CX
	MOVQ CX, (AX)
	RET

// func StoreInt(p *atomic.Int64, v int64)
TEXT ·StoreInt(SB), NOSPLIT, $0-16
	MOVQ p+0(FP), AX
	MOVQ v+8(FP), CX
	MOVQ CX, (AX)
	RET

// func StorePair(p *atomic.Uint64, v uint64, q *atomic.Uint64, w uint64)
TEXT ·StorePair(SB), NOSPLIT, $0-32
	MOVQ p+0(FP), AX
	MOVQ v+8(FP), CX
	MOVQ q+16(FP), BX
	MOVQ w+24(FP), DX
	MOVQ CX, (AX)
	MOVQ DX, (BX)
	RET

// func Fence()
TEXT ·Fence(SB), NOSPLIT, $0-0
	LOCK
	ADDL $0, 0(SP)
	RET
