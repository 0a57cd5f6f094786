package main

import (
	"bytes"
	"fmt"
	"os"
	"regexp"
	"testing"
)

func TestAFullDiskIsSaidAndProbingGoesOn(t *testing.T) {
	t.Parallel()
	for _, format := range []string{"text", "json"} {
		t.Run(format, func(t *testing.T) {
			t.Parallel()
			full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
			if err != nil {
				t.Fatal(err)
			}
			defer full.Close()
			ctx, enough := until(t)
			flags := answering(t, "127.0.0.1:0", func(n int64) {
				if n == 15 { // one in the first round, two in each further one
					enough()
				}
			})
			var stderr bytes.Buffer
			code := run(ctx, append(flags, "--interval=50ms", "--timeout=45ms", "--log-format="+format), environ(), full, &stderr)
			const cause = "write /dev/full: no space left on device"
			want := regexp.MustCompile(fmt.Sprintf(`^prober: the log has gaps from here on, and probing goes on: %s
prober: records of the log that were lost: \d\d; the first: %[1]s
$`, cause))
			if code != exitFailed || !want.MatchString(stderr.String()) {
				t.Errorf("exit status %d, %q", code, &stderr)
			}
		})
	}
}
