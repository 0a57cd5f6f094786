package endure

import (
	"fmt"
	"os"
	"runtime"
	"time"
)

// helperEnv says what this binary is to do instead of testing.
const helperEnv = "ENDURE_HELPER"

func init() {
	if os.Getenv(helperEnv) != "" {
		runtime.LockOSThread() // init runs on the process' first thread, and what a helper becomes inherits from that
	}
}

// asHelper does what this binary was started for, if that is not testing.
func asHelper() (handled bool, err error) {
	switch os.Getenv(helperEnv) {
	case "":
		return false, nil
	case "spin":
		for end := time.Now().Add(patience); time.Now().Before(end); { // its starter ends it long before
		}
		return true, fmt.Errorf("nobody ended the busy loop in %v", patience)
	case "watched":
		return true, becomeWatched(os.Args[1:])
	}
	return true, fmt.Errorf("%s=%q is no helper", helperEnv, os.Getenv(helperEnv))
}

// procFile is a file of /proc about a process.
func procFile(pid int, name string) string { return fmt.Sprintf("/proc/%d/%s", pid, name) }
