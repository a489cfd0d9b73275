package phases

import "fmt"

// UndoCommand names the revision by its number: what is "previous" depends on how
// far the run has come.
func (s setImage) UndoCommand(env string) string {
	return fmt.Sprintf("barqgate rollback -env=%s --to-revision=%d", env, s.from.Revision)
}
