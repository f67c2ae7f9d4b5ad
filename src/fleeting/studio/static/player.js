// The video: exact frames by number, stepping, and playing at any speed.
import { ask, frames } from "./api.js";

const KEPT = 500; // frames
const AHEAD = 48; // frames that are asked for at once
const DRAWN_PER_S = 30;
const SOUND = { rate: 24000, first: 2, next: 10, early: 1.5 }; // samples a second; s of the first and of later pieces, and how early they are asked for

export class Player {
  // tell(index) is called when another frame is shown.
  constructor(canvas, analysis, count, times, tell) {
    Object.assign(this, { canvas, count, times, tell });
    this.path = `/analyses/${analysis}/frames`;
    this.sound = `/analyses/${analysis}/sound`;
    this.kept = new Map();
    this.coming = new Map(); // number -> [resolve, reject] of those who wait
    this.index = 0; // of the cursor
    this.shown = -1; // of the picture on the screen: the true one
    this.speed = 1;
    this.playing = false;
    this.width = this.fitting();
    this.requests = new Set();
  }

  fitting() {
    return Math.min(1920, Math.ceil((this.canvas.clientWidth * devicePixelRatio) / 320) * 320 || 640);
  }

  // Show a frame as soon as it is here; of several wishes the last one counts.
  show(index) {
    return (this.showing = this.bring(index));
  }

  async bring(index) {
    const before = this.index;
    this.index = Math.min(Math.max(Math.round(index), 0), this.count - 1);
    this.tell(this.index);
    const wanted = this.index;
    const back = wanted < before && before - wanted < 4;
    const blob = await this.frame(wanted, back);
    if (wanted === this.index && blob) await this.draw(wanted, blob);
  }

  async draw(index, blob) {
    const picture = await createImageBitmap(blob);
    if (index !== this.index && !this.playing) return;
    if (this.canvas.width !== picture.width || this.canvas.height !== picture.height) {
      [this.canvas.width, this.canvas.height] = [picture.width, picture.height];
    }
    this.canvas.getContext("2d").drawImage(picture, 0, 0);
    picture.close();
    this.shown = index;
    this.canvas.dataset.frame = index;
  }

  // The picture of a frame; its neighbours in the direction of travel are asked for with it.
  frame(index, back = false) {
    if (this.kept.has(index)) {
      if (!back && !this.kept.has(index + 6) && !this.coming.has(index + 6)) this.ask(index + 1, index + 1 + AHEAD);
      return Promise.resolve(this.kept.get(index));
    }
    const here = new Promise((resolve, reject) => {
      this.coming.set(index, [...(this.coming.get(index) ?? []), [resolve, reject]]);
    });
    if (!this.asked(index)) this.ask(...(back ? [index - AHEAD / 2, index + 1] : [index, index + AHEAD / 4]));
    return here;
  }

  asked(index) {
    return [...this.requests].some((each) => each.start <= index && index < each.stop && (index - each.start) % each.step === 0);
  }

  async ask(start, stop, step = 1) {
    const range = { start: Math.max(0, start), stop: Math.min(stop, this.count), step, stopper: new AbortController() };
    while (range.start < range.stop && this.kept.has(range.start)) range.start += step;
    if (range.start >= range.stop) return;
    // What nobody waits for any more makes way for what is looked at now.
    for (const other of this.requests) if (!this.playing && !this.waitedFor(other)) other.stopper.abort();
    this.requests.add(range);
    try {
      const path = `${this.path}?start=${range.start}&stop=${range.stop}&step=${step}&width=${this.width}`;
      for await (const [index, blob] of frames(path, range.stopper.signal)) this.keep(index, blob);
    } catch (error) {
      if (error.name !== "AbortError") console.warn(error.message);
    } finally {
      this.requests.delete(range);
      for (const [index, waiting] of this.coming) {
        if (index >= range.start && index < range.stop && !this.asked(index)) {
          this.coming.delete(index);
          for (const [resolve] of waiting) resolve(null);
        }
      }
    }
  }

  waitedFor(range) {
    return [...this.coming.keys()].some((index) => index === this.index && range.start <= index && index < range.stop);
  }

  keep(index, blob) {
    this.kept.delete(index);
    this.kept.set(index, blob);
    if (this.kept.size > KEPT) this.kept.delete(this.kept.keys().next().value);
    for (const [resolve] of this.coming.get(index) ?? []) resolve(blob);
    this.coming.delete(index);
  }

  toggle() {
    if (this.playing) this.pause();
    else this.play();
  }

  pause() {
    this.playing = false;
    for (const each of this.requests) each.stopper.abort();
    for (const each of this.voices ?? []) each.stop();
    this.tell(this.index);
    this.show(this.index);
  }

  // The sound of what is played, piece by piece, each at its time: one that comes late begins in its midst.
  async voice(from, begun) {
    const audio = (this.audio ??= new AudioContext({ sampleRate: SOUND.rate }));
    const mine = (this.voices = []);
    const last = this.times[this.count - 1];
    for (let at = from, long = SOUND.first; at < last; at += long, long = SOUND.next) {
      const piece = await (await ask(`${this.sound}?start=${at}&stop=${at + long}`)).arrayBuffer();
      const samples = new Int16Array(piece);
      if (!this.playing || this.voices !== mine || !samples.length) return;
      const buffer = audio.createBuffer(1, samples.length, SOUND.rate);
      buffer.getChannelData(0).set(Float32Array.from(samples, (each) => each / 32768));
      const voice = Object.assign(audio.createBufferSource(), { buffer });
      voice.connect(audio.destination);
      const late = (performance.now() - begun) / 1000 - (at - from);
      if (late < long) voice.start(audio.currentTime + Math.max(-late, 0), Math.max(late, 0));
      mine.push(voice);
      await new Promise((done) => setTimeout(done, 1000 * Math.max(long - late - SOUND.early, 0)));
      if (!this.playing || this.voices !== mine) return;
    }
  }

  // True time: where pictures come too late, they are left out, and never shown slower.
  play() {
    if (this.index >= this.count - 1) this.index = 0;
    this.playing = true;
    const begun = performance.now();
    const from = this.times[this.index];
    const rate = this.count / (this.times[this.count - 1] - this.times[0] || 1);
    const step = Math.max(1, Math.round((rate * this.speed) / DRAWN_PER_S));
    const first = this.index;
    let asked = this.index;
    const next = async () => {
      if (!this.playing) return;
      const time = from + ((performance.now() - begun) / 1000) * this.speed;
      const due = Math.min(frameAt(this.times, time), this.count - 1);
      if (due + AHEAD * step > asked && asked < this.count) {
        this.ask(asked, asked + AHEAD * step, step);
        asked += AHEAD * step;
      }
      let best = first + Math.floor((due - first) / step) * step;
      while (best > this.index && !this.kept.has(best)) best -= step;
      if (best > this.index || this.shown < 0) {
        this.index = best;
        if (this.kept.has(best)) await this.draw(best, this.kept.get(best));
        this.tell(best);
      }
      if (due >= this.count - 1) { this.index = this.count - 1; this.pause(); } else requestAnimationFrame(next);
    };
    this.tell(this.index);
    requestAnimationFrame(next);
    if (this.speed === 1) this.voice(from, begun).catch((error) => console.warn(error.message));
  }
}

// The frame that is shown at a time.
export function frameAt(times, time) {
  let [low, high] = [0, times.length - 1];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (times[middle] <= time) low = middle; else high = middle - 1;
  }
  return low;
}
