// Recreations as bands across all lanes, each with a button that opens its timeline.
import { el, say, set, keyed } from './dom.js';
import { store } from './store.js';
import * as clock from './clock.js';
import { toggle, isOpen } from './recreations.js';

const apart = 30; // pixels between two buttons at least

export function draw(plot, recreations, from, to, scale) {
  const list = plot.querySelector('.flags') ?? plot.appendChild(el('div', { class: 'flags track' }));
  const shown = recreations.filter((r) => !r.withdrawn && (r.to_ms ?? to) >= from);
  let last = -Infinity;
  let level = 0;
  keyed(list, shown, (r) => r.n, flag, (node, r) => {
    const left = (start(r) - from) * scale;
    level = left - last < apart ? level + 1 : 0;
    last = left;
    node.style.left = `${left.toFixed(1)}px`;
    const known = r.to_ms ?? Math.min(clock.now(), (store.target?.at_ms ?? 0) + store.run.interval_ms);
    node.style.width = `${Math.max((known - start(r)) * scale, 2).toFixed(1)}px`;
    const button = node.firstChild;
    button.style.marginLeft = `${level * 6}px`;
    set(node, 'data-open', isOpen(r.n));
    set(button, 'aria-expanded', String(isOpen(r.n)));
    set(button, 'aria-label', `Recreation ${r.n} at ${r.clock}: ${r.headline}`);
    set(button, 'title', r.headline);
    say(button, String(r.n));
  });
}

// start is where the band begins: what came first, the old pod's last answer or a failure that belongs to it.
export const start = (r) => Math.min(r.from_ms, ...r.steps.map((s) => s.at_ms));

function flag(r) {
  return el('div', { class: 'flag', 'data-recreation': r.n },
    el('button', { type: 'button', 'aria-controls': `recreation-${r.n}`, onclick: () => toggle(r.n, true) }));
}
