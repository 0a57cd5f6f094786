// The time axis beneath the lanes.
import { el, say, keyed } from './dom.js';
import * as clock from './clock.js';

const steps = [1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14400, 21600, 43200, 86400].map((s) => s * 1000);
const apart = 84; // pixels between two labels at least
const room = 32; // pixels that half a label takes

// draw brings the ticks up to date: at round times of day.
export function draw(plot, from, to, scale) {
  const list = plot.querySelector('.ticks') ?? plot.appendChild(el('div', { class: 'ticks track', 'aria-hidden': 'true' }));
  const step = steps.find((s) => s * scale >= apart) ?? steps.at(-1);
  const shift = clock.sinceMidnight(0); // from the run's clock to one on which round times are multiples of the step
  const ticks = [];
  for (let at = Math.ceil((from + shift) / step) * step - shift; at <= to + step; at += step) ticks.push(at);
  keyed(list, ticks, (at) => Math.round(at / 1000), () => el('div', { class: 'tick' }, el('span')), (node, at) => {
    const x = (at - from) * scale;
    node.style.left = `${x.toFixed(1)}px`;
    const text = clock.timeOfDay(at);
    const cut = x < room || x > (to - from) * scale - room;
    say(node.firstChild, cut ? '' : step >= 60e3 ? text.slice(0, 5) : text);
  });
}
