package main

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"
)

// runIDTime is how the name of a run begins; its time is UTC.
const runIDTime = "20060102T150405Z"

// newRunID names a run after the time. Names sort in the order in which the runs of
// the folder began, because "the latest run" is what most commands are about: one of
// the same second, or after the clock went backwards, is named after the second
// behind the latest name.
func newRunID(runs string, now time.Time) (string, error) {
	entries, err := os.ReadDir(runs)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("name the run: %w", err)
	}
	at := now.UTC().Truncate(time.Second)
	for _, entry := range entries {
		name := entry.Name()
		if len(name) < len(runIDTime) {
			continue
		}
		if begun, err := time.Parse(runIDTime, name[:len(runIDTime)]); err == nil && !begun.Before(at) {
			at = begun.Add(time.Second)
		}
	}
	suffix := make([]byte, 2)
	if _, err := rand.Read(suffix); err != nil {
		return "", fmt.Errorf("name the run: %w", err)
	}
	return at.Format(runIDTime) + "-" + hex.EncodeToString(suffix), nil
}
