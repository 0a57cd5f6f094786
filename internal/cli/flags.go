// Package cli is what the commands have in common at their left end: flags that an environment variable can set too, a
// logger for machines or for people, and the version. What a command does with them is its own affair.
package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/pflag"
)

// Parse reads args into fs, and then, for each flag that args did not set, the environment variable that [EnvName] names.
// So a flag wins over the environment even when it is given its default. A variable that is set but empty counts as
// the empty value. The error of a bad value names the flag, and the variable if it came from there; that of a help flag
// is [pflag.ErrHelp]. It prints nothing.
func Parse(fs *pflag.FlagSet, prefix string, args []string, lookup func(string) (string, bool)) error {
	fs.Usage = func() {}
	if err := fs.Parse(args); err != nil {
		return err
	}
	var first error
	fs.VisitAll(func(f *pflag.Flag) {
		if f.Changed || first != nil || !fromEnv(f) {
			return
		}
		name := EnvName(prefix, f.Name)
		if value, ok := lookup(name); ok {
			if err := fs.Set(f.Name, value); err != nil {
				first = fmt.Errorf("environment variable %s=%q: %w", name, value, err)
			}
		}
	})
	return first
}

// fromEnv leaves out what only makes sense on a command line. (The httpd image of Docker sets HTTPD_VERSION, too.)
func fromEnv(f *pflag.Flag) bool { return f.Name != "help" && f.Name != "version" }

// EnvName is the environment variable of a flag: "drain-delay" is HTTPD_DRAIN_DELAY with the prefix "HTTPD_".
func EnvName(prefix, flag string) string {
	return prefix + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// Usage is the text for --help: intro, then every flag with its default, then how the environment sets them. example is the
// name of one flag.
func Usage(fs *pflag.FlagSet, prefix, intro, example string) string {
	return fmt.Sprintf("%s\nFlags:\n%s\nEach flag but --help and --version can be set by an environment variable as well: --%s is %s.\n"+
		"A flag on the command line wins.\n", intro, fs.FlagUsages(), example, EnvName(prefix, example))
}

// Choice is a flag whose value is one of a few words. It writes through to a string of the caller, which holds the default.
func Choice(value *string, words ...string) pflag.Value { return &choice{value, words} }

type choice struct {
	value *string
	words []string
}

func (c *choice) String() string { return *c.value }
func (c *choice) Type() string   { return strings.Join(c.words, "|") }

func (c *choice) Set(s string) error {
	if !slices.Contains(c.words, s) {
		return fmt.Errorf("must be %s", strings.Join(c.words, " or "))
	}
	*c.value = s
	return nil
}
