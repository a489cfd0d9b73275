//go:build unix

// Package procgroup starts processes in groups of their own and ends them as
// groups. A signal that reaches only the process that was started would leave what
// that one has started behind, still changing things; and a Ctrl-C of the terminal
// must reach barqgate alone, which decides what has to end and when.
//
// It must never signal a group that it did not make.
package procgroup

import (
	"errors"
	"os/exec"
	"syscall"
)

// Own has the command start in a process group of its own.
func Own(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// Ask asks every process of the group that the process leads to end.
func Ask(pid int) error { return signalled(syscall.Kill(-pid, syscall.SIGTERM)) }

// Kill ends every process of the group that the process leads.
func Kill(pid int) error { return signalled(syscall.Kill(-pid, syscall.SIGKILL)) }

// Dump makes the Go processes of the group print all their goroutines and end. The
// go command itself does not; it waits for the test that it runs.
func Dump(pid int) error { return signalled(syscall.Kill(-pid, syscall.SIGQUIT)) }

// EndOwn ends every process of the group that this one is in, with itself. It is for
// a process whose parent has started it by Own, and has died.
func EndOwn() { _ = syscall.Kill(0, syscall.SIGKILL) } // it does not return

// signalled accepts that there was nobody left to receive the signal. Darwin
// reports EPERM for a group of which only a zombie is left.
func signalled(err error) error {
	if errors.Is(err, syscall.ESRCH) || errors.Is(err, syscall.EPERM) {
		return nil
	}
	return err
}
