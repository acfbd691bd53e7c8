package main

import (
	"fmt"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
	"golang.org/x/term"
)

// console is a pseudo-terminal: what a user sees and types, and the side of the program.
type console struct {
	user, program *os.File
	mu            sync.Mutex
	text          strings.Builder
	read          chan struct{}
}

func openConsole(t *testing.T, width, height uint16) *console {
	t.Helper()
	user, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skip("no pseudo-terminals here: ", err)
	}
	require.NoError(t, unix.IoctlSetPointerInt(int(user.Fd()), unix.TIOCSPTLCK, 0))
	n, err := unix.IoctlGetInt(int(user.Fd()), unix.TIOCGPTN)
	require.NoError(t, err)
	program, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	require.NoError(t, err)
	c := &console{user: user, program: program, read: make(chan struct{})}
	c.resize(t, width, height)
	go func() {
		defer close(c.read)
		buffer := make([]byte, 4096)
		for {
			n, err := user.Read(buffer)
			if err != nil {
				return // the program's side is closed
			}
			c.mu.Lock()
			c.text.Write(buffer[:n])
			c.mu.Unlock()
		}
	}()
	return c
}

func (c *console) resize(t *testing.T, width, height uint16) {
	t.Helper()
	require.NoError(t, unix.IoctlSetWinsize(int(c.user.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Col: width, Row: height}))
}

// shown returns everything written so far.
func (c *console) shown() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.text.String()
}

func (c *console) press(t *testing.T, keys string) {
	t.Helper()
	_, err := c.user.WriteString(keys)
	require.NoError(t, err)
}

// until waits for something to be shown that was not before the given length.
func (c *console) until(t *testing.T, after int, what string) {
	t.Helper()
	require.Eventually(t, func() bool { return strings.Contains(c.shown()[after:], what) }, 20*time.Second, 5*time.Millisecond, "%s is not shown", what)
}

// In a terminal top shows, sorts, follows its size, outlives the engine, and leaves the terminal as it was.
func TestTopInATerminal(t *testing.T) {
	for _, quit := range []string{"q", "\x03"} {
		c := openConsole(t, 100, 24)
		before, err := term.GetState(int(c.program.Fd()))
		require.NoError(t, err)
		l := listen(t, "tcp", "127.0.0.1:0")
		at := debugged(t, l)
		code := make(chan int, 1)
		var errs strings.Builder
		go func() { code <- run([]string{"top", "--every", "100ms", at}, c.program, c.program, &errs) }()
		c.until(t, 0, enterScreen+home+bold+"by graph: s sorts, q quits")
		c.until(t, 0, "since it was made")
		c.until(t, 0, "in the last ")
		c.press(t, "xs")
		c.until(t, 0, "by rate: ")
		c.resize(t, 20, 24)
		c.until(t, 0, home+bold+"by rate: s sorts, q "+plain+endOfLine+"shop at ")
		seen := len(c.shown())
		c.resize(t, 0, 0) // as serial lines have it
		c.until(t, seen, "by rate: s sorts, q quits")
		c.resize(t, 200, 24)
		c.press(t, quit)
		require.Equal(t, exitOK, <-code, errs.String())
		require.Empty(t, errs.String())
		c.until(t, 0, leaveScreen)
		after, err := term.GetState(int(c.program.Fd()))
		require.NoError(t, err)
		require.Equal(t, before, after, "the terminal is as it was")
		c.end(t)
	}
}

// end closes both sides; the program's reader of keys ends with them.
func (c *console) end(t *testing.T) {
	t.Helper()
	c.press(t, "\n") // for a read that has begun
	require.NoError(t, c.program.Close())
	<-c.read
	require.NoError(t, c.user.Close())
}

// An engine that does not answer any more is waited for; the next one is shown.
func TestTopWaitsForTheEngine(t *testing.T) {
	c := openConsole(t, 120, 24)
	l := listen(t, "tcp", "127.0.0.1:0")
	at := l.Addr().String()
	code := make(chan int, 1)
	var errs strings.Builder
	t.Run("first", func(t *testing.T) {
		debugged(t, l)
		go func() { code <- run([]string{"top", "--every", "100ms", at}, strings.NewReader(""), c.program, &errs) }()
		c.until(t, 0, "in the last ")
	})
	c.until(t, 0, ", trying again: "+at+": ")
	seen := len(c.shown())
	var again net.Listener
	require.Eventually(t, func() (ok bool) {
		var err error
		again, err = net.Listen("tcp", at)
		return err == nil
	}, 20*time.Second, 10*time.Millisecond)
	debugged(t, again)
	c.until(t, seen, "by graph")
	c.until(t, seen, "since it was made")
	require.NoError(t, unix.Kill(os.Getpid(), unix.SIGTERM)) // which top takes for the wish to end
	require.Equal(t, exitOK, <-code, errs.String())
	c.until(t, seen, leaveScreen)
	require.NoError(t, c.program.Close())
	<-c.read
	require.NoError(t, c.user.Close())
}
