package measure

import (
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Heading begins a program's section of docs/benchmarks.md: its title, and where and when the figures below it were measured.
func Heading(w io.Writer, title string) error {
	machine, err := Machine()
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "## %s\n\nMeasured %s on %s.\n\n", title, time.Now().Format(time.DateOnly), machine)
	return err
}

// Machine names what the figures depend on: the CPU, the memory, the kernel, the Go version, and how busy the machine is.
func Machine() (string, error) {
	model, err := cpuModel()
	if err != nil {
		return "", err
	}
	var name unix.Utsname
	if err := unix.Uname(&name); err != nil {
		return "", fmt.Errorf("asking for the kernel's name: %w", err)
	}
	var info unix.Sysinfo_t
	if err := unix.Sysinfo(&info); err != nil {
		return "", fmt.Errorf("asking for memory and load: %w", err)
	}
	return fmt.Sprintf("%s, %d cores, %.0f GiB, Linux %s, %s, load average %.1f before it began",
		model, runtime.NumCPU(), float64(info.Totalram)*float64(info.Unit)/(1<<30),
		unix.ByteSliceToString(name.Release[:]), runtime.Version(), float64(info.Loads[0])/(1<<16)), nil
}

// cpuModel is the CPU's name for itself; some machines have none, and are told by their architecture.
func cpuModel() (string, error) {
	text, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return "", err
	}
	for line := range strings.Lines(string(text)) {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == "model name" {
			return strings.TrimSpace(value), nil
		}
	}
	return runtime.GOARCH, nil
}
