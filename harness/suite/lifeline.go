package suite

import (
	"fmt"
	"io"
	"os"
	"strconv"
	"syscall"
	"time"

	"github.com/barq-platform/barqgate/harness/procgroup"
)

// LifelineVariable names the file descriptor of a pipe of which only the harness
// holds the other end. The end of the pipe is the end of the harness, however it
// died: a suite that goes on would put load and changes beside those of the run
// that takes its place.
const LifelineVariable = "BARQGATE_LIFELINE"

// parting is how long a suite may go on without its harness: a companion ends by
// itself in that time, and takes away what it has made.
const parting = 2 * time.Second

// followHarness ends the suite's whole process group when the harness has died. A
// suite that a person runs has no harness, and goes on.
func followHarness() error {
	text, driven := os.LookupEnv(LifelineVariable)
	if !driven {
		return nil
	}
	descriptor, err := strconv.Atoi(text)
	if err != nil || descriptor < 3 {
		return fmt.Errorf("%s is %q; expected the number of an open file: unset it", LifelineVariable, text)
	}
	// What the suite starts has no use for either.
	syscall.CloseOnExec(descriptor)
	if err := os.Unsetenv(LifelineVariable); err != nil {
		return fmt.Errorf("unset %s: %w", LifelineVariable, err)
	}
	pipe := os.NewFile(uintptr(descriptor), "lifeline")
	if pipe == nil {
		return fmt.Errorf("%s is %q, which is no file: unset it", LifelineVariable, text)
	}
	go func() {
		_, _ = io.Copy(io.Discard, pipe) // nothing is ever written to it
		time.Sleep(parting)
		procgroup.EndOwn()
	}()
	return nil
}
