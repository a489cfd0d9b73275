package main

import "strings"

// doubleDashes lets `-env=local` mean `--env=local`, as `go test` users type it.
// One-letter flags, numbers and everything after "--" stay as they are.
func doubleDashes(args []string) []string {
	rewritten := make([]string, 0, len(args))
	for i, arg := range args {
		if arg == "--" {
			return append(rewritten, args[i:]...)
		}
		name, _, _ := strings.Cut(strings.TrimPrefix(arg, "-"), "=")
		if strings.HasPrefix(arg, "-") && !strings.HasPrefix(arg, "--") && len(name) > 1 && isLetter(name[0]) {
			arg = "-" + arg
		}
		rewritten = append(rewritten, arg)
	}
	return rewritten
}

func isLetter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }
