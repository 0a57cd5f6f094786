// The run's clock, as the prober has it: milliseconds since its start, and what time of day they were there.

let offset = null; // run clock less performance.now()
let wall = null; // wall clock at 0 of the run's clock, in milliseconds since 1970
let zone = 0; // what to add for the prober's time zone

// sync takes what the prober's clock says now.
export function sync(nowMS) {
  const seen = nowMS - performance.now();
  // A message can only be late: what is ahead is nearer to the truth, but a clock that runs otherwise is followed too.
  offset = offset === null || Math.abs(seen - offset) > 2000 ? seen : Math.max(seen, offset - 1);
}

// anchor says what time of day it was at an instant of the run.
export function anchor(atMS, time) {
  if (time) wall = Date.parse(time) - atMS;
}

export function setZone(seconds) {
  zone = seconds * 1000;
}

export function reset() {
  offset = null;
  wall = null;
}

// now is the run's clock; 0 before it is known.
export const now = () => (offset === null ? 0 : performance.now() + offset);

// timeOfDay is an instant of the run as the prober's log writes it.
export function timeOfDay(atMS) {
  if (wall === null) return '';
  return new Date(wall + atMS + zone).toISOString().slice(11, 19);
}

// dayStart is the instant of the run at which a round time of day lies, from which ticks are counted.
export const sinceMidnight = (atMS) => (wall === null ? atMS : wall + atMS + zone);
