// What is known: the run, all targets in brief, and one in full. Messages of the stream change it, and nothing else.
import * as clock from './clock.js';

// What is kept between two snapshots of the target, which come every few minutes. More than the server keeps is never needed.
const maxStretches = 1500;
const maxLatencies = 2000;
const maxEvents = 200;
const maxRecreations = 32;

export const store = {
  run: null,
  words: '', // of all targets
  outcomes: {}, // in words, by their names
  stopped: null,
  targets: new Map(), // brief, by name
  target: null, // the chosen one in full
  anew: null, // what is said of why all was told anew, and when
};

// apply takes a message and reports what it changed: 'all', 'target', 'round', 'fleet' or ''.
export function apply(event, data) {
  switch (event) {
    case 'snapshot':
      return snapshot(data);
    case 'fleet':
      store.targets.set(data.target, data);
      return 'fleet';
    case 'target':
      store.target = data;
      clock.anchor(data.at_ms, data.time);
      return 'target';
    case 'round':
      return round(data);
    case 'reset':
      store.anew = { words: data.words, at: performance.now() };
      return '';
    case 'beat':
      clock.sync(data.now_ms);
      return '';
    case 'stopped':
      store.stopped = data;
      return 'all';
  }
  return '';
}

function snapshot(data) {
  if (store.run?.run !== data.run.run) clock.reset();
  store.run = data.run;
  store.words = data.words;
  store.outcomes = data.outcomes ?? {};
  store.stopped = data.stopped ?? null;
  store.targets = new Map(data.targets.map((t) => [t.target, t]));
  store.target = data.target ?? null;
  clock.setZone(data.run.zone_offset_s);
  clock.sync(data.now_ms);
  if (data.target) clock.anchor(data.target.at_ms, data.target.time);
  return 'all';
}

// round adds to the target what a round brought.
function round(data) {
  const t = store.target;
  if (!t || t.target !== data.target || data.seq <= t.seq) return '';
  const { tails, took_ms: took, events = [], recreations = [], ...now } = data;
  tails.forEach((tail, i) => {
    const { stretches, latency } = t.lanes[i];
    if (stretches.at(-1)?.from_ms === tail.from_ms) stretches.pop();
    stretches.push(tail);
    cut(stretches, maxStretches);
    if (took[i] !== null) latency.push([now.at_ms, took[i]]);
    cut(latency, maxLatencies);
  });
  Object.assign(t, now);
  t.events.push(...events);
  cut(t.events, maxEvents);
  for (const r of recreations) {
    const i = t.recreations.findIndex((old) => old.n === r.n);
    if (i < 0) t.recreations.push(r);
    else t.recreations[i] = r;
  }
  cut(t.recreations, maxRecreations);
  clock.anchor(now.at_ms, now.time);
  return 'round';
}

function cut(list, most) {
  if (list.length > most) list.splice(0, list.length - most);
}
