package cli

import (
	"strings"
	"unicode"
)

// Clean is the text of an error as it may go to a terminal: what came in from outside, an argument or an environment
// variable, acts on nothing there. Line ends stay.
func Clean(err error) string {
	return strings.Map(func(r rune) rune {
		if r != '\n' && !unicode.IsPrint(r) {
			return '?'
		}
		return r
	}, err.Error())
}
