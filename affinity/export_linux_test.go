package affinity

// Parts of Allowed and Pin that need a larger machine, or a kernel that errs.
var (
	AskMask = askMask
	Verify  = verify
	Arrived = arrived
)
