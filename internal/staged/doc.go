// Package staged makes the engine of this module a target of load: a stage for each stage of a workload.Graph, an inlet for each kind of
// request, and a policy that decides meanwhile. A Service also shows what its control side did: a time line of what can be seen from
// outside, and the decisions with their reasons.
package staged
