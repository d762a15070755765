// Elements from names, attributes and children. Text is always text, never HTML.
export function el(tag, attributes = {}, ...children) {
  return filled(document.createElement(tag), attributes, children);
}

export function svg(tag, attributes = {}, ...children) {
  return filled(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
}

function filled(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== undefined && value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== undefined && child !== null));
  return element;
}

// Links go to web pages only, in a tab of their own.
export function link(url, ...children) {
  const safe = /^(https?|mailto):/i.test(url);
  return el("a", safe ? { href: url, target: "_blank", rel: "noopener noreferrer" } : {}, ...children);
}
