// Package browser holds the live page to what it promises, in a real Chromium (Debian's package): the story of the demo is
// followed on it, beside the API and the log; it is read by keyboard and by what a screen reader gets, in light and dark, narrow
// and wide; it is shown hostile names, restarts and a day of rounds of 50 targets. Nothing that the page asks for may lead
// elsewhere, and nothing may be said on its console.
//
//	go test -count=1 .                          # needs: apt-get install chromium
//	go test -count=1 . -screenshots DIR         # keeps the screenshots in DIR, not in a folder of its own below TMPDIR
//
// It is a module of its own: what it needs to drive a browser is nobody else's affair. Go's test cache does not look at files
// outside the module, and the page is one of them: hence -count=1.
package browser
