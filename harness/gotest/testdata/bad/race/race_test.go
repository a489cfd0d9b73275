// Package race is a suite with a data race, which the race detector reports.
package race

import (
	"flag"
	"sync"
	"testing"
)

var (
	_ = flag.String("env", "", "ignored")
	_ = flag.String("evidence", "", "ignored")
)

func TestCounter(t *testing.T) {
	counter, done := 0, sync.WaitGroup{}
	for range 2 {
		done.Go(func() { counter++ })
	}
	done.Wait()
	t.Log(counter)
}
