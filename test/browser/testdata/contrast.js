// The contrast of each text with what is behind it, and of each mark with the card that it stands on: how many there are, and
// those that have too little, as JSON. https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio
JSON.stringify((() => {
  const forText = 4.5;
  const forMarks = 3;

  const parse = (text) => {
    let m = /^rgba?\((\d+), (\d+), (\d+)(?:, ([\d.]+))?\)$/.exec(text);
    if (m) return [m[1] / 255, m[2] / 255, m[3] / 255, Number(m[4] ?? 1)];
    m = /^color\(srgb ([\d.e-]+) ([\d.e-]+) ([\d.e-]+)(?: \/ ([\d.]+))?\)$/.exec(text);
    if (m) return [Number(m[1]), Number(m[2]), Number(m[3]), Number(m[4] ?? 1)];
    throw new Error(`a colour of another kind: ${text}`);
  };
  const over = ([r, g, b, a], [R, G, B]) => [r * a + R * (1 - a), g * a + G * (1 - a), b * a + B * (1 - a), 1];
  const linear = (c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
  const luminance = ([r, g, b]) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
  const ratio = (a, b) => {
    const [dark, light] = [luminance(a), luminance(b)].sort((x, y) => x - y);
    return (light + 0.05) / (dark + 0.05);
  };
  const colours = (image) => (image === 'none' ? [] : [...image.matchAll(/rgba?\([^)]*\)|color\([^)]*\)/g)].map(([c]) => parse(c)).filter((c) => c[3] > 0));

  // seen is how a colour on an element looks, and all colours that are behind it, where a gradient has several.
  const seen = (element, colour) => {
    const path = [];
    for (let e = element; e; e = e.parentElement) path.unshift(e);
    let behind = [[1, 1, 1, 1]];
    const groups = [];
    for (const e of path) {
      const style = getComputedStyle(e);
      if (Number(style.opacity) < 1) groups.push({ opacity: Number(style.opacity), under: behind[0] });
      const flat = parse(style.backgroundColor);
      behind = behind.map((b) => over(flat, b));
      const image = colours(style.backgroundImage);
      if (image.length > 0) behind = image.map((c) => over(c, behind[0]));
    }
    let pairs = behind.map((b) => [over(colour, b), b]);
    for (const { opacity, under } of groups.reverse()) pairs = pairs.map((pair) => pair.map((c) => over([...c.slice(0, 3), opacity], under)));
    return pairs;
  };
  const visible = (element) => {
    if (!element.checkVisibility({ opacityProperty: true, visibilityProperty: true })) return false;
    for (let e = element; e; e = e.parentElement) if (getComputedStyle(e).clipPath !== 'none') return false;
    return true;
  };
  const describe = (element) => `${element.localName}#${element.id}.${element.getAttribute('class') ?? ''}`;
  const poor = [];
  const judge = (what, element, pairs, least) => {
    const worst = Math.min(...pairs.map(([a, b]) => ratio(a, b)));
    if (worst < least) poor.push(`${worst.toFixed(2)} for ${what} in ${describe(element)} of ${describe(element.parentElement)}`);
  };

  let texts = 0;
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode;
    const element = node.parentElement;
    const range = document.createRange();
    range.selectNodeContents(node);
    if (!node.data.trim() || !visible(element) || ![...range.getClientRects()].some((r) => r.width > 1 && r.height > 1)) continue;
    texts++;
    judge(JSON.stringify(node.data.trim().slice(0, 40)), element, seen(element, parse(getComputedStyle(element).color)), forText);
  }
  let marks = 0;
  for (const icon of document.querySelectorAll('.icon')) {
    if (!visible(icon)) continue;
    marks++;
    const disc = parse(getComputedStyle(icon.querySelector('circle')).fill);
    judge(`the mark ${icon.dataset.state}`, icon, seen(icon, disc), forMarks);
    judge(`the sign in the mark ${icon.dataset.state}`, icon, [[parse(getComputedStyle(icon.querySelector('path')).stroke), disc]], forMarks);
  }
  return { Texts: texts, Marks: marks, Poor: [...new Set(poor)] };
})())
