// Package arrival asks the kernel when it received what a socket reads, as ping and tcpdump do (SO_TIMESTAMPNS, socket(7)). A process
// that waits goes on some time after its packet has come: a tenth of a millisecond on an idle machine, many milliseconds on one that has
// too little CPU. That time is the machine's own, and no network's.
package arrival

// Control is room for what the kernel says of a message besides its bytes.
type Control [64]byte
