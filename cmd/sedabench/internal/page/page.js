'use strict';
(() => {
  const svg = 'http://www.w3.org/2000/svg';
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];

  // Of the views of a section one is shown, which a list chooses.
  for (const list of all('select[data-section]')) {
    const views = all('.view', document.getElementById(list.dataset.section));
    const show = () => views.forEach((v, i) => { v.hidden = i !== Number(list.value); });
    list.addEventListener('change', show);
    list.closest('.choice').hidden = false;
    show();
  }

  // A legend hides and shows series.
  for (const button of all('button[data-hides]')) {
    const series = button.closest('figure').querySelector(`.box [data-series="${button.dataset.hides}"]`);
    button.addEventListener('click', () => {
      const shown = button.getAttribute('aria-pressed') === 'false';
      button.setAttribute('aria-pressed', shown);
      series.style.display = shown ? '' : 'none';
    });
  }

  // A plot says the values of the point that the mouse is next to, or that the arrow keys lead to.
  for (const box of all('.plot-figure .box')) new Reader(box);

  function Reader(box) {
    const plot = box.querySelector('svg');
    const groups = all('[data-points]', plot).map((g) => ({ g, points: JSON.parse(g.dataset.points) }));
    const tip = document.createElement('div');
    tip.className = 'tip';
    tip.setAttribute('role', 'status');
    tip.hidden = true;
    const ring = plot.appendChild(document.createElementNS(svg, 'circle'));
    ring.setAttribute('class', 'ring');
    ring.setAttribute('r', 7);
    ring.style.display = 'none';
    box.append(tip);
    box.tabIndex = 0;
    box.setAttribute('role', 'application');
    box.setAttribute('aria-label', `${box.dataset.title}: left and right for points, up and down for series`);
    all('title', plot).forEach((t) => t.remove()); // the tip says the same
    let at = { s: 0, i: -1 };

    const shown = () => groups.filter(({ g, points }) => g.style.display !== 'none' && points.length > 0);
    const hide = () => { tip.hidden = true; ring.style.display = 'none'; };

    function say(x, y, text) {
      ring.setAttribute('cx', x);
      ring.setAttribute('cy', y);
      ring.style.display = '';
      tip.textContent = text;
      tip.hidden = false;
      const scale = plot.clientWidth / plot.viewBox.baseVal.width;
      if (x * scale < box.scrollLeft || x * scale > box.scrollLeft + box.clientWidth) box.scrollLeft = x * scale - box.clientWidth / 2; // on narrow windows
      const left = Math.min(x * scale + 12, box.scrollLeft + box.clientWidth - tip.offsetWidth - 4);
      const above = y * scale - tip.offsetHeight - 12;
      tip.style.left = `${Math.max(left, box.scrollLeft)}px`;
      tip.style.top = `${above > 0 ? above : y * scale + 14}px`;
    }

    box.addEventListener('pointermove', (event) => {
      const area = plot.getBoundingClientRect();
      const scale = area.width / plot.viewBox.baseVal.width;
      const [x, y] = [(event.clientX - area.left) / scale, (event.clientY - area.top) / scale];
      let best = 40 * 40;
      let found = null;
      shown().forEach(({ points }, s) => points.forEach(([px, py], i) => {
        const far = (px - x) ** 2 + (py - y) ** 2;
        if (far < best) [best, found] = [far, { s, i }];
      }));
      if (!found) return hide();
      at = found;
      say(...shown()[at.s].points[at.i]);
    });
    box.addEventListener('pointerleave', hide);
    box.addEventListener('blur', hide);

    box.addEventListener('keydown', (event) => {
      const steps = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0], Home: [0, -Infinity], End: [0, Infinity] };
      if (event.key === 'Escape') return hide();
      const step = steps[event.key];
      const series = shown();
      if (!step || series.length === 0) return;
      event.preventDefault();
      const from = series[Math.min(at.s, series.length - 1)];
      const s = (Math.min(at.s, series.length - 1) + step[0] + series.length) % series.length;
      const points = series[s].points;
      let i = Math.min(Math.max(at.i + step[1], 0), points.length - 1);
      if (step[0] !== 0 && at.i >= 0) i = nearest(points, from.points[Math.min(at.i, from.points.length - 1)][0]);
      at = { s, i };
      say(...points[i]);
    });
  }

  // The point of another series that is at about the same place.
  function nearest(points, x) {
    return points.reduce((best, p, i) => (Math.abs(p[0] - x) < Math.abs(points[best][0] - x) ? i : best), 0);
  }

  // Paper has no way to unfold.
  addEventListener('beforeprint', () => all('details').forEach((d) => { d.open = true; }));
  document.documentElement.dataset.ready = 'yes';
})();
