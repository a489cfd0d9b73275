// Package plain is a package that passes as go test sees it and judges nothing: it
// does not use harness/suite.
package plain

import (
	"flag"
	"testing"
)

var (
	_ = flag.String("env", "", "ignored")
	_ = flag.String("evidence", "", "ignored")
)

func TestSomething(t *testing.T) { t.Log("nothing is judged here") }
