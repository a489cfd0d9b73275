// Package elsewhere has tests for a system that nobody builds on.
package elsewhere
