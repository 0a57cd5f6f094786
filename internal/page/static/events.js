// What happened, as sentences, the last one first.
import { el, byId, keyed } from './dom.js';
import { store } from './store.js';

export function draw() {
  const t = store.target;
  const list = t?.events ?? [];
  // Events have no number of their own: place and time tell one from another.
  const items = list.map((e, i) => ({ e, key: `${t.target} ${e.at_ms} ${e.event} ${e.approach ?? ''} ${same(list, i)}` })).reverse();
  keyed(byId('events-list'), items, (i) => i.key, item, () => {});
}

// same is how many events before i are alike but for their sentence.
function same(list, i) {
  let n = 0;
  for (let k = i - 1; k >= 0 && list[k].at_ms === list[i].at_ms; k--) if (list[k].event === list[i].event) n++;
  return n;
}

const item = ({ e }) => el('li', { 'data-event': e.event, 'data-approach': e.approach },
  el('time', { datetime: e.time }, e.clock), ' ', el('span', {}, e.sentence));
