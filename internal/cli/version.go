package cli

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

// version is set by the linker in released builds: -ldflags "-X callbyname/internal/cli.version=v1.2.3".
var version string

// Version is the release, or else what the build knows of its source: a module version or a revision, and "devel" when
// it knows nothing.
func Version() string {
	if version != "" {
		return version
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "devel"
	}
	return sourceVersion(info)
}

// VersionLine is the answer to --version.
func VersionLine(program string) string {
	return fmt.Sprintf("%s %s (%s, %s/%s)\n", program, Version(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
}

func sourceVersion(info *debug.BuildInfo) string {
	if v := info.Main.Version; v != "" && v != "(devel)" {
		return v
	}
	v := "devel"
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision":
			v += "-" + s.Value[:min(len(s.Value), 12)]
		case s.Key == "vcs.modified" && s.Value == "true":
			v += "+dirty"
		}
	}
	return v
}
