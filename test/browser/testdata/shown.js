// What the page shows to who looks at it, as JSON: text, never what lies behind it.
JSON.stringify((() => {
  const all = (selector, from = document) => [...from.querySelectorAll(selector)];
  const text = (node) => (node?.checkVisibility() ? node.innerText.replace(/\s+/g, ' ').trim() : '');
  const one = (selector, from = document) => text(from.querySelector(selector));
  const texts = (selector, from) => all(selector, from).map(text);
  return {
    Title: one('#title'),
    Link: one('#link'),
    Banner: one('#banner'),
    Lines: texts('#lines li'),
    Lesson: one('#lesson'),
    News: document.querySelector('#news')?.textContent ?? '',
    Lanes: all('#chart .row').map((row) => ({
      Approach: one('.what', row),
      State: row.dataset.state,
      Words: one('.state', row),
      How: one('.how', row),
      Label: row.querySelector('.lane').getAttribute('aria-label'),
      Segments: all('.segment', row).map((s) => [s.dataset.state, s.title, s.textContent].join(' | ')),
    })),
    Ways: Object.fromEntries(all('#ways-list tr').map((row) => [one('.what', row),
      Object.fromEntries(all('[data-is]', row).map((cell) => [cell.dataset.is, text(cell)]))])),
    Flags: all('#chart .flag button').map((b) => b.getAttribute('aria-label')),
    Changes: all('#recreations-list > li').map((r) => ({
      N: Number(r.dataset.recreation),
      Title: one('.title', r),
      Open: r.querySelector('h3 button').getAttribute('aria-expanded') === 'true',
      Verdicts: texts('.verdicts li', r),
      Steps: texts('.steps li', r),
      Causes: texts('.causes li', r),
    })),
    Events: texts('#events-list li'),
    Targets: texts('#targets-list li'),
    Run: one('#run'),
    Window: one('#zoom [aria-checked=true]'),
  };
})())
