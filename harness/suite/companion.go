package suite

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// A companion and the harness talk through two files of the -companion folder.
const (
	// ReadyFile is created by the companion when its observation has begun.
	ReadyFile = "ready"
	// StopFile is created by the harness when the companion's steps have ended.
	StopFile = "stop"
)

// Companion returns a context that ends when the steps this suite accompanies
// have ended, when the harness has died, or after -for when nobody drives it. Call begun once the
// observation is under way: the harness starts the first step only then.
func Companion(t *testing.T) (ctx context.Context, begun func()) {
	t.Helper()
	if current.during == "" {
		ctx, cancel := context.WithTimeout(t.Context(), current.lasts)
		t.Cleanup(cancel)
		return ctx, func() {}
	}
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	harness := os.Getppid()
	go func() {
		defer cancel()
		tick := time.NewTicker(50 * time.Millisecond)
		defer tick.Stop()
		for {
			if _, err := os.Stat(filepath.Join(current.during, StopFile)); err == nil {
				return
			}
			if os.Getppid() != harness {
				return // it has died; nobody will ever say stop
			}
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
		}
	}()
	return ctx, func() {
		if err := os.WriteFile(filepath.Join(current.during, ReadyFile), nil, 0o644); err != nil {
			t.Errorf("tell the harness that the observation has begun: %v", err)
		}
	}
}
