// Package barqgate_test tells a person who typed -env before the packages what to
// type instead. It has no tests.
package barqgate_test

import (
	"testing"

	"github.com/barq-platform/barqgate/harness/suite"
)

func TestMain(m *testing.M) { suite.MainOutside(m) }
