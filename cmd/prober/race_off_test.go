//go:build !race

package main

// raceEnabled is true when the race detector slows everything down.
const raceEnabled = false
