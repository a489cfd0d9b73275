package suite

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
)

// MainOutside is the TestMain of the module's root, which has no tests. The go
// command takes an unknown flag before the packages, as in
// `go test -env=local ./suites/...`, for the end of its own arguments, and tests
// the package of the working folder alone: a person has to be told.
func MainOutside(m *testing.M) {
	env := flag.String("env", "", "not for this package; see the message")
	flag.Parse()
	if *env == "" {
		os.Exit(m.Run())
	}
	packages := strings.Join(flag.Args(), " ")
	if packages == "" {
		packages = "./suites/..."
	}
	fmt.Fprintf(os.Stderr, "no suite was run: -env has to come after the packages; type: go test %s -env=%s\n", packages, *env)
	os.Exit(exitUnusable)
}
