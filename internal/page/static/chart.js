// The lanes: one for each approach, side by side over the same time, with the recreations marked across all of them.
import { el, say, set, byId, keyed } from './dom.js';
import { mark } from './icons.js';
import { store } from './store.js';
import { view, span, end } from './view.js';
import { known } from './link.js';
import * as axis from './axis.js';
import * as flags from './flags.js';

const still = matchMedia('(prefers-reduced-motion: reduce)');

const chart = byId('chart');
const ticks = el('div', { class: 'plot under' });
const plot = el('div', { class: 'plot' });
const lanes = el('ul', { class: 'rows', 'aria-label': 'Lanes, one for each way of calling' });
chart.append(ticks, lanes, plot);
const tracks = new Map(); // by approach

let origin = 0; // the instant at the left edge of the tracks
let drawn = 0; // when that was

// draw brings the lanes up to date.
export function draw() {
  const t = store.target;
  if (!t || !store.run) return;
  drawn = performance.now();
  keyed(lanes, t.approaches.map((a, i) => ({ a, lane: t.lanes[i] })), ({ a }) => a.approach, row, update);
  measure();
  const { from, to, scale } = span();
  origin = from;
  const margin = 10 / scale; // so much may move in before the next drawing
  t.approaches.forEach((a, i) => segments(tracks.get(a.approach), t.lanes[i].stretches, from, to, scale, margin));
  axis.draw(ticks, from, to, scale);
  flags.draw(plot, t.recreations, from, to, scale);
  move();
}

export function measure() {
  const { width } = plot.getBoundingClientRect();
  if (width > 0) view.width = width;
  const caption = chart.querySelector('.segment span');
  if (!caption) return;
  const { fontWeight, fontSize, fontFamily } = getComputedStyle(caption);
  const now = `${fontWeight} ${fontSize} ${fontFamily}`;
  if (now === font) return;
  font = now;
  size = parseFloat(fontSize);
  widths.clear();
}

// move shifts everything to where it belongs by now. It is all that is done between two rounds.
export function move() {
  if (!store.target || !store.run) return;
  const { from, scale } = span();
  chart.style.setProperty('--shift', `${((origin - from) * scale).toFixed(1)}px`);
}

// Time goes on although no round may come.
setInterval(() => !document.hidden && performance.now() - drawn > 1500 && draw(), 1000);

// Ten times a second is smooth where a second is ten pixels, and costs little.
setInterval(() => !document.hidden && !still.matches && requestAnimationFrame(move), 100);

function row({ a }) {
  const track = el('div', { class: 'track' });
  tracks.set(a.approach, track);
  return el('li', { class: 'row', 'data-approach': a.approach },
    el('div', { class: 'label' },
      el('p', { class: 'name' }, el('span', { class: 'what' }), ' ', el('span', { class: 'state' })),
      el('p', { class: 'how' })),
    el('div', { class: 'lane', role: 'img' }, track));
}

function update(node, { a }) {
  const [state, words] = known() ? [a.state, a.words] : ['unknown', a.was];
  set(node, 'data-state', state);
  const name = node.querySelector('.name');
  mark(name, state);
  say(name.querySelector('.what'), a.approach);
  say(node.querySelector('.state'), words);
  say(node.querySelector('.how'), a.how);
  set(node.querySelector('.lane'), 'aria-label', `${a.approach}: ${words}. ${a.lane}`);
}

// segments are the stretches of a lane that can be seen.
function segments(track, stretches, from, to, scale, margin) {
  const shown = [];
  for (let i = stretches.length - 1; i >= 0; i--) {
    const until = end(stretches, i);
    if (until < from) break;
    const s = stretches[i];
    const left = Math.max(s.from_ms, from - margin);
    const width = Math.max((until - left) * scale, s.state === 'ok' ? 2 : 5); // nothing that was out is too short to be seen
    const next = s.state === 'ok' && i > 0 && before(stretches, i)?.pod_n !== s.pod_n;
    shown.unshift({ s, left: (left - from) * scale, width, next, begun: s.from_ms < left });
  }
  keyed(track, shown, ({ s }) => s.from_ms, segment, place);
}

// before is the last stretch before i that was answered as it should.
function before(stretches, i) {
  for (let k = i - 1; k >= 0; k--) if (stretches[k].state === 'ok') return stretches[k];
  return null;
}

const segment = () => el('div', { class: 'segment' }, el('span', {}, el('b'), ' ', el('small')));

function place(node, { s, left, width, next, begun }) {
  set(node, 'data-state', s.state);
  set(node, 'data-outcome', s.outcome);
  set(node, 'data-pod', s.pod_n ? s.pod_n % 2 : null);
  set(node, 'data-mixed', s.mixed);
  set(node, 'data-next', next);
  set(node, 'data-begun', begun);
  node.style.left = `${left.toFixed(1)}px`;
  node.style.width = `${width.toFixed(1)}px`;
  const { words, small, two } = captions(s).find((caption) => fits(caption, width)) ?? { words: '', small: '' };
  set(node.firstChild, 'hidden', words === '');
  set(node, 'data-two', two);
  say(node.querySelector('b'), words);
  say(node.querySelector('small'), small);
  set(node, 'title', full(s));
}

// captions are what a stretch may say of itself, the longest first: words, what stands beside them in small letters, and
// whether it is in two lines. Pods of one name are told apart by their IP.
function captions(s) {
  const line = (words) => ({ words, small: '' });
  if (s.state !== 'ok' && s.state !== 'misrouted') {
    const words = store.outcomes[s.outcome] ?? s.outcome;
    return [{ words, small: s.outcome }, line(words), { ...line(words), two: true }];
  }
  const where = s.pod_ip ? bracketed(s.pod_ip) : s.addr ?? '';
  const who = [s.pod, where].filter(Boolean);
  if (s.state === 'misrouted') return [`wrong pod: ${who.join(' ')}`, `wrong pod: ${who[0] ?? ''}`, s.pod ?? '', 'wrong'].map(line);
  return [who.join(' '), where].map(line);
}

const bracketed = (ip) => (ip.includes(':') ? `[${ip}]` : ip);

const pen = document.createElement('canvas').getContext('2d');
const widths = new Map(); // of captions, in pixels
let font = '';
let size = 16; // of its letters, in pixels

// fits reports whether a caption has room in so many pixels.
function fits({ words, small, two }, room) {
  const needed = two ? folded(words) : breadth(small ? `${words} ${small}` : words); // as if it were not small
  return needed + 1.3 * size < room;
}

// folded is how wide words are in two lines.
function folded(words) {
  const parts = words.split(' ');
  const cuts = parts.map((_, i) => Math.max(breadth(parts.slice(0, i).join(' ')), breadth(parts.slice(i).join(' '))));
  return Math.min(...cuts);
}

function breadth(text) {
  if (!widths.has(text)) {
    if (widths.size > 500) widths.clear();
    pen.font = font;
    widths.set(text, pen.measureText(text).width);
  }
  return widths.get(text);
}

function full(s) {
  const n = (s.ok ?? 0) + (s.lost ?? 0) + (s.void ?? 0) + (s.pending ?? 0);
  return [store.outcomes[s.outcome], s.outcome !== 'ok' && `(${s.outcome})`, s.pod && `by ${s.pod}`, s.pod_ip, s.addr && `at ${s.addr}`, `${n} ×`].filter(Boolean).join(' ');
}

new ResizeObserver(() => draw()).observe(chart);
