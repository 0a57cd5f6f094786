package probelog_test

import (
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	time.Local = time.UTC // what people read has local times, golden files have one zone
	goleak.VerifyTestMain(m)
}
