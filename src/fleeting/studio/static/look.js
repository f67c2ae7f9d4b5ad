// The selected event from near: a loop, onset against apex, motion magnified, flow over the apex.
import { $, ask, element, frames, get } from "./api.js";

const MODES = [["loop", "loop", "l"], ["flicker", "onset/apex", "f"], ["magnified", "magnified", "m"], ["flow", "flow", "v"]];
const FLICKER_MS = 420;

export class Look {
  constructor(analysis, rate) {
    Object.assign(this, { path: `/analyses/${analysis}`, rate, mode: "loop", pictures: [], at: 0 });
    this.canvas = $("look");
    this.buttons = MODES.map(([mode, name, key]) => element("button", { title: key, onclick: () => this.set(mode) }, name));
    $("modes").replaceChildren(...this.buttons);
    for (const id of ["look-speed", "alpha"]) $(id).addEventListener("input", () => this.knobs());
    $("alpha").addEventListener("change", () => { if (this.mode === "magnified") this.load(); });
    this.knobs();
    this.turn();
  }

  knobs() {
    const power = Number($("look-speed").value);
    this.speed = 2 ** power;
    $("look-speed-said").textContent = power < 0 ? `1/${2 ** -power}` : `× ${2 ** power}`;
    $("alpha-said").textContent = `${1 + Number($("alpha").value)} times`;
    this.buttons.forEach((button, k) => {
      button.classList.toggle("on", MODES[k][0] === this.mode);
      button.setAttribute("aria-pressed", MODES[k][0] === this.mode);
    });
  }

  set(mode) {
    this.mode = this.mode === mode ? "loop" : mode;
    this.knobs();
    this.load();
  }

  // Another event, or other frames of it.
  show(event) {
    const key = event && [event.id, event.face, event.onset, event.apex, event.offset].join();
    if (key === this.key) return;
    Object.assign(this, { event, key });
    if (event) this.load();
  }

  async load() {
    if (!this.event) return;
    this.stopper?.abort();
    const stopper = (this.stopper = new AbortController());
    const { face, onset, apex, offset } = this.event;
    this.pictures = []; // of another event, or another way to see it
    this.still(`/api${this.path}/crop?face=${face}&frame=${onset}`, stopper.signal);
    const where = `face=${face}&onset=${onset}&apex=${apex}`;
    try {
      let blobs = [];
      if (this.mode === "flow") blobs = [[apex, await (await ask(`${this.path}/overlay?${where}`, { signal: stopper.signal })).blob()]];
      else {
        const alpha = this.mode === "magnified" ? Number($("alpha").value) : 0;
        for await (const each of frames(`${this.path}/look?${where}&offset=${offset}&alpha=${alpha}`, stopper.signal)) blobs.push(each);
      }
      if (this.mode === "flicker") blobs = [blobs[0], blobs.find(([frame]) => frame === apex)];
      const pictures = await Promise.all(blobs.map(async ([frame, blob]) => [frame, await createImageBitmap(blob)]));
      if (stopper.signal.aborted) return;
      Object.assign(this, { pictures, at: 0 });
      if (this.mode === "flow") this.units(where, stopper.signal);
    } catch (error) {
      if (error.name !== "AbortError") { this.pictures = []; this.say(error.message); }
    }
  }

  // The onset, until the rest is here.
  async still(address, signal) {
    const picture = new Image();
    picture.src = address;
    await picture.decode().catch(() => null);
    if (signal.aborted || this.pictures.length || !picture.width) return;
    this.canvas.width = this.canvas.height = picture.width;
    this.canvas.getContext("2d").drawImage(picture, 0, 0);
  }

  async units(where, signal) {
    const found = await get(`${this.path}/units?${where}`, { signal }).catch(() => []);
    if (!signal.aborted) this.onUnits?.(found.slice(0, 6));
  }

  say(text) {
    const c = this.canvas.getContext("2d");
    c.clearRect(0, 0, this.canvas.width, this.canvas.height);
    this.canvas.title = text;
  }

  // How many frames the picture that is shown stands for: long events are thinned.
  lasts() {
    const next = this.pictures[this.at + 1];
    return next ? next[0] - this.pictures[this.at][0] : 1;
  }

  turn() {
    let last = 0;
    const next = (now) => {
      const each = this.mode === "flicker" ? FLICKER_MS : (1000 * this.lasts()) / (this.rate * this.speed);
      if (this.pictures.length && now - last >= each) {
        last = now;
        this.at = (this.at + 1) % this.pictures.length;
        const [frame, picture] = this.pictures[this.at];
        if (this.canvas.width !== picture.width) this.canvas.width = this.canvas.height = picture.width;
        this.canvas.getContext("2d").drawImage(picture, 0, 0);
        this.canvas.dataset.frame = frame;
        this.canvas.dataset.mode = this.mode;
      }
      requestAnimationFrame(next);
    };
    requestAnimationFrame(next);
  }
}
