package endure

import "fmt"

// asHelper does what this binary was started for, if that is not testing.
func asHelper() (handled bool, err error) { return false, nil }

// procFile is a file of /proc about a process.
func procFile(pid int, name string) string { return fmt.Sprintf("/proc/%d/%s", pid, name) }
