package run

import "fmt"

// ExitCode is the exit status of barqgate, for scripts and pipelines.
type ExitCode int

// The exit codes.
const (
	// Promoted means that every step was done and every gate passed.
	Promoted ExitCode = 0
	// RolledBack means that a step or gate failed and its changes were taken back.
	RolledBack ExitCode = 1
	// Usage means that nothing was started: a mistake in arguments or configuration.
	Usage ExitCode = 2
	// Held means that nobody decided: it stays as it is until a person does.
	Held ExitCode = 3
	// HarnessError means that barqgate itself or a check did not work.
	HarnessError ExitCode = 4
	// Interrupted means that a step was cut short and its outcome is unknown.
	Interrupted ExitCode = 5
	// RollbackFailed means that the rollback failed or could not be verified.
	RollbackFailed ExitCode = 6
)

// String returns the code's name.
func (c ExitCode) String() string {
	switch c {
	case Promoted:
		return "promoted"
	case RolledBack:
		return "rolled back"
	case Usage:
		return "usage"
	case Held:
		return "held"
	case HarnessError:
		return "harness error"
	case Interrupted:
		return "interrupted"
	case RollbackFailed:
		return "rollback failed"
	default:
		return fmt.Sprintf("exit code %d", int(c))
	}
}

// ofCheck returns name and meaning for a plan that only checks: nothing can have
// been promoted or taken back.
func (c ExitCode) ofCheck() (name, meaning string) {
	switch c {
	case Promoted:
		return "passed", "every gate passed"
	case RolledBack:
		return "failed", "a gate did not pass; nothing was changed"
	default:
		return c.String(), c.Meaning()
	}
}

// Meaning says in one sentence what the code tells the person who sees it.
func (c ExitCode) Meaning() string {
	switch c {
	case Promoted:
		return "every step was done and every gate passed"
	case RolledBack:
		return "a step or a gate failed, and what had been changed was taken back"
	case Usage:
		return "nothing was started: the arguments or the configuration are wrong"
	case Held:
		return "not decided: everything stays as it is until a person decides"
	case HarnessError:
		return "barqgate itself or one of its checks did not work; this says nothing about the release"
	case Interrupted:
		return "a step was cut short and nobody knows whether it took effect"
	case RollbackFailed:
		return "the rollback failed or could not be verified: look at the platform now"
	default:
		return "not an exit code of barqgate"
	}
}
