// All targets, those first that are not well. One is chosen.
import { el, say, set, byId, keyed } from './dom.js';
import { icon, mark } from './icons.js';
import { store } from './store.js';
import { known } from './link.js';

const most = 250; // rows; more are found by their name
const many = 8; // targets from which on there is something to search
const order = ['misrouted', 'broken', 'unmeasured', 'waiting', 'ok'];

let choose = () => {};

export function onChoose(f) {
  choose = f;
}

// Where the list stands above the rest, it is folded away until it is asked for.
const narrow = matchMedia('(max-width: 999px)');
const fold = () => set(byId('targets-fold'), 'open', !narrow.matches);
narrow.addEventListener('change', fold);
fold();

byId('find').addEventListener('input', () => draw());

export function draw() {
  const all = [...store.targets.values()];
  set(byId('targets'), 'hidden', all.length < 2);
  set(document.body, 'data-fleet', all.length > 1);
  if (all.length < 2) return;
  const bad = all.filter((t) => t.state === 'broken' || t.state === 'misrouted').length;
  say(byId('targets-words'), (known() ? '' : 'When last heard: ') + (bad === 0 ? `${all.length} targets, all well` : `${bad} of ${all.length} targets not well`));
  set(byId('find-label'), 'hidden', all.length <= many);
  const wanted = byId('find').value.trim().toLowerCase();
  const found = all.filter((t) => t.target.toLowerCase().includes(wanted) || t.url.toLowerCase().includes(wanted));
  const place = new Map(all.map((t, i) => [t.target, i]));
  found.sort((a, b) => order.indexOf(a.state) - order.indexOf(b.state) || place.get(a.target) - place.get(b.target));
  keyed(byId('targets-list'), found.slice(0, most), (t) => t.target, row, update);
  const more = found.length - most;
  set(byId('targets-more'), 'hidden', more <= 0);
  say(byId('targets-more'), more > 0 ? `and ${more} more` : '');
}

function pick(name) {
  choose(name);
  fold();
}

const row = (t) => el('li', {}, el('button', { type: 'button', 'data-target': t.target, onclick: () => pick(t.target) },
  el('span', { class: 'name' }, el('span', { class: 'what' }, t.target)), el('span', { class: 'marks', 'aria-hidden': 'true' }), el('span', { class: 'words' })));

function update(node, t) {
  const button = node.firstChild;
  set(button, 'data-state', t.state);
  set(button, 'aria-current', t.target === store.target?.target ? 'true' : null);
  mark(button.querySelector('.name'), t.state);
  say(button.querySelector('.words'), t.state === 'ok' ? '' : t.words);
  keyed(button.querySelector('.marks'), t.approaches, (a) => `${a.approach} ${a.state}`, (a) => icon(a.state), () => {});
}
