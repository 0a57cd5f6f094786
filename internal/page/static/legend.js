// What the patterns of the lanes mean.
import { el, byId } from './dom.js';

const meanings = [
  ['ok', 'answered'],
  ['ok', 'answered by the next pod', 0],
  ['broken', 'no answer, with the reason where there is room'],
  ['misrouted', 'the wrong pod answered'],
  ['waiting', 'nothing to call yet'],
  ['unmeasured', 'the prober could not look'],
];

export function start() {
  byId('legend').append(...meanings.map(([state, words, pod]) => el('li', {},
    el('span', { class: 'segment', 'data-state': state, 'data-pod': pod ?? null, 'aria-hidden': 'true' }), words)),
  el('li', {}, el('span', { class: 'band', 'aria-hidden': 'true' }, '1'), 'the pod was replaced: press the number for the story'));
}
