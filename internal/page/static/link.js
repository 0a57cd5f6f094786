// How the connection is, and whether what is shown is still true.
import { say, set, byId } from './dom.js';
import { store } from './store.js';
import * as clock from './clock.js';

const told = 15000; // milliseconds for which it is told that all began anew

let state = 'connecting';
let seconds = 0;
let drawn = ''; // what past said then
let changed = () => {};

// onChange is called when it is to be drawn: 'all' when what is shown became the past or the present again, or else 'link'.
export function onChange(f) {
  changed = f;
}

export function heard(link, silent) {
  state = link;
  seconds = silent;
  if (document.hidden) draw(); // nothing else is drawn there
  else changed(past() === drawn ? 'link' : 'all');
}

// known reports whether what is shown is true now. Otherwise past tells when it was.
export const known = () => past() === '';

// past tells when what is shown was true; empty as long as it is.
export function past() {
  const t = store.target;
  if (!t) return '';
  const at = clock.timeOfDay(t.at_ms);
  if (store.stopped) return `at the end, ${at}`;
  if (state === 'stale' || (state === 'connecting' && seconds > 0)) return `when last heard at ${at}`;
  return lateness() > 0 ? `in the last round at ${at}` : '';
}

export function draw() {
  drawn = past();
  const late = lateness();
  let banner = '';
  let count = ''; // grows, and so is not read out again and again
  if (store.stopped) banner = store.stopped.words;
  else if (state === 'stale') {
    count = `No news for ${seconds} s. `;
    banner = 'Reconnecting … What you see may be out of date.';
  }
  else if (store.anew && performance.now() - store.anew.at < told) banner = store.anew.words;
  else if (late > 0) {
    count = `No round for ${late} s. `;
    banner = 'The prober is held up, or its machine sleeps.';
  }
  const shown = store.stopped ? 'stopped' : state === 'live' && late > 0 ? 'late' : state;
  const words = { connecting: 'connecting', live: 'live', stale: 'no news', late: 'held up', stopped: 'stopped' }[shown];
  set(byId('link'), 'data-link', shown);
  say(byId('link').querySelector('.words'), words);
  set(byId('banner'), 'hidden', banner === '');
  set(byId('banner'), 'data-link', shown);
  say(byId('banner-count'), count);
  say(byId('banner-words'), banner);
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
