package plan_test

import (
	"bytes"
	"context"
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/barq-platform/barqgate/harness/environment"
	"github.com/barq-platform/barqgate/harness/plan"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "rewrite the golden files")

type step string

func (s step) Name() string                                 { return string(s) }
func (s step) Run(context.Context, *plan.StepContext) error { return nil }

type looking struct{ step }

func (looking) Effect() plan.Effect { return plan.ReadOnly }

type undoable struct {
	step
	undo string
}

func (u undoable) Effect() plan.Effect                           { return plan.Idempotent }
func (u undoable) UndoName() string                              { return u.undo }
func (u undoable) Timeout() time.Duration                        { return 90 * time.Second }
func (u undoable) Undo(context.Context, *plan.StepContext) error { return nil }

var suites = []string{"backup", "continuity", "health", "rollback", "smoke"}

func full() *plan.Plan {
	return &plan.Plan{
		Name: "deploy v2.1.0 to lab", Env: &environment.Environment{Name: "lab"}, From: "v2.0.0", To: "v2.1.0",
		Phases: []plan.Phase{
			{
				Name: "1 pre-deployment", About: "make sure that there is a way back",
				Steps: []plan.Step{step("Back up the database"), looking{"Record a load baseline"}},
				Gate:  plan.Gate{Suites: []string{"backup", "smoke"}, Required: []string{"backup.restore.works"}},
			},
			{
				Name: "3 application", Companions: []string{"continuity"},
				Steps: []plan.Step{undoable{"Set the image of the deployment", "Return to the revision before"}},
				Gate:  plan.Gate{Suites: []string{"health"}, Retries: []plan.Retry{{Suite: "health", Attempts: 1, On: []plan.RetryClass{plan.Inconclusive}, Reason: "a busy machine"}}, Quarantines: []plan.Quarantine{{Criterion: "health.load.fits", Owner: "ann", Until: "2026-12-31", Reason: "BARQ-1"}}, AllowedSkips: map[string]string{"health.ai.answers": "no provider here", "continuity.files.kept": "no files here"}},
			},
		},
		RollbackGate: plan.Gate{Suites: []string{"rollback"}},
		Notes:        []string{"The database is not restored: the migration is rolling-safe."},
	}
}

func TestPrint(t *testing.T) {
	readOnly := &plan.Plan{
		Name: "check lab", Env: &environment.Environment{Name: "lab"}, To: "v2.1.0",
		Phases: []plan.Phase{{Name: "check", Gate: plan.Gate{Suites: []string{"smoke"}}}},
	}
	for name, p := range map[string]*plan.Plan{"full": full(), "read-only": readOnly} {
		t.Run(name, func(t *testing.T) {
			require.NoError(t, p.Validate(suites))
			var out bytes.Buffer
			require.NoError(t, p.Print(&out))
			golden := filepath.Join("testdata", name+".golden")
			if *update {
				require.NoError(t, os.MkdirAll("testdata", 0o755))
				require.NoError(t, os.WriteFile(golden, out.Bytes(), 0o644))
			}
			want, err := os.ReadFile(golden)
			require.NoError(t, err)
			require.Equal(t, string(want), out.String())
		})
	}
}

func TestDigestChangesWithWhatIsPrinted(t *testing.T) {
	require.Equal(t, full().Digest(), full().Digest())
	for name, change := range map[string]func(*plan.Plan){
		"target":    func(p *plan.Plan) { p.To = "v2.2.0" },
		"order":     func(p *plan.Plan) { p.Phases[0], p.Phases[1] = p.Phases[1], p.Phases[0] },
		"step":      func(p *plan.Plan) { p.Phases[0].Steps = p.Phases[0].Steps[:1] },
		"effect":    func(p *plan.Plan) { p.Phases[0].Steps[0] = looking{"Back up the database"} },
		"undo":      func(p *plan.Plan) { p.Phases[1].Steps[0] = undoable{"Set the image of the deployment", "Do nothing"} },
		"policy":    func(p *plan.Plan) { p.Phases[1].Gate.AllowedSkips["health.x.y"] = "new" },
		"companion": func(p *plan.Plan) { p.Phases[1].Companions = nil },
		"rollback":  func(p *plan.Plan) { p.RollbackGate.Suites = []string{"smoke"} },
		"note":      func(p *plan.Plan) { p.Notes = nil },
	} {
		t.Run(name, func(t *testing.T) {
			changed := full()
			change(changed)
			require.NotEqual(t, full().Digest(), changed.Digest())
		})
	}
}

func TestValidate(t *testing.T) {
	tests := []struct {
		name   string
		change func(*plan.Plan)
		says   string
	}{
		{"no phases", func(p *plan.Plan) { p.Phases = nil }, "no phase"},
		{"no environment", func(p *plan.Plan) { p.Env = nil }, "no environment"},
		{"empty gate", func(p *plan.Plan) { p.Phases[0].Gate = plan.Gate{} }, "without judging anything"},
		{"no rollback gate", func(p *plan.Plan) { p.RollbackGate = plan.Gate{} }, "the rollback gate has no suite"},
		{"unknown suite", func(p *plan.Plan) { p.Phases[0].Gate.Suites = []string{"backup", "smoek"} }, `"smoek"; expected one of backup, continuity`},
		{"unknown companion", func(p *plan.Plan) { p.Phases[1].Companions = []string{"other"} }, `"other"`},
		{"suite twice", func(p *plan.Plan) { p.Phases[0].Gate.Suites = []string{"backup", "backup"} }, "twice"},
		{"step twice", func(p *plan.Plan) { p.Phases[1].Steps = append(p.Phases[1].Steps, step("Back up the database")) }, "its name is its id"},
		{"nameless step", func(p *plan.Plan) { p.Phases[0].Steps[0] = step("") }, "without a name"},
		{"phase twice", func(p *plan.Plan) { p.Phases[1].Name = p.Phases[0].Name }, "is there twice"},
		{"required elsewhere", func(p *plan.Plan) { p.Phases[0].Gate.Required = []string{"health.a.b"} }, "suite health is not run there"},
		{"skip without reason", func(p *plan.Plan) { p.Phases[1].Gate.AllowedSkips["health.ai.answers"] = "" }, "without a reason"},
		{"retry elsewhere", func(p *plan.Plan) {
			p.Phases[0].Gate.Retries = []plan.Retry{{Suite: "health", Attempts: 1, On: []plan.RetryClass{plan.Transport}, Reason: "why"}}
		}, "retries suite health, which is not run there"},
		{"retry twice", func(p *plan.Plan) {
			r := plan.Retry{Suite: "smoke", Attempts: 1, On: []plan.RetryClass{plan.Transport}, Reason: "why"}
			p.Phases[0].Gate.Retries = []plan.Retry{r, r}
		}, "says twice how often suite smoke"},
		{"retry without end", func(p *plan.Plan) {
			p.Phases[0].Gate.Retries = []plan.Retry{{Suite: "smoke", Attempts: 99, Reason: "why"}}
		}, "attempts is 99"},
		{"quarantine without owner", func(p *plan.Plan) {
			p.Phases[0].Gate.Quarantines = []plan.Quarantine{{Criterion: "smoke.a.b", Until: "2026-12-31", Reason: "why"}}
		}, "expected criterion, owner"},
		{"quarantine elsewhere", func(p *plan.Plan) {
			q := plan.Quarantine{Criterion: "health.a.b", Owner: "ann", Until: "2026-12-31", Reason: "why"}
			p.Phases[0].Gate.Quarantines = []plan.Quarantine{q, q}
		}, "quarantines criterion health.a.b, but suite health is not run there"},
		{"lonely companion", func(p *plan.Plan) { p.Phases[1].Steps = nil }, "no step that they could accompany"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p := full()
			test.change(p)
			require.ErrorContains(t, p.Validate(suites), test.says)
		})
	}
}

func TestGateForSuite(t *testing.T) {
	gate := plan.Gate{Required: []string{"auth.a.b", "authority.a.b"}, AllowedSkips: map[string]string{"auth.c.d": "why", "files.a.b": "why"}}
	required, allowed := gate.For("auth")
	require.Equal(t, []string{"auth.a.b"}, required)
	require.Equal(t, map[string]string{"auth.c.d": "why"}, allowed)
}
