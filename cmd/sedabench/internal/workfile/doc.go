// Package workfile reads workload files: a graph of stages and a load, in TOML.
//
//	[[stage]]
//	name = "parse"               # the first is where requests enter
//	service = "exp:2us"          # as --service, which is for stages without
//	work = "memory:64KiB"        # as --work
//	next = ["hit", "miss"]       # all of them; none: the request is over here
//	shares = [0.9, 0.1]          # or one of them, by shares that add up to 1
//
//	[[stage]]
//	name = "miss"
//	keyed = true                 # requests of one key one at a time
//	next = ["parse", "end"]      # a part goes round again, the other is over
//	shares = [0.2, 0.8]
//	rounds = 3                   # that often at most
//
//	[load]                       # each as the flag of its name, which wins
//	arrival = "poisson"
//	rate = "0.5x"
//	keys = "zipf:0.99,10000"
//
// Errors name file, line and field, and say what is wanted.
package workfile
