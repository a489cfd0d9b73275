package report

import (
	"fmt"
	"os"
	"strings"
	"time"

	"golang.org/x/term"
)

// Style says what the output can show.
type Style struct {
	Color bool
	Width int // columns; 0: unlimited
}

// StyleOf looks at the file and the environment: colours only on terminals, and
// never when NO_COLOR is set or TERM is "dumb".
func StyleOf(f *os.File) Style {
	if !term.IsTerminal(int(f.Fd())) {
		return Style{}
	}
	s := Style{Color: os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"}
	if width, _, err := term.GetSize(int(f.Fd())); err == nil { // unknown: unlimited
		s.Width = width
	}
	return s
}

// The colours are those of every terminal, which people have chosen to be legible.
var colors = map[string]string{
	"pass": "32", "done": "32", "promoted": "32", "passed": "32",
	"fail": "31", "failed": "31", "error": "31", "unknown": "31", "rolled back": "31", "rollback failed": "31", "harness error": "31", "interrupted": "31",
	"inconclusive": "33", "held": "33", "skipped": "33", "retried": "33", "flaky": "33", "quarantined": "33", "not decided": "33", "not told": "33",
}

// state colours a word that says how something ended. The word alone says it too.
func (s Style) state(word string, width int) string {
	padded := fmt.Sprintf("%-*s", width, word)
	code, ok := colors[word]
	if !s.Color || !ok {
		return padded
	}
	return "\x1b[" + code + "m" + padded + "\x1b[0m"
}

func (s Style) bold(text string) string {
	if !s.Color {
		return text
	}
	return "\x1b[1m" + text + "\x1b[0m"
}

// fit cuts text that stands behind `before` columns to what the width leaves.
func (s Style) fit(text string, before int) string {
	text = plain(text)
	runes := []rune(text)
	room := s.Width - before
	if s.Width == 0 || len(runes) <= room {
		return text
	}
	if room < 2 {
		return ""
	}
	return string(runes[:room-1]) + "…"
}

// plain puts text on one line and drops control characters: what a suite
// reports may come from the platform and must not move the cursor.
func plain(text string) string {
	return strings.Join(strings.Fields(strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || (r >= 0x80 && r < 0xa0) {
			return ' '
		}
		return r
	}, text)), " ")
}

// short rounds a duration to what people care about.
func short(d time.Duration) string {
	switch {
	case d >= time.Minute:
		return d.Round(time.Second).String()
	case d >= time.Second:
		return d.Round(100 * time.Millisecond).String()
	default:
		return d.Round(time.Millisecond).String()
	}
}
