// The connection: server-sent events, resumed after it was lost, and how long there has been no news.

const stale = 7000; // milliseconds without a word until that is told; the prober says something every two seconds
const dead = 15000; // until the connection is given up for another one

let source = null;
let target = null;
let lastId = '';
let heard = performance.now(); // when the last word came
let begun = heard; // when waiting for one began: then, or when the page was seen again
let ever = false;
let tell = () => {};
let changed = () => {};

// open begins to listen for one target (null for none). onMessage gets each message, onLink the connection's state:
// 'live', 'stale' with for how many seconds there has been no news, or 'connecting' with 0 or, when what was heard is out of
// date, for how many seconds there has been none.
export function open(name, onMessage, onLink) {
  target = name;
  tell = onMessage;
  changed = onLink;
  lastId = '';
  connect();
}

function connect() {
  source?.close();
  source = null;
  if (document.hidden) return;
  const query = new URLSearchParams();
  if (target !== null) query.set('target', target);
  if (lastId) query.set('last_event_id', lastId);
  source = new EventSource(`api/v1/events?${query}`);
  for (const event of ['snapshot', 'reset', 'fleet', 'target', 'round', 'beat', 'stopped']) {
    source.addEventListener(event, (e) => {
      if (e.currentTarget !== source) return; // a late one of the connection before
      heard = begun = performance.now();
      ever = true;
      if (e.lastEventId) lastId = e.lastEventId;
      tell(event, JSON.parse(e.data));
      link();
    });
  }
}

// link tells how the connection is. When it was refused or fell silent, another one is made.
function link() {
  const seconds = Math.round((performance.now() - heard) / 1000);
  if (document.hidden) changed('connecting', seconds);
  else if (performance.now() - begun > stale) changed('stale', seconds);
  else if (!ever || begun - heard > stale) changed('connecting', ever ? seconds : 0);
  else changed('live', 0);
}

// A page that nobody sees lets its connection go, and takes up what it missed when it is seen again: a browser has no more
// than six connections for a server, for all its tabs together, and the seventh tab would wait for ever.
document.addEventListener('visibilitychange', () => {
  begun = performance.now();
  connect();
  link();
});

setInterval(() => {
  if (!source) return;
  link();
  const silent = performance.now() - begun;
  // A refusal closes it: too many watch, or there is no such target any more.
  if (source.readyState === EventSource.CLOSED && silent > stale) target = null;
  if (source.readyState === EventSource.CLOSED || (silent > dead && Math.round(silent / 1000) % 5 === 0)) connect();
}, 1000);
