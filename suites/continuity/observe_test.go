package continuity_test

import (
	"context"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/barq-platform/barqgate/fixtures/barq"
	"github.com/barq-platform/barqgate/fixtures/barq/ledger"
	"github.com/barq-platform/barqgate/harness/environment"
	"github.com/barq-platform/barqgate/harness/judge"
	"github.com/barq-platform/barqgate/harness/load"
	"github.com/barq-platform/barqgate/harness/suite"
	"github.com/stretchr/testify/require"
)

const (
	// bodyLimit is more than the largest answer to a probe.
	bodyLimit = 1 << 20
	// underWay is how many probes are sent before the steps may begin.
	underWay = 20
	// removalChunk is how many tasks one bulk-delete names.
	removalChunk = 100
)

// observation is what was seen while the platform was being changed.
type observation struct {
	recording *load.Recording
	generator load.Generator
	outages   judge.Availability
	ledger    *ledger.Ledger
	found     ledger.Findings // in the database
	listed    ledger.Findings // through the task list
	unread    error           // why found and listed are incomplete
}

// observe keeps reads and writes on the platform until the companion is told to
// stop, then reads back what was written.
func observe(t *testing.T) *observation {
	t.Helper()
	env := suite.Env()
	tenants := barq.MustProvision(t, env, "continuity")
	client, err := barq.NewClient(env)
	require.NoError(t, err)
	t.Cleanup(client.CloseIdleConnections)
	session, err := client.Login(t.Context(), tenants.A.User().Credentials())
	require.NoError(t, err, "nothing can be observed without a login")

	o := &observation{ledger: ledger.New(tenants.Label)}
	p := &prober{session: session, ledger: o.ledger, begun: make(chan struct{})}
	o.recording = p.run(t, env)
	o.generator = o.recording.Generator()
	o.outages = judge.FindOutages(probes(o.recording.Samples))
	o.unread = o.readBack(t.Context(), env, session, tenants.A.ID)
	if !tenants.Provisioned {
		removeWrites(t, session, o.ledger)
	}
	return o
}

// readBack compares the ledger with the database and with the task list. What
// keeps it from doing so concerns only the criteria on writes.
func (o *observation) readBack(ctx context.Context, env *environment.Environment, session *barq.Session, tenantID string) error {
	stored, err := o.ledger.Stored(ctx, env, tenantID)
	if err != nil {
		return err
	}
	o.found = ledger.Reconcile(o.ledger.Entries(), stored)
	listed, err := o.ledger.Listed(ctx, session)
	if err != nil {
		return err
	}
	o.listed = ledger.Reconcile(o.ledger.Entries(), listed)
	return nil
}

// removeWrites cleans up in a tenant that stays.
func removeWrites(t *testing.T, session *barq.Session, l *ledger.Ledger) {
	t.Helper()
	var ids []string
	for i, entry := range l.Entries() {
		if entry.Acknowledged {
			ids = append(ids, entry.ID)
		}
		if len(ids) == removalChunk || i == len(l.Entries())-1 && len(ids) > 0 {
			_, err := session.BulkDeleteTasks(t.Context(), ids...)
			require.NoError(t, err, "remove the tasks %s… by hand", l.Prefix())
			ids = ids[:0]
		}
	}
}

func probes(samples []load.Sample) []judge.Probe {
	list := make([]judge.Probe, len(samples))
	for i, s := range samples {
		list[i] = judge.Probe{Sent: s.Sent, Done: s.Done, Failed: s.Failed(), Kind: s.Kind}
	}
	return list
}

// prober makes the requests.
type prober struct {
	session *barq.Session
	ledger  *ledger.Ledger
	sent    atomic.Int64
	once    sync.Once
	begun   chan struct{}
}

// run probes until the companion's steps have ended and enough probes for a
// judgement have been sent: a quick rollout is watched a little longer.
func (p *prober) run(t *testing.T, env *environment.Environment) *load.Recording {
	t.Helper()
	accompanied, begun := suite.Companion(t)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	streams := p.streams(t, env)
	var recording *load.Recording
	var err error
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		recording, err = load.Run(ctx, streams...)
	}()
	select {
	case <-p.begun:
		begun()
	case <-ended:
	}
	select {
	case <-accompanied.Done():
	case <-ended:
	}
	p.untilEnough(ctx, env)
	stop()
	<-ended
	require.NoError(t, err)
	return recording
}

// untilEnough waits for the probes that a judgement of the error rate needs, but
// no longer than they take at half the rate.
func (p *prober) untilEnough(ctx context.Context, env *environment.Environment) {
	missing := int64(needed(env)) - p.sent.Load()
	if missing <= 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, time.Duration(2*float64(missing)/float64(env.Load.ContinuityRate)*float64(time.Second)))
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for p.sent.Load() < int64(needed(env)) {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// streams are four that interleave: two over connections that are reused and two
// with a new connection for each request. A drain can break one kind and spare
// the other.
func (p *prober) streams(t *testing.T, env *environment.Environment) []load.Stream {
	t.Helper()
	names := []string{"reused connections 1", "new connections 1", "reused connections 2", "new connections 2"}
	rate := float64(env.Load.ContinuityRate)
	streams := make([]load.Stream, 0, len(names))
	for i, name := range names {
		transport, err := barq.NewTransport(env)
		require.NoError(t, err)
		transport.DisableKeepAlives = strings.HasPrefix(name, "new")
		t.Cleanup(transport.CloseIdleConnections)
		streams = append(streams, load.Stream{
			Name:      name,
			Rate:      rate / float64(len(names)),
			Offset:    time.Duration(float64(i) / rate * float64(time.Second)),
			Call:      func(seq uint64) (load.Call, error) { return p.call(uint64(i), seq) },
			Transport: transport,
			Timeout:   env.API.Timeout,
			BodyLimit: bodyLimit,
		})
	}
	return streams
}

// call draws lots between reading and writing: a fixed turn would keep step with
// a load balancer's turn, and one replica would see all writes.
func (p *prober) call(stream, seq uint64) (load.Call, error) {
	p.count()
	if rand.New(rand.NewPCG(stream, seq)).Uint64()%2 == 0 {
		return p.read()
	}
	return p.write()
}

func (p *prober) count() {
	if p.sent.Add(1) >= underWay {
		p.once.Do(func() { close(p.begun) })
	}
}

// read lists a few tasks; it depends on no write.
func (p *prober) read() (load.Call, error) {
	request, err := p.session.NewRequest(context.Background(), barq.TasksRequest(barq.TaskList{List: barq.List{PageSize: 3}}))
	return load.Call{Request: request, Route: "list tasks", Accept: func(status int, body []byte) error {
		_, err := barq.Decode[barq.Page[barq.Task]](status, body, http.StatusOK)
		return err
	}}, err
}

// write creates a task that the ledger knows.
func (p *prober) write() (load.Call, error) {
	task := p.ledger.Next()
	request, err := p.session.NewRequest(context.Background(), barq.CreateTaskRequest(task))
	return load.Call{Request: request, Route: "create task", Key: task.Name, Accept: func(status int, body []byte) error {
		created, err := barq.Decode[barq.Task](status, body, http.StatusCreated)
		if err != nil {
			return err
		}
		return p.ledger.Acknowledge(task.Name, created)
	}}, err
}
