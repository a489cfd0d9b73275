//go:build plan9

package elsewhere

import "testing"

func TestElsewhere(*testing.T) {}
