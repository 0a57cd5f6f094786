// Which stretch of time is shown, and where an instant lies in it.
import * as clock from './clock.js';
import { store } from './store.js';

export const windows = [
  { name: '2 min', ms: 2 * 60e3 },
  { name: '10 min', ms: 10 * 60e3 },
  { name: 'all', ms: Infinity },
];

const least = 20e3; // shown at least, so that a probe is not as wide as the page

export const view = { window: windows[0], width: 0 };

// span is what is shown: from and to on the run's clock, and pixels for each millisecond.
export function span() {
  const to = edge();
  const first = store.target?.lanes[0]?.stretches[0]?.from_ms ?? 0;
  // A run that is younger than the window fills it all the same.
  const shown = Math.min(Math.max(to - first, least), view.window.ms);
  return { from: to - shown, to, scale: view.width / shown };
}

// edge is the present, or the end of what is known when the prober has stopped or was not heard for long.
function edge() {
  const t = store.target;
  const { interval_ms: interval, timeout_ms: timeout } = store.run;
  const known = t && t.seq > 0 ? t.at_ms + interval : 0;
  if (store.stopped) return known;
  const now = clock.now();
  return t && t.seq > 0 ? Math.min(now, known + interval + timeout + 2000) : now;
}

// end is until when a stretch counts: a probe stands for the interval that begins with it, and the last one until the next
// can be known.
export function end(stretches, i) {
  const { interval_ms: interval } = store.run;
  const s = stretches[i];
  const next = stretches[i + 1];
  if (next) return Math.min(next.from_ms, s.to_ms + interval * 1.5);
  return store.stopped ? s.to_ms + interval : Math.min(Math.max(clock.now(), s.to_ms + interval), s.to_ms + 2.5 * interval);
}
