package plan

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"
)

// Outline is a plan without its code: what is printed, journaled and digested.
type Outline struct {
	Name         string         `json:"name"`
	Environment  string         `json:"environment"`
	From         string         `json:"from"`
	To           string         `json:"to"`
	Phases       []PhaseOutline `json:"phases"`
	RollbackGate Gate           `json:"rollbackGate"`
	Notes        []string       `json:"notes,omitempty"`
	Checklists   []Checklist    `json:"checklists,omitempty"`
}

// PhaseOutline is one phase of an Outline.
type PhaseOutline struct {
	Name       string        `json:"name"`
	About      string        `json:"about,omitempty"`
	Steps      []StepOutline `json:"steps"`
	Companions []string      `json:"companions,omitempty"`
	Gate       Gate          `json:"gate"`
}

// StepOutline is one step of an Outline.
type StepOutline struct {
	Number  int           `json:"number"` // from 1, through the whole plan
	Name    string        `json:"name"`
	Effect  string        `json:"effect"`
	Undo    string        `json:"undo,omitempty"` // sentence; empty: it cannot be taken back
	Timeout time.Duration `json:"timeout"`        // nanoseconds
}

// Outline returns the plan without its code.
func (p *Plan) Outline() Outline {
	o := Outline{Name: p.Name, From: p.From, To: p.To, RollbackGate: p.RollbackGate, Notes: p.Notes, Checklists: p.Checklists}
	if p.Env != nil {
		o.Environment = p.Env.Name
	}
	number := 0
	for _, phase := range p.Phases {
		po := PhaseOutline{Name: phase.Name, About: phase.About, Steps: []StepOutline{}, Companions: phase.Companions, Gate: phase.Gate}
		for _, step := range phase.Steps {
			number++
			so := StepOutline{Number: number, Name: step.Name(), Effect: EffectOf(step).String(), Timeout: TimeoutOf(step)}
			if undoer, ok := step.(Undoer); ok {
				so.Undo = undoer.UndoName()
			}
			po.Steps = append(po.Steps, so)
		}
		o.Phases = append(o.Phases, po)
	}
	return o
}

// Digest returns the SHA-256 of the plan's outline, in hex. Two plans with
// the same digest print the same.
func (p *Plan) Digest() string {
	data, err := json.Marshal(p.Outline())
	if err != nil {
		panic(fmt.Sprintf("encode a plan: %v", err)) // strings, numbers and lists always encode
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
