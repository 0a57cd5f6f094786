// How the connection is, and whether what is shown is still true.
import { say, set, byId } from './dom.js';
import { store } from './store.js';
import * as clock from './clock.js';

let state = 'connecting';
let seconds = 0;

export function heard(link, silent) {
  state = link;
  seconds = silent;
  draw();
}

export function draw() {
  const late = lateness();
  let banner = '';
  if (store.stopped) banner = store.stopped.words;
  else if (state === 'stale') banner = `No news for ${seconds} s. Reconnecting … What you see may be out of date.`;
  else if (late > 0) banner = `The prober has completed no round for ${late} s: it is held up, or its machine sleeps.`;
  const shown = store.stopped ? 'stopped' : state === 'live' && late > 0 ? 'late' : state;
  const words = { connecting: 'connecting', live: 'live', stale: 'no news', late: 'held up', stopped: 'stopped' }[shown];
  set(byId('link'), 'data-link', shown);
  say(byId('link').querySelector('.words'), words);
  set(byId('banner'), 'hidden', banner === '');
  set(byId('banner'), 'data-link', shown);
  say(byId('banner'), banner);
  set(document.body, 'data-link', shown);
}

// lateness is for how many seconds a round is overdue, 0 when none is.
function lateness() {
  const t = store.target;
  if (!t || t.seq === 0 || state !== 'live') return 0;
  const { interval_ms: interval, timeout_ms: timeout } = store.run;
  const silent = clock.now() - t.at_ms;
  return silent > 3 * interval + timeout + 2000 ? Math.round(silent / 1000) : 0;
}
