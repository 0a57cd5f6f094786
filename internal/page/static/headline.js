// The state in words, large.
import { el, say, set, byId, keyed } from './dom.js';
import { mark } from './icons.js';
import { store } from './store.js';
import { known, past } from './link.js';

export function draw() {
  const t = store.target;
  name();
  say(byId('title-name'), t?.target ?? '');
  say(byId('title-url'), t?.url ?? '');
  set(byId('headline'), 'data-target', t?.target);
  set(byId('headline'), 'data-state', t?.state);
  set(byId('headline'), 'data-words', t?.text);
  keyed(byId('lines'), t?.lines ?? [], (l) => l.approaches.join(' '), line, update);
  const lesson = known() ? t?.lesson ?? '' : '';
  say(byId('lesson'), lesson);
  set(byId('lesson'), 'hidden', lesson === '');
  // Read out only when there is news, and so without durations that grow.
  say(byId('news'), known() ? store.targets.get(t?.target)?.words ?? '' : '');
}

// name makes the tab's name. Behind other tabs nothing is brought up to date, and so it tells no state there.
function name() {
  const t = store.target;
  const mark = document.hidden ? '' : !known() ? '? ' : { ok: '✓ ', broken: '✕ ', misrouted: '≠ ' }[t?.state] ?? '… ';
  document.title = t ? `${mark}${t.target} · callbyname` : 'callbyname';
}

document.addEventListener('visibilitychange', () => document.hidden && name());

const line = () => el('li', {}, el('span', { class: 'subject' }), ' ', el('strong'), ' ', el('span', { class: 'why' }));

function update(node, l) {
  const state = known() ? l.state : 'unknown';
  const [words, why] = known() ? [l.words, l.why ?? ''] : [l.was, past()];
  set(node, 'data-state', state);
  set(node, 'data-approaches', l.approaches.join(' '));
  mark(node, state);
  say(node.querySelector('.subject'), `${l.subject}:`);
  say(node.querySelector('strong'), words + (why ? ',' : ''));
  say(node.querySelector('.why'), why);
}
