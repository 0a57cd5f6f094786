// Recreations, the last one first. Each opens into its timeline: where the seconds went, and why.
import { el, say, set, byId, keyed } from './dom.js';
import { icon, stateOf } from './icons.js';
import { store } from './store.js';
import { end } from './view.js';

const few = 3; // are shown unless more are asked for
const open = new Set(); // numbers
let every = false;
const drawn = new WeakMap(); // the recreation that a timeline shows
let redraw = () => {};

export const isOpen = (n) => open.has(n);

// onToggle is called when one was opened or closed.
export function onToggle(f) {
  redraw = f;
}

// toggle opens a recreation or closes it, and leads to it if asked to.
export function toggle(n, lead = false) {
  if (open.has(n) && !lead) open.delete(n);
  else open.add(n);
  redraw();
  if (lead) {
    const node = byId(`recreation-${n}`);
    node?.scrollIntoView({ block: 'nearest' });
    node?.querySelector('button')?.focus({ preventScroll: true });
  }
}

export function forget() {
  open.clear();
  every = false;
}

byId('recreations-more').addEventListener('click', () => {
  every = !every;
  redraw();
});

export function draw() {
  const all = [...(store.target?.recreations ?? [])].reverse();
  const list = all.filter((r, i) => i < few || every || open.has(r.n));
  set(byId('recreations'), 'hidden', all.length === 0);
  const more = byId('recreations-more');
  set(more, 'hidden', all.length <= few);
  set(more, 'aria-expanded', String(every));
  say(more, every ? 'Only the last ones' : `All ${all.length}`);
  keyed(byId('recreations-list'), list, (r) => r.n, item, update);
}

function item(r) {
  return el('li', { id: `recreation-${r.n}`, class: 'recreation', 'data-recreation': r.n },
    el('h3', {}, el('button', { type: 'button', onclick: () => toggle(r.n) },
      el('span', { class: 'number' }, String(r.n)), el('span', { class: 'when' }), el('span', { class: 'title' }))),
    el('ul', { class: 'verdicts' }),
    el('div', { class: 'timeline', hidden: true }));
}

function update(node, r) {
  const button = node.querySelector('button');
  set(button, 'aria-expanded', String(open.has(r.n)));
  set(node, 'data-settled', String(r.settled));
  set(node, 'data-withdrawn', r.withdrawn);
  say(node.querySelector('.when'), r.clock);
  say(node.querySelector('.title'), r.headline + (r.words ? ` (${r.words})` : ''));
  keyed(node.querySelector('.verdicts'), r.effects, (e) => `${e.approach} ${e.verdict ?? ''} ${e.words}`, verdict, () => {});
  const timeline = node.querySelector('.timeline');
  set(timeline, 'hidden', !open.has(r.n));
  if (open.has(r.n) && drawn.get(timeline) !== r) { // another one comes only with news
    drawn.set(timeline, r);
    timeline.replaceChildren(gantt(r), el('div', { class: 'two' }, steps(r), causes(r)));
  }
}

const verdict = (e) => el('li', { 'data-approach': e.approach, 'data-verdict': e.verdict ?? 'unsettled', 'data-state': stateOf(e.verdict) },
  icon(stateOf(e.verdict)), el('b', {}, e.approach), ' ', e.words);

const steps = (r) => el('section', {}, el('h4', {}, 'Where the seconds went'),
  el('ol', { class: 'steps' }, ...r.happenings.map((h) => el('li', {},
    el('span', { class: 'after', title: h.clock }, h.after), el('div', {}, ...h.words.map((words) => el('p', {}, words)))))));

const causes = (r) => el('section', {}, el('h4', {}, 'Why'),
  el('ul', { class: 'causes' }, ...r.effects.map((e) => el('li', { 'data-approach': e.approach, 'data-verdict': e.verdict ?? 'unsettled' },
    el('b', {}, e.approach), ' ', e.cause))));

// gantt shows the steps to scale over the lanes as they were then.
function gantt(r) {
  const ends = r.effects.map((e) => e.back_ms).filter((at) => at !== undefined);
  const from = Math.min(...r.steps.map((s) => s.at_ms));
  const to = Math.max(...r.steps.map((s) => s.at_ms), ...ends, from + 1000);
  const pad = (to - from) * 0.08;
  const at = (ms) => ((ms - from + pad) / (to - from + 2 * pad)) * 100;
  const lines = r.steps.filter((s) => !s.approach);
  const lane = (i) => store.target.lanes[i].stretches
    .map((s, k, all) => ({ s, until: end(all, k) }))
    .filter(({ s, until }) => until > from - pad && s.from_ms < to + pad)
    .map(({ s, until }) => bar(s, Math.max(at(s.from_ms), 0), Math.min(at(until), 100)));
  return el('div', { class: 'gantt', 'aria-hidden': 'true' },
    el('ul', {}, ...r.effects.map((e, i) => el('li', { 'data-approach': e.approach },
      el('span', { class: 'name' }, e.approach), el('div', { class: 'lane' }, ...lane(i))))),
    el('div', { class: 'events' }, ...lines.map((s) => line(s, at))));
}

function bar(s, left, right) {
  const node = el('div', { class: 'segment', 'data-state': s.state, 'data-pod': s.pod_n ? s.pod_n % 2 : null });
  node.style.left = `${left}%`;
  node.style.width = `${right - left}%`;
  return node;
}

function line(s, at) {
  const node = el('div', { class: 'line', 'data-step': s.step }, el('span', {}, s.after));
  node.style.left = `${at(s.at_ms)}%`;
  return node;
}
