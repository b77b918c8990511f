// Elements from plain text. Nothing here parses markup: the page's policy forbids it, and event text is hostile.

const HOSTILE =
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164\ud800-\udfff\ufeff\uffa0\ufff0-\ufffb]/gu;

/** Text on one line, with a visible escape for each character that a screen would obey or not show. */
export function shown(text) {
  return String(text ?? "").replace(HOSTILE, (c) =>
    c === "\t" ? " " : "\\u" + c.codePointAt(0).toString(16).padStart(4, "0"),
  );
}

/** An element: h("li", {class: "x", onclick: f}, "text", other). Attributes that are null are left out. */
export function h(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (value === true) element.setAttribute(key, "");
    else if (value !== null && value !== undefined && value !== false) element.setAttribute(key, shown(value));
  }
  for (const child of children.flat()) {
    if (child === null || child === undefined || child === false) continue;
    element.append(child instanceof Node ? child : shown(child));
  }
  return element;
}

/** What the browser keeps for us, where it does. */
export function kept(name) {
  try {
    return localStorage.getItem(name);
  } catch {
    return null; // a page from a file, or a browser that keeps nothing
  }
}

export function keep(name, value) {
  try {
    localStorage.setItem(name, value);
  } catch {
    // it holds until the page is closed
  }
}

/** Call at most once in so many milliseconds, and once more for calls that came meanwhile. */
export function throttled(milliseconds, call) {
  let timer = 0;
  let last = -Infinity;
  return () => {
    if (timer) return;
    timer = setTimeout(
      () => {
        timer = 0;
        last = performance.now();
        call();
      },
      Math.max(0, last + milliseconds - performance.now()),
    );
  };
}

/** Say something to a screen reader. */
export function announce(text) {
  document.getElementById("said").textContent = shown(text);
}
