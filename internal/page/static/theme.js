// Light, dark, or as the system has it.
import { say, set, byId } from './dom.js';

const themes = ['auto', 'light', 'dark'];
const key = 'callbyname-theme';

function stored() {
  try {
    return localStorage.getItem(key);
  } catch {
    return null; // storage may be forbidden
  }
}

function store(theme) {
  try {
    localStorage.setItem(key, theme);
  } catch {
    // then it holds for this visit
  }
}

export function start() {
  const button = byId('theme');
  let theme = themes.includes(stored()) ? stored() : 'auto';
  const show = () => {
    set(document.documentElement, 'data-theme', theme === 'auto' ? null : theme);
    say(button, { auto: 'Theme: auto', light: 'Theme: light', dark: 'Theme: dark' }[theme]);
  };
  button.addEventListener('click', () => {
    theme = themes[(themes.indexOf(theme) + 1) % themes.length];
    store(theme);
    show();
  });
  show();
}
