// The live page: it listens to the prober, keeps what it hears, and lays it out. All words about targets are the prober's.
import { say, byId } from './dom.js';
import { store, apply } from './store.js';
import * as stream from './stream.js';
import * as chart from './chart.js';
import * as events from './events.js';
import * as fleet from './fleet.js';
import * as headline from './headline.js';
import * as legend from './legend.js';
import * as link from './link.js';
import * as recreations from './recreations.js';
import * as theme from './theme.js';
import * as ways from './ways.js';
import * as zoom from './zoom.js';

let dirty = new Set();
let fleetTimer = null;

// The overview is drawn a few times a second at most: thousands of targets may change at once.
function draw(what) {
  if (what !== 'fleet') soon(what);
  else fleetTimer ??= setTimeout(() => {
    fleetTimer = null;
    soon('fleet');
  }, 250);
}

// Drawing waits for the browser to be ready for it, so that a burst of messages is drawn once, and a hidden page never.
function soon(what) {
  if (what === '') return;
  if (dirty.size === 0) requestAnimationFrame(paint);
  dirty.add(what);
}

function paint() {
  const what = dirty;
  dirty = new Set();
  const all = what.has('all');
  if (all || what.has('fleet')) fleet.draw();
  if (all) about();
  if (all || what.has('target') || what.has('round') || what.has('fleet') || what.has('link')) headline.draw();
  if (all || what.has('target') || what.has('round') || what.has('view')) {
    chart.draw();
    ways.draw();
    recreations.draw();
    events.draw();
  }
  link.draw();
}

function about() {
  const { run } = store;
  say(byId('run'), [`prober ${run.version ?? ''}`.trim(), run.host && `on ${run.host}`, `calls every ${run.interval_ms / 1000} s`, `run ${run.run}`].filter(Boolean).join(' · '));
  say(byId('zone'), run.zone);
}

// hear takes a message. Who has not said which target to show gets the first that is not well.
function hear(event, data) {
  draw(apply(event, data));
  if (event === 'snapshot' && store.target === null && store.targets.size > 0) choose(store.targets.has(chosen()) ? chosen() : first());
}

const order = ['misrouted', 'broken'];

function first() {
  const all = [...store.targets.values()];
  return (all.find((t) => t.state === order[0]) ?? all.find((t) => t.state === order[1]) ?? all[0]).target;
}

// choose shows another target. Its name stands in the address, so that it can be kept and passed on.
function choose(name) {
  const hash = `#target=${encodeURIComponent(name)}`;
  if (location.hash !== hash) history.replaceState(null, '', hash);
  recreations.forget();
  stream.open(name, hear, link.heard);
}

function chosen() {
  const [, name] = /^#target=(.*)$/.exec(location.hash) ?? [];
  try {
    return name === undefined ? null : decodeURIComponent(name);
  } catch {
    return null;
  }
}

theme.start();
legend.start();
zoom.start(() => draw('view'));
recreations.onToggle(() => draw('view'));
link.onChange(draw);
fleet.onChoose(choose);
addEventListener('hashchange', () => chosen() !== null && chosen() !== store.target?.target && choose(chosen()));
stream.open(chosen(), hear, link.heard);
