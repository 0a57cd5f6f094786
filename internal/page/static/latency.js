// How long answers take: a small plot for each approach, all with the same scales.
import { el, svg, set } from './dom.js';
import { span } from './view.js';
import { store } from './store.js';

const width = 300;
const height = 64;

export const plot = () => el('div', { class: 'latency' }, drawing(), el('div', { class: 'scale', 'aria-hidden': 'true' }));

const drawing = () => svg('svg', { class: 'latency-plot', viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: 'none', 'aria-hidden': 'true' },
  svg('g', { class: 'grid' }), svg('path', { class: 'curve' }));

// draw brings the plots of a list up to date; series are [when, how long] in milliseconds, in the same order.
export function draw(list, series) {
  if (!store.run || series.length === 0) return;
  const { from, to } = span();
  const seen = series.map((s) => s.filter(([at]) => at >= from));
  const all = seen.flat().map(([, took]) => took);
  const low = 10 ** Math.floor(Math.log10(Math.max(Math.min(...all, 1), 0.01)));
  const high = 10 ** Math.ceil(Math.log10(Math.max(...all, low * 10)));
  const y = (took) => height - 4 - ((Math.log10(Math.max(took, low)) - Math.log10(low)) / (Math.log10(high) - Math.log10(low))) * (height - 8);
  const x = (at) => ((at - from) / (to - from)) * width;
  [...list.children].forEach((card, i) => {
    const drawing = card.querySelector('.latency-plot');
    if (!drawing) return;
    set(drawing.querySelector('.curve'), 'd', curve(seen[i] ?? [], x, y));
    grid(card, low, high, y);
  });
}

// curve is a line with gaps where there was no answer.
function curve(samples, x, y) {
  const gap = store.run.interval_ms * 2.5;
  let before = -Infinity;
  return samples.map(([at, took]) => {
    const step = at - before > gap ? `M${x(at).toFixed(1)} ${y(took).toFixed(1)}h0.01` : `L${x(at).toFixed(1)} ${y(took).toFixed(1)}`;
    before = at;
    return step;
  }).join('');
}

// grid has a line for each power of ten, with what it stands for.
function grid(card, low, high, y) {
  const node = card.querySelector('.grid');
  const key = `${low} ${high}`;
  if (node.dataset.key === key) return;
  node.dataset.key = key;
  const powers = [];
  for (let d = low; d <= high * 1.01; d *= 10) powers.push(d);
  node.replaceChildren(...powers.map((d) => svg('line', { x1: 0, x2: width, y1: y(d), y2: y(d) })));
  card.querySelector('.scale').replaceChildren(...powers.map((d) => {
    const label = el('span', {}, d >= 1000 ? `${d / 1000}s` : `${Number(d.toPrecision(1))}ms`);
    label.style.top = `${(y(d) / height) * 100}%`;
    return label;
  }));
}
