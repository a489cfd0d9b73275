//go:build unix

package gotest

import (
	"errors"
	"os/exec"
	"syscall"
)

// A suite runs in a process group of its own: a signal that reaches only the
// test binary would leave what it has started behind, still changing things,
// and a Ctrl-C of the terminal must reach barqgate alone.

func ownGroup(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// askGroup asks every process of the group to end.
func askGroup(pid int) error { return signalled(syscall.Kill(-pid, syscall.SIGTERM)) }

// killGroup ends every process of the group.
func killGroup(pid int) error { return signalled(syscall.Kill(-pid, syscall.SIGKILL)) }

// dump makes a Go process print all its goroutines and end.
func dump(pid int) error { return signalled(syscall.Kill(pid, syscall.SIGQUIT)) }

// signalled accepts that there was nobody left to receive the signal. Darwin
// reports EPERM for a group of which only a zombie is left.
func signalled(err error) error {
	if errors.Is(err, syscall.ESRCH) || errors.Is(err, syscall.EPERM) {
		return nil
	}
	return err
}
