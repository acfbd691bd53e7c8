package affinity

// SystemAt is System with another root.
var SystemAt = system
