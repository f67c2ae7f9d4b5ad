// What all pages share: asking the server, frames out of its packed answers, and elements made of text.

export async function ask(path, options = {}) {
  const answer = await fetch(`/api${path}`, options);
  if (!answer.ok) {
    let text = await answer.text();
    try { text = JSON.parse(text).error; } catch { /* plain text */ }
    throw Object.assign(new Error(text), { status: answer.status });
  }
  return answer;
}

export const get = async (path, options) => (await ask(path, options)).json();

export const post = async (path, body) =>
  (await ask(path, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) })).json();

// Frames as they arrive: [number, Blob] each.
export async function* frames(path, signal) {
  const reader = (await ask(path, { signal })).body.getReader();
  let rest = new Uint8Array(0);
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const all = new Uint8Array(rest.length + value.length);
    all.set(rest);
    all.set(value, rest.length);
    let at = 0;
    const view = new DataView(all.buffer);
    while (all.length - at >= 8) {
      const length = view.getUint32(at + 4, true);
      if (all.length - at - 8 < length) break;
      yield [view.getUint32(at, true), new Blob([all.subarray(at + 8, at + 8 + length)], { type: "image/jpeg" })];
      at += 8 + length;
    }
    rest = all.slice(at);
  }
}

// An element; what it says is text, never markup.
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (value === true) made.setAttribute(key, "");
    else if (value !== false && value !== null && value !== undefined) made.setAttribute(key, value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

export const $ = (id) => document.getElementById(id);

export function clock(seconds, whole) {
  if (seconds === null || seconds === undefined || Number.isNaN(seconds)) return "–";
  const digits = whole ? 0 : 2;
  if (seconds < 60 && !whole) return `${seconds.toFixed(digits)} s`;
  const minutes = Math.floor(seconds / 60);
  return `${minutes}:${(seconds - 60 * minutes).toFixed(digits).padStart(digits ? 5 : 2, "0")}`;
}

export const count = (n, noun) => `${n} ${noun}${n === 1 ? "" : "s"}`;

let hiding = 0;
export function toast(text) {
  const box = $("toast");
  box.textContent = text;
  box.hidden = false;
  clearTimeout(hiding);
  hiding = setTimeout(() => { box.hidden = true; }, 4500);
}

// Blobs one after the other on a canvas, for as long as it is in the page.
export async function loop(canvas, blobs, fps) {
  const pictures = await Promise.all(blobs.map((blob) => createImageBitmap(blob)));
  if (!pictures.length) return;
  [canvas.width, canvas.height] = [pictures[0].width, pictures[0].height];
  let at = 0;
  const timer = setInterval(() => {
    if (!canvas.isConnected) return clearInterval(timer);
    canvas.getContext("2d").drawImage(pictures[at], 0, 0);
    at = (at + 1) % pictures.length;
  }, 1000 / fps);
}
