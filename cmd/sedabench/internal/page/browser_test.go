package page

import (
	"context"
	"encoding/json"
	"html"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// dump is what a browser makes of a page, after its script has run.
func dump(t *testing.T, page string) string {
	t.Helper()
	var browser string
	for _, name := range []string{"chromium-headless-shell", "chromium", "google-chrome"} {
		if found, err := exec.LookPath(name); err == nil {
			browser = found
			break
		}
	}
	if browser == "" {
		t.Skip("no chromium-headless-shell, chromium or google-chrome in PATH: the script of the page is not tested")
	}
	name := filepath.Join(t.TempDir(), "page.html")
	require.NoError(t, os.WriteFile(name, []byte(page), 0o600))
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	// As root there is no sandbox; the page may load nothing anyway. All names lead nowhere.
	c := exec.CommandContext(ctx, browser, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--enable-logging=stderr",
		"--host-resolver-rules=MAP * ~NOTFOUND", "--window-size=1300,1000", "--user-data-dir="+t.TempDir(), "--dump-dom", "file://"+name)
	var errs strings.Builder
	c.Stderr = &errs
	out, err := c.Output()
	require.NoError(t, err, errs.String())
	require.NotContains(t, errs.String(), "CONSOLE", "errors of the script, and what the policy of the page refuses")
	return string(out)
}

// The page as it is: the policy lets its own script and style in, and the script runs to its end.
func TestScriptRuns(t *testing.T) {
	dom := dump(t, written(t, sample()))
	require.Contains(t, dom[:300], `data-ready="yes"`)
	require.Positive(t, strings.Count(dom, `<div class="view" hidden="">`))
	require.Positive(t, strings.Count(dom, `<p class="choice">`))
	require.Equal(t, strings.Count(dom, `<figure class="plot-figure"`), strings.Count(dom, `role="application"`))
	require.Empty(t, elsewhere.FindString(dom))
}

// handling does what a reader does with mouse and keys, and notes what comes of it.
const handling = `
const note = {};
const section = document.getElementById('file1-throughput-against-load');
const views = () => [...section.querySelectorAll('.view')].map((v) => !v.hidden);
note.first = views();
const list = section.querySelector('select');
list.value = '1';
list.dispatchEvent(new Event('change'));
note.second = views();
const view = section.querySelectorAll('.view')[1];
const box = view.querySelector('.box');
const press = (key) => { box.dispatchEvent(new KeyboardEvent('keydown', { key, cancelable: true })); return box.querySelector('.tip').textContent; };
note.labelled = box.getAttribute('aria-label');
note.keys = ['ArrowRight', 'ArrowRight', 'ArrowDown', 'End', 'ArrowLeft', 'Home'].map(press);
const button = view.querySelector('button[data-hides="0"]');
button.click();
note.pressed = button.getAttribute('aria-pressed');
note.hidden = getComputedStyle(view.querySelector('.box [data-series="0"]')).display;
note.after = press('ArrowUp');
press('Escape');
note.gone = box.querySelector('.tip').hidden;
const dot = view.querySelector('.box [data-series="1"] .dot').getBoundingClientRect();
box.dispatchEvent(new PointerEvent('pointermove', { clientX: dot.x + 3, clientY: dot.y + 3 }));
note.pointed = box.querySelector('.tip').textContent;
note.focusable = [...document.querySelectorAll('a[href], button, select, summary, .box[tabindex="0"]')].filter((e) => e.tabIndex < 0).length;
note.nameless = [...document.querySelectorAll('button, select, svg[role=img], section, article')].filter((e) =>
  !(e.textContent.trim() && e.tagName === 'BUTTON') && !e.labels?.length && !e.getAttribute('aria-label') && !document.getElementById(e.getAttribute('aria-labelledby'))).length;
const ids = [...document.querySelectorAll('[id]')].map((e) => e.id);
note.twice = ids.length - new Set(ids).size;
note.wide = document.documentElement.scrollWidth - document.documentElement.clientWidth;
document.body.dataset.note = JSON.stringify(note);
`

func TestHandling(t *testing.T) {
	page := written(t, sample())
	page = regexp.MustCompile(`<meta http-equiv[^>]*>`).ReplaceAllString(page, "") // which would refuse what is added
	page = strings.Replace(page, "</body>", "<script>"+handling+"</script></body>", 1)
	found := regexp.MustCompile(`data-note="([^"]*)"`).FindStringSubmatch(dump(t, page))
	require.NotNil(t, found)
	var note struct {
		First, Second                             []bool
		Labelled, Pressed, Hidden, After, Pointed string
		Keys                                      []string
		Gone                                      bool
		Focusable, Nameless, Twice, Wide          int
	}
	require.NoError(t, json.Unmarshal([]byte(html.UnescapeString(found[1])), &note))
	require.Equal(t, []bool{true, false, false, false}, note.First)
	require.Equal(t, []bool{false, true, false, false}, note.Second)
	require.Equal(t, "accepted/s by offered requests/s: left and right for points, up and down for series", note.Labelled)
	require.Equal(t, []string{
		"staged: 2.22k at 1.00k (2.20k..2.24k), 3 runs", "staged: 3.33k at 2.00k (3.30k..3.37k), 3 runs", "pool: 6.67k at 2.00k (6.60k..6.73k), 3 runs",
		"pool: 8.89k at 4.00k (8.80k..8.98k), 3 runs", "pool: 6.67k at 2.00k (6.60k..6.73k), 3 runs", "pool: 4.44k at 1.00k (4.40k..4.49k), 3 runs",
	}, note.Keys)
	require.Equal(t, "false", note.Pressed)
	require.Equal(t, "none", note.Hidden)
	require.Contains(t, note.After, "pool: ", "what is hidden has no points to go to")
	require.True(t, note.Gone)
	require.Equal(t, "pool: 4.44k at 1.00k (4.40k..4.49k), 3 runs", note.Pointed)
	require.Zero(t, note.Focusable, "out of reach for keys")
	require.Zero(t, note.Nameless)
	require.Zero(t, note.Twice, "identifiers")
	require.Zero(t, note.Wide, "the page is wider than the window")
}
