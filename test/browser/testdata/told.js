// Writes down each thing that the page tells about the approaches, so that nothing is missed between two looks at it.
(() => {
  window.told = [];
  const words = (selector) => [...document.querySelectorAll(selector)];
  const look = () => {
    const now = JSON.stringify({
      States: words('#chart .row').map((row) => `${row.dataset.approach} ${row.dataset.state}`).join(', '),
      Lines: words('#lines li').map((line) => line.textContent.replace(/\s+/g, ' ').trim()),
    });
    if (told.at(-1) !== now && told.length < 5000) told.push(now);
  };
  new MutationObserver(look).observe(document.body, { subtree: true, childList: true, characterData: true, attributeFilter: ['data-state'] });
  look();
})()
