// A shape for each state and verdict, so that none is told by colour alone.
import { svg } from './dom.js';

const shapes = {
  ok: 'M4.5 8.4 7 11l4.6-5.6',
  broken: 'M5 5l6 6M11 5l-6 6',
  misrouted: 'M4.5 6h7M4.5 10h7M10 3.5 6 12.5',
  waiting: 'M5 8h.01M8 8h.01M11 8h.01',
  unmeasured: 'M5 8h6',
  unknown: 'M5.7 6.2a2.3 2.3 0 1 1 3.6 1.9c-.8.5-1.3.9-1.3 1.7M8 12h.01', // how it is now, nobody knows
};

// The state whose mark a verdict has.
const verdicts = { survived: 'ok', recovered: 'ok', broken: 'broken', misrouted: 'misrouted', unmeasured: 'unmeasured' };

export const stateOf = (verdict) => verdicts[verdict] ?? 'waiting';

// icon is the mark of a state. What it means stands beside it in words.
export function icon(state) {
  return svg('svg', { class: 'icon', viewBox: '0 0 16 16', 'aria-hidden': 'true', 'data-state': state },
    svg('circle', { cx: 8, cy: 8, r: 8 }), svg('path', { d: shapes[state] ?? shapes.waiting }));
}

// mark changes the icon that an element begins with.
export function mark(node, state) {
  const old = node.querySelector(':scope > .icon');
  if (old?.dataset.state === state) return;
  if (old) old.replaceWith(icon(state));
  else node.prepend(icon(state));
}
