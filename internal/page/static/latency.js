// How long answers take: a small plot for each approach, all with the same scales.
import { el, svg, set } from './dom.js';
import { span } from './view.js';
import { store } from './store.js';

const width = 300;
const height = 64;
const columns = 100; // answers in the same column are drawn as one: their mean, between the least and the most

export const plot = () => el('div', { class: 'latency' },
  svg('svg', { class: 'latency-plot', viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: 'none', 'aria-hidden': 'true' },
    svg('g', { class: 'grid' }), svg('path', { class: 'range' }), svg('path', { class: 'curve' })),
  el('div', { class: 'scale', 'aria-hidden': 'true' }));

// draw brings the plots of a list up to date, from lanes in the same order.
export function draw(list, lanes) {
  if (!store.run) return;
  const { from, to } = span();
  const series = lanes.map((lane) => binned(lane, from, to));
  const all = series.flat();
  const least = Math.min(...all.map((b) => b.least), 1);
  const low = 10 ** Math.floor(Math.log10(Math.max(least, 0.01)));
  const high = 10 ** Math.ceil(Math.log10(Math.max(...all.map((b) => b.most), low * 10)));
  const y = (took) => height - 4 - ((Math.log10(Math.max(took, low)) - Math.log10(low)) / (Math.log10(high) - Math.log10(low))) * (height - 8);
  const x = (at) => ((at - from) / (to - from)) * width;
  [...list.children].forEach((row, i) => {
    const runs = unbroken(series[i] ?? []);
    set(row.querySelector('.curve'), 'd', runs.map((run) => line(run.map((b) => [x(b.at), y(b.mean)]))).join(''));
    set(row.querySelector('.range'), 'd', runs.map((run) =>
      line([...run.map((b) => [x(b.at), y(b.most)]), ...run.toReversed().map((b) => [x(b.at), y(b.least)])], 'Z')).join(''));
    set(row.querySelector('.latency'), 'data-empty', runs.length === 0);
    grid(row, low, high, y);
  });
}

// binned are the answers of a lane that can be seen, one after the other where there is room, in columns where there is not.
function binned({ latency, curve = [] }, from, to) {
  const bins = new Map();
  const add = (begin, end, least, mean, most) => {
    const at = (begin + end) / 2;
    if (end < from) return;
    const key = Math.floor(((at - from) / (to - from)) * columns);
    const b = bins.get(key);
    if (!b) {
      bins.set(key, { at: Math.max(at, from), begin, end, n: 1, least, mean, most });
      return;
    }
    b.mean = (b.mean * b.n + mean) / (b.n + 1);
    b.n++;
    b.end = end;
    b.least = Math.min(b.least, least);
    b.most = Math.max(b.most, most);
  };
  const first = latency[0]?.[0] ?? Infinity;
  for (const [begin, end, least, mean, most] of curve) if (end < first) add(begin, end, least, mean, most);
  for (const [at, took] of latency) add(at, at, took, took, took);
  return [...bins.values()];
}

// unbroken cuts a series where there was no answer.
function unbroken(series) {
  const runs = [];
  let before = -Infinity;
  for (const b of series) {
    if (b.begin - before > store.run.interval_ms * 2.5) runs.push([]);
    runs.at(-1).push(b);
    before = b.end;
  }
  return runs;
}

const line = (points, end = '') => `M${points.map(([x, y]) => `${x.toFixed(1)} ${y.toFixed(1)}`).join('L')}${end || 'h0.01'}`;

// grid has a line for each power of ten, with what it stands for, as far as there is room for that.
function grid(row, low, high, y) {
  const node = row.querySelector('.grid');
  const key = `${low} ${high}`;
  if (node.dataset.key === key) return;
  node.dataset.key = key;
  const powers = [];
  for (let d = low; d <= high * 1.01; d *= 10) powers.push(d);
  node.replaceChildren(...powers.map((d) => svg('line', { x1: 0, x2: width, y1: y(d), y2: y(d) })));
  const nth = Math.ceil(powers.length / 4);
  row.querySelector('.scale').replaceChildren(...powers.filter((_, i) => i % nth === 0).map((d) => {
    const label = el('span', {}, d >= 1000 ? `${d / 1000}s` : `${Number(d.toPrecision(1))}ms`);
    label.style.top = `${(y(d) / height) * 100}%`;
    return label;
  }));
}
