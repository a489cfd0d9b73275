package phases

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/barq-platform/barqgate/fixtures/barq"
	"github.com/barq-platform/barqgate/harness/environment"
)

// steadiness is how often in a row the platform has to be ready before what
// happened to it is taken to be over.
type steadiness struct {
	answers int
	pause   time.Duration // between two of them
}

var (
	// Routers learn of removed pods a moment after the rollout is complete. Until
	// then a rejected release that drops its connections still fails requests, and
	// judging the restored one would judge the rejected one.
	afterRollout = steadiness{answers: 20, pause: 100 * time.Millisecond}
	// afterFault is shorter: a fault that is switched off is over within
	// milliseconds. Every replica is asked at least twice.
	afterFault = steadiness{answers: 12, pause: 25 * time.Millisecond}
)

// settle waits until the platform has been ready that many times in a row, each
// time over a new connection.
func (s steadiness) settle(ctx context.Context, env *environment.Environment, progress func(format string, args ...any)) error {
	ctx, cancel := context.WithTimeout(ctx, env.Kubernetes.RolloutTimeout)
	defer cancel()
	client, err := barq.NewClient(env)
	if err != nil {
		return err
	}
	defer client.CloseIdleConnections()
	pace := time.NewTicker(s.pause)
	defer pace.Stop()
	var problem error
	for inARow := 0; inARow < s.answers; {
		client.CloseIdleConnections()
		inARow++
		err := readyNow(ctx, client, env.API.ReadyCodes)
		if ctx.Err() != nil { // the answer before says more than the one cut short
			return fmt.Errorf("wait until %s answers %d times in a row: %w", readyPath, s.answers, errors.Join(ctx.Err(), problem))
		}
		if err != nil {
			problem, inARow = err, 0
			progress("waiting until the platform is steadily ready: %v", err)
		}
		select {
		case <-ctx.Done():
		case <-pace.C:
		}
	}
	return nil
}

// readyNow asks once.
func readyNow(ctx context.Context, client *barq.Client, codes []int) error {
	health, exchange, err := client.Health(ctx, readyPath)
	switch {
	case err != nil:
		return err
	case !slices.Contains(codes, exchange.Status):
		return fmt.Errorf("it answered %d with status %q; expected one of %v", exchange.Status, health.Status, codes)
	case exchange.Status < 300 && (health.IsHealthy == nil || !*health.IsHealthy):
		return fmt.Errorf("it answered %d, but its body does not say that it is healthy (status %q)", exchange.Status, health.Status)
	}
	return nil
}
