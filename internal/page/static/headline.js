// The state in words, large.
import { el, say, set, byId, keyed } from './dom.js';
import { mark } from './icons.js';
import { store } from './store.js';

export function draw() {
  const t = store.target;
  name();
  say(byId('title-name'), t?.target ?? '');
  say(byId('title-url'), t?.url ?? '');
  set(byId('headline'), 'data-target', t?.target);
  set(byId('headline'), 'data-state', t?.state);
  set(byId('headline'), 'data-words', t?.text);
  keyed(byId('lines'), t?.lines ?? [], (l) => l.approaches.join(' '), line, update);
  // Read out only when there is news, and so without durations that grow.
  say(byId('news'), store.targets.get(t?.target)?.words ?? '');
}

// name makes the tab's name. Behind other tabs nothing is brought up to date, and so it tells no state there.
function name() {
  const t = store.target;
  const mark = document.hidden ? '' : { ok: '✓ ', broken: '✕ ', misrouted: '≠ ' }[t?.state] ?? '… ';
  document.title = t ? `${mark}${t.target} · callbyname` : 'callbyname';
}

document.addEventListener('visibilitychange', name);

const line = () => el('li', {}, el('span', { class: 'subject' }), ' ', el('strong'), ' ', el('span', { class: 'why' }));

function update(node, l) {
  set(node, 'data-state', l.state);
  set(node, 'data-approaches', l.approaches.join(' '));
  mark(node, l.state);
  say(node.querySelector('.subject'), `${l.subject}:`);
  say(node.querySelector('strong'), l.words + (l.why ? ',' : ''));
  say(node.querySelector('.why'), l.why ?? '');
}
