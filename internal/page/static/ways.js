// A row for each approach: how it calls and whom, who answers, what DNS says, what was lost, how long answers take.
import { el, say, set, byId, keyed } from './dom.js';
import { mark } from './icons.js';
import { store } from './store.js';
import { known } from './link.js';
import * as latency from './latency.js';

export function draw() {
  const t = store.target;
  const items = (t?.approaches ?? []).map((a) => ({ a }));
  keyed(byId('ways-list'), items, ({ a }) => a.approach, row, update);
  latency.draw(byId('ways-list'), t?.lanes ?? []);
}

// cell is one fact, and beneath it what else is to be known.
const cell = (label, key) => el('td', { 'data-label': label }, el('span', { 'data-is': key }), el('small', { 'data-is': `${key}-more` }));

const row = ({ a }) => el('tr', { class: 'way', 'data-approach': a.approach },
  el('th', { scope: 'row' }, el('span', { class: 'name' }, el('span', { class: 'what' })), el('small', { class: 'how' })),
  cell('Calls', 'calls'), cell('Answered by', 'who'), cell('DNS says', 'dns'), cell('Lost', 'lost'),
  el('td', { 'data-label': 'Time to answer', class: 'times' }, latency.plot(), el('small', { 'data-is': 'latency' })));

function update(node, { a }) {
  const state = known() ? a.state : 'unknown';
  set(node, 'data-state', state);
  const name = node.querySelector('.name');
  mark(name, state);
  say(name.querySelector('.what'), a.approach);
  say(node.querySelector('.how'), a.how);
  const { who, dns } = a;
  fact(node, 'calls', a.calls || 'nothing yet', came(a));
  fact(node, 'who', answers(a), who ? answered(who) : '');
  fact(node, 'dns', dns ? dns.words : 'was not asked', dns ? `${dns.ttl}, asked ${dns.clock}` : '');
  fact(node, 'lost', `${a.lost} of ${a.probes} calls`, a.outages ? `${a.outages} × out, longest ${a.longest}` : 'never out');
  fact(node, 'latency', a.latency);
}

// came is what came of the last call: in words, and for who knows more, as the log has it.
function came({ outcome, detail }) {
  const words = store.outcomes[outcome] ?? '';
  if (!outcome || outcome === 'ok') return words;
  return `${words} (${[outcome, detail].filter(Boolean).join(': ')})`;
}

// answers is who answers now. The wrong pod does, too; the headline says which it is.
function answers({ who, outcome }) {
  if (outcome === 'wrong_pod') return 'the wrong pod';
  if (!who) return 'nobody yet';
  if (!known()) return who.now ? who.words : 'nobody';
  return who.now ? who.words : 'nobody now';
}

function answered(who) {
  if (who.now && !known()) return `last at ${who.clock}`;
  if (!who.now) return `last ${who.words}, ${who.clock}`;
  return who.since ? `runs since ${who.since}` : '';
}

function fact(node, key, text, more) {
  say(node.querySelector(`[data-is=${key}]`), text);
  if (more !== undefined) say(node.querySelector(`[data-is=${key}-more]`), more);
}
