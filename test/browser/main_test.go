package browser

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"
)

// stage is what all tests share. TestMain sets it, and nobody changes it.
var stage struct {
	chromium    context.Context // whose tabs the tests open
	programs    string          // folder of demo, httpd and prober
	screenshots string          // folder
}

func TestMain(m *testing.M) {
	flag.StringVar(&stage.screenshots, "screenshots", "", "folder for the screenshots; a new one below the one for temporary files if empty")
	flag.Parse()
	code, err := onStage(m.Run)
	if err != nil {
		fmt.Fprintln(os.Stderr, "browser:", err)
		code = 1
	}
	os.Exit(code)
}

// onStage builds the programs and starts the browser, runs the tests, and takes all down.
func onStage(tests func() int) (code int, err error) {
	if flag.Lookup("test.list").Value.String() != "" {
		return tests(), nil
	}
	chromium, err := exec.LookPath("chromium")
	if err != nil {
		return 1, errors.New("no chromium here: apt-get install chromium")
	}
	scratch, err := os.MkdirTemp("", "callbyname-browser-")
	if err != nil {
		return 1, err
	}
	defer os.RemoveAll(scratch)
	if stage.programs, err = build(scratch, "demo", "httpd", "prober"); err != nil {
		return 1, err
	}
	if stage.screenshots == "" {
		stage.screenshots, err = os.MkdirTemp("", "callbyname-screenshots-")
	} else {
		err = os.MkdirAll(stage.screenshots, 0o755)
	}
	if err != nil {
		return 1, err
	}
	defer fmt.Println("screenshots:", stage.screenshots)
	profile := filepath.Join(scratch, "profile")
	allocator, _ := chromedp.NewExecAllocator(context.Background(), flags(chromium, profile)...)
	ctx, _ := chromedp.NewContext(allocator)
	if err := chromedp.Do(ctx); err != nil {
		return 1, fmt.Errorf("starting %s: %w", chromium, err)
	}
	stage.chromium = ctx
	code = tests()
	if err := chromedp.Cancel(ctx); err != nil {
		return 1, fmt.Errorf("ending %s: %w", chromium, err)
	}
	return code, nil
}

// flags make a browser that asks nobody for anything of its own accord: names lead nowhere, and so whatever a page asked for
// elsewhere would fail as well.
func flags(chromium, profile string) []chromedp.ExecAllocatorOption {
	options := []chromedp.ExecAllocatorOption{
		chromedp.ExecPath(chromium), chromedp.UserDataDir(profile), chromedp.NoFirstRun, chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("headless", "new"), chromedp.Flag("hide-scrollbars", true), chromedp.Flag("mute-audio", true),
		chromedp.Flag("force-color-profile", "srgb"), chromedp.Flag("no-proxy-server", true),
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"),
		chromedp.Flag("disable-features", "Translate,OptimizationHints,MediaRouter,AutofillServerCommunication"),
	}
	for _, name := range []string{
		"background-networking", "component-update", "sync", "quic", "default-apps", "extensions", "breakpad", "client-side-phishing-detection",
		"domain-reliability", "background-timer-throttling", "backgrounding-occluded-windows", "renderer-backgrounding", "dev-shm-usage",
	} {
		options = append(options, chromedp.Flag("disable-"+name, true))
	}
	return options
}

// build compiles programs of this repository into a folder.
func build(dir string, programs ...string) (string, error) {
	for _, program := range programs {
		c := exec.Command("go", "build", "-o", filepath.Join(dir, program), "./cmd/"+program)
		c.Dir = "../.."
		if out, err := c.CombinedOutput(); err != nil {
			return "", fmt.Errorf("%v: %w\n%s", c, err, out)
		}
	}
	return dir, nil
}
