module callbyname/bench

go 1.26.0

replace callbyname => ../

require golang.org/x/sys v0.48.0
