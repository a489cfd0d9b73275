// Package behaviour is a suite that misbehaves as the variable BAD says, to
// prove that harness/gotest never takes it for a pass.
package behaviour

import (
	"encoding/base64"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/barq-platform/barqgate/harness/suite"
)

func TestMain(m *testing.M) {
	listing := strings.Contains(strings.Join(os.Args, " "), "-test.list")
	switch bad := os.Getenv("BAD"); {
	case bad == "exit 0 in TestMain" && !listing:
		os.Exit(0)
	case bad == "mistyped -run" && !listing:
		os.Args = append(os.Args, "-test.run=TestMistyped")
	case bad == "code dropped" && !listing:
		suiteMain(m)
		os.Exit(0)
	}
	suite.Main(m, suite.Suite{Name: "behaviour", About: "Misbehaves on request."})
}

// suiteMain runs the tests without the API, because suite.Main exits.
func suiteMain(m *testing.M) {
	os.Args = os.Args[:4] // without the flags that only suite.Main knows
	m.Run()
}

func TestFirst(t *testing.T) {
	switch os.Getenv("BAD") {
	case "code dropped":
		t.Fatal("broken")
	case "everything skipped":
		c := suite.Criterion(t, "behaviour.first.holds", "The first thing holds.")
		c.Skip("not today")
	case "skipped without a criterion":
		t.Skip("not today")
	}
	c := suite.Criterion(t, "behaviour.first.holds", "The first thing holds.")
	c.Observed(3, "observations")
	c.Evidence("seen.txt", []byte("seen"))
}

func TestSecond(t *testing.T) {
	switch bad := os.Getenv("BAD"); bad {
	case "everything skipped":
		c := suite.Criterion(t, "behaviour.second.holds", "The second thing holds.")
		c.Skip("not today either")
	case "failed without a criterion":
		t.Fatal("the ground shook")
	case "judged twice":
		c := suite.Criterion(t, "behaviour.first.holds", "The first thing holds.")
		c.Observed(1, "observations")
	case "required criterion missing", "code dropped":
		return
	default:
		c := suite.Criterion(t, "behaviour.second.holds", "The second thing holds.")
		c.Observed(1, "observations")
		misbehave(t, c, bad)
	}
}

func misbehave(t *testing.T, c *suite.Check, bad string) {
	switch bad {
	case "fail":
		c.Failf("found 3, expected 4")
	case "nothing observed":
		c.Observed(-1, "observations")
	case "too few samples":
		c.Needs(3000)
	case "inconclusive":
		c.Inconclusive("the generator was too slow")
	case "panic":
		panic("out of luck")
	case "panic in a goroutine":
		go func() { panic("out of luck") }()
		select {}
	case "hang":
		t.Run("inner", func(*testing.T) { block() })
	case "hang ignoring SIGTERM":
		signal.Ignore(syscall.SIGTERM, syscall.SIGQUIT)
		block()
	case "hang and say where":
		signal.Ignore(syscall.SIGTERM, syscall.SIGPIPE)
		if err := os.WriteFile(os.Getenv("PIDFILE"), []byte(strconv.Itoa(os.Getpid())), 0o644); err != nil {
			t.Fatal(err)
		}
		block()
	case "exit 0 in a test":
		os.Exit(0)
	case "killed":
		if err := syscall.Kill(os.Getpid(), syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		block()
	case "output of 100 MB":
		line := strings.Repeat("x", 1<<20)
		for range 100 {
			fmt.Println(line)
		}
	case "a line of 10 MB":
		fmt.Println(strings.Repeat("x", 10<<20))
	case "out of memory":
		exhaust(t)
	case "exit without Go noticing":
		syscall.Exit(0)
	case "prints secrets":
		printSecrets(t, c)
	case "long record":
		c.Failf("start %s end", strings.Repeat("wörter und ", 2000))
	case "fails in a cleanup":
		t.Cleanup(func() { t.Error("the cleanup found dirt") })
	case "fails after the record":
		// Registered before the criterion, so it runs after the record was written.
		t.Run("late", lateFailure)
	case "evidence changed":
		c.Evidence("a.txt", []byte("a"))
		c.Evidence("b.txt", []byte("b"))
		t.Cleanup(func() { replaceEvidence(t) })
	case "leaves a process", "leaves a process in a session of its own":
		cmd := exec.Command("sleep", "60")
		cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: bad != "leaves a process"}
		cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		fmt.Printf("left %d\n", cmd.Process.Pid)
	}
}

// exhaust takes more memory than it may have: 64 MB beyond what is mapped already,
// none of which is ever touched.
func exhaust(t *testing.T) {
	status, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		t.Skip("only Linux says how much is mapped")
	}
	var pages uint64
	if _, err := fmt.Sscan(string(status), &pages); err != nil {
		t.Fatal(err)
	}
	limit := pages*uint64(os.Getpagesize()) + 64<<20
	if err := syscall.Setrlimit(syscall.RLIMIT_AS, &syscall.Rlimit{Cur: limit, Max: limit}); err != nil {
		t.Fatal(err)
	}
	var hoard [][]byte
	for range 1 << 10 {
		hoard = append(hoard, make([]byte, 16<<20))
	}
	t.Fatalf("took %d times 16 MB", len(hoard))
}

// printSecrets prints the database's password as it is, in pieces, encoded, and
// into everything that a criterion can store.
func printSecrets(t *testing.T, c *suite.Check) {
	dsn := suite.Env().Database.DSN.Reveal()
	address, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	password, _ := address.User.Password()
	fmt.Println("plain", password)
	fmt.Print("pieces ", password[:3])
	time.Sleep(20 * time.Millisecond) // so that they are two writes for whoever reads
	fmt.Println(password[3:])
	t.Logf("JSON %s", strconv.Quote(dsn))
	fmt.Println("base64", base64.StdEncoding.EncodeToString([]byte(password)))
	fmt.Println(strings.Repeat("x", 4090), password) // across the longest line that test2json keeps whole
	fmt.Fprintln(os.Stderr, "token eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl")
	c.Evidence("connection.txt", []byte("connected with "+dsn))
	c.Measured("connection", map[string]any{"string": dsn})
	c.Failf("%s could not log in with %s", strings.Repeat("w", 2000), password) // across two parts of the record
}

// block waits for longer than any test of the harness allows.
func block() { <-time.After(time.Hour) }

func lateFailure(t *testing.T) {
	t.Cleanup(func() { t.Error("the cleanup found dirt") })
	c := suite.Criterion(t, "behaviour.late.holds", "The late thing holds.")
	c.Observed(1, "observations")
}

func replaceEvidence(t *testing.T) {
	for _, arg := range os.Args {
		if dir, ok := strings.CutPrefix(arg, "-evidence="); ok {
			if err := os.WriteFile(dir+"/behaviour.second.holds/b.txt", []byte("c"), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}
