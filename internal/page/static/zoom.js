// The choice of how much time is shown.
import { el, set, byId } from './dom.js';
import { view, windows } from './view.js';

export function start(changed) {
  const group = byId('zoom');
  const pick = (i, focus) => {
    view.window = windows[i];
    [...group.children].forEach((b, k) => {
      set(b, 'aria-checked', String(k === i));
      set(b, 'tabindex', k === i ? 0 : -1);
    });
    if (focus) group.children[i].focus();
    changed();
  };
  windows.forEach((w, i) => group.append(el('button', { type: 'button', role: 'radio', 'data-window': w.name, onclick: () => pick(i, false) }, w.name)));
  group.addEventListener('keydown', (e) => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[e.key];
    if (!step) return;
    e.preventDefault();
    pick((windows.indexOf(view.window) + step + windows.length) % windows.length, true);
  });
  pick(0, false);
}
