// Elements and text. Nothing here or elsewhere makes markup of a string: what a target says of itself stays text.

const svgNS = 'http://www.w3.org/2000/svg';

// el makes an element. Attributes that are null or false are left out; children that are null too, and strings are text.
export function el(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

// svg is el for drawings.
export function svg(tag, attributes = {}, ...children) {
  return fill(document.createElementNS(svgNS, tag), attributes, children);
}

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith('on')) node.addEventListener(name.slice(2), value);
    else set(node, name, value);
  }
  node.append(...children.filter((c) => c !== null && c !== undefined));
  return node;
}

// set sets an attribute where it is another one now; null and false take it away.
export function set(node, name, value) {
  if (value === null || value === undefined || value === false) {
    if (node.hasAttribute(name)) node.removeAttribute(name);
    return;
  }
  const text = value === true ? '' : String(value);
  if (node.getAttribute(name) !== text) node.setAttribute(name, text);
}

// say sets an element's text where it is another one now, so that nothing that stays is drawn or read out again.
export function say(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

export const byId = (id) => document.getElementById(id);

// keyed makes a list's children from items: one that has a child already keeps it. make makes the child of an item, update
// brings one up to date.
export function keyed(list, items, key, make, update) {
  const old = new Map();
  for (const child of list.children) old.set(child.dataset.key, child);
  let at = list.firstElementChild;
  for (const item of items) {
    const k = String(key(item));
    let child = old.get(k);
    old.delete(k);
    if (!child) {
      child = make(item);
      child.dataset.key = k;
    }
    update(child, item);
    if (child === at) at = at.nextElementSibling;
    else list.insertBefore(child, at);
  }
  for (const child of old.values()) child.remove();
}
