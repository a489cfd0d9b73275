package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

// interrupts turns Ctrl-C into the two ways to stop a run: the first one cancels
// ctx, which means "at the next safe point"; the second closes abort, which means
// "now". SIGTERM counts as Ctrl-C.
type interrupts struct {
	ctx     context.Context
	abort   chan struct{}
	signals chan os.Signal
	ended   chan struct{}
	cancel  context.CancelFunc
}

func catchInterrupts() *interrupts {
	ctx, cancel := context.WithCancel(context.Background())
	i := &interrupts{ctx: ctx, cancel: cancel, abort: make(chan struct{}), signals: make(chan os.Signal, 2), ended: make(chan struct{})}
	signal.Notify(i.signals, os.Interrupt, syscall.SIGTERM)
	go i.follow()
	return i
}

func (i *interrupts) follow() {
	defer close(i.ended)
	count := 0
	for range i.signals {
		switch count++; count {
		case 1:
			fmt.Fprintln(os.Stderr, "\nstopping at the next safe point; Ctrl-C again stops at once and leaves a step's outcome unknown")
			i.cancel()
		case 2:
			fmt.Fprintln(os.Stderr, "\nstopping at once")
			close(i.abort)
		}
	}
}

// happened reports whether somebody has asked to stop.
func (i *interrupts) happened() bool { return i.ctx.Err() != nil }

// release gives the signals back to the system. Nothing is sent to the channel
// once signal.Stop has returned, so it can be closed.
func (i *interrupts) release() {
	signal.Stop(i.signals)
	close(i.signals)
	<-i.ended
	i.cancel()
}
