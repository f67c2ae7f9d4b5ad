// The timeline: signals in lanes (uPlot), events above them, handles to drag, and a map of the whole recording.
import { frameAt } from "./player.js";

export const LANES = [
  ["micro", "spotter", ["micro"]],
  ["brows", "brows", ["right_brow", "left_brow", "inner_brow"]],
  ["eyes", "eyes", ["right_eye", "left_eye"]],
  ["cheeks", "cheeks, nose", ["right_cheek", "left_cheek", "nose"]],
  ["mouth", "mouth, chin", ["right_mouth", "left_mouth", "chin"]],
  ["head", "head", ["head_speed"]],
];
const COARSE = [1, 4, 16, 64]; // frames of one pair (lowest, highest) of points, where many are in view
const MANY = 2400; // points in view, at most
const EVENTS = 46; // px for the events
const GRIP = 7; // px
const LEAST = 24; // frames in view
const MOMENTS = ["onset", "apex", "offset"];
const colours = new Map();

// A colour of the style sheet by its name.
export function colourOf(name) {
  if (!colours.has(name)) colours.set(name, getComputedStyle(document.body).getPropertyValue(name).trim());
  return colours.get(name);
}

export class Timeline {
  // see: { seek(frame), choose(id), move(id, moment, frame, done) }
  constructor(box, map, data, others, see) {
    Object.assign(this, { box, map, others, see, count: data.frames });
    this.times = data.columns.time;
    this.end = this.times[this.count - 1] || 1;
    this.events = [];
    this.selected = null;
    this.cursor = 0;
    this.shown = [0, 0]; // what is in view, s: the chart itself is told, and knows a moment later
    this.fine = this.signals(data.columns);
    this.levels = COARSE.map((each) => (each === 1 ? this.fine : pairs(this.fine, each)));
    this.outside = stretches(data.columns.judged, this.times);
    this.build();
    this.grips();
    new ResizeObserver(() => { this.plot.setSize(this.size()); this.drawMap(); }).observe(box);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { colours.clear(); this.redraw(); });
  }

  signals(columns) {
    const lanes = LANES.filter(([, , names]) => names.some((name) => columns[name]));
    this.lanes = lanes;
    this.threshold = columns.threshold ? columns.threshold.find((value) => value > 0) : null;
    return [this.times, ...lanes.map(([, , names]) => {
      const parts = names.map((name) => columns[name]).filter(Boolean);
      return Array.from({ length: this.count }, (_, k) => {
        let most = -1;
        for (const part of parts) if (part[k] > most) most = part[k];
        return most < 0 ? null : most;
      });
    })];
  }

  size() {
    return { width: this.box.clientWidth, height: this.box.clientHeight };
  }

  build() {
    const n = this.lanes.length;
    const tops = this.lanes.map(([name], k) => Math.max(high(this.fine[k + 1]), name === "micro" ? 1.6 * (this.threshold ?? 1) : 1, 0.001));
    const scales = { x: { time: false } };
    this.lanes.forEach(([name], k) => { scales[name] = { auto: false, range: () => [-(n - 1 - k) * tops[k] * 1.04, (k + 1) * tops[k] * 1.04] }; });
    this.tops = tops;
    const small = '11px system-ui, "Liberation Sans", sans-serif';
    this.plot = new uPlot({
      ...this.size(),
      padding: [EVENTS, 6, 0, 6],
      legend: { show: false },
      cursor: { show: false },
      scales,
      axes: [{ stroke: () => colourOf("--dim"), font: small, size: 22, gap: 2, ticks: { show: false },
        grid: { stroke: () => colourOf("--hair"), width: 1 }, values: (_, splits, __, ___, step) => splits.map((t) => label(t, step)) }],
      series: [{}, ...this.lanes.map(([name], k) => ({
        scale: name, width: 1, points: { show: false }, spanGaps: false,
        stroke: () => colourOf(name === "micro" ? "--micro" : ["--right", "--left", "--mid"][k % 3]),
      }))],
      hooks: { drawClear: [(u) => this.under(u)], draw: [(u) => this.over(u)] },
    }, this.levels.at(-1), this.box);
    this.level = this.levels.at(-1);
    this.view(0, this.end);
  }


  // What is drawn of so long a stretch: every frame, or pairs of points.
  levelOf(span) {
    const inView = (span / this.end) * this.count;
    return this.levels[COARSE.findIndex((each) => (each === 1 ? inView : (2 * inView) / each) <= MANY)] ?? this.levels.at(-1);
  }

  // Show from one time to another, within the recording and no closer than some frames.
  view(from, to) {
    const least = (LEAST * this.end) / this.count;
    const span = Math.min(Math.max(to - from, least), this.end);
    const begin = Math.min(Math.max(from, 0), this.end - span);
    this.shown = [begin, begin + span];
    const level = this.levelOf(span);
    this.plot.batch(() => {
      if (level !== this.level) this.plot.setData((this.level = level), false);
      this.plot.setScale("x", { min: begin, max: begin + span });
    });
    this.drawMap();
  }

  zoom(factor, at = this.times[this.cursor]) {
    const [min, max] = this.shown;
    this.view(at - (at - min) * factor, at + (max - at) * factor);
  }

  whole() { this.view(0, this.end); }

  // Bring a stretch into view with room around it.
  reveal(onset, offset, close) {
    const [from, to] = [this.times[onset], this.times[offset]];
    const [min, max] = this.shown;
    const room = Math.max(to - from, 0.2) * 4;
    if (close) this.view(from - room, to + room);
    else if (from < min || to > max) this.view((from + to - (max - min)) / 2, (from + to + (max - min)) / 2);
  }

  setCursor(frame, playing) {
    this.cursor = frame;
    const time = this.times[frame];
    const [min, max] = this.shown;
    if (time < min || time > max) this.view(time - (playing ? 0.05 : 0.5) * (max - min), time + (playing ? 0.95 : 0.5) * (max - min));
    this.redraw();
  }

  setEvents(events, selected) {
    Object.assign(this, { events, selected });
    this.redraw();
    this.drawMap();
  }

  redraw() {
    this.asked ??= requestAnimationFrame(() => { this.asked = null; this.plot.redraw(false, false); });
  }

  x(time) { return this.plot.valToPos(time, "x", true); }

  under(u) {
    const c = u.ctx;
    const { left, top, width, height } = u.bbox;
    c.save();
    c.beginPath();
    c.rect(left, 0, width, top + height);
    c.clip();
    c.fillStyle = colourOf("--shade");
    for (const [from, to] of this.outside) c.fillRect(this.x(from), top, Math.max(this.x(to) - this.x(from), 1), height);
    if (this.threshold) {
      const y = u.valToPos(this.threshold, "micro", true);
      c.strokeStyle = colourOf("--dim");
      c.setLineDash([4, 4]);
      c.beginPath();
      c.moveTo(left, y);
      c.lineTo(left + width, y);
      c.stroke();
    }
    c.restore();
  }

  // Rows of the events' part: macro and micro, then what is no expression.
  over(u) {
    const c = u.ctx;
    const p = devicePixelRatio;
    const { left, top, width, height } = u.bbox;
    c.save();
    c.beginPath();
    c.rect(left, 0, width, top + height);
    c.clip();
    const frame = this.end / this.count;
    const [min, max] = this.shown;
    for (const { kind, onset_frame: a, offset_frame: b } of this.others) {
      const [from, to] = [this.times[a], this.times[b] + frame];
      if (to < min || from > max) continue;
      c.fillStyle = colourOf({ blink: "--right", speech: "--left", head: "--mid" }[kind] ?? "--fill");
      c.fillRect(this.x(from), (EVENTS - 10) * p, Math.max(this.x(to) - this.x(from), 1.5 * p), 5 * p);
    }
    for (const event of this.events) {
      const [from, to] = [this.times[event.onset], this.times[event.offset] + frame];
      if (to < min || from > max) continue;
      const [x, w] = [this.x(from), Math.max(this.x(to) - this.x(from), 3 * p)];
      const chosen = event.id === this.selected;
      c.fillStyle = colourOf(event.kind === "micro" ? "--micro" : "--macro");
      c.globalAlpha = chosen ? 0.16 : 0.07;
      if (event.verdict !== "rejected") c.fillRect(x, top, w, height);
      c.globalAlpha = event.verdict === "rejected" ? 0.25 : event.certain || event.revision ? 1 : 0.4;
      c.fillRect(x, 8 * p, w, 20 * p);
      c.globalAlpha = 1;
      if (event.verdict === "accepted") {
        c.fillStyle = colourOf("--good");
        c.fillRect(x, 29 * p, w, 3 * p);
      }
      if (chosen) this.drawMoments(c, event, top + height, p);
    }
    c.fillStyle = colourOf("--ink");
    c.fillRect(this.x(this.times[this.cursor]), 4 * p, Math.max(p, 1), top + height);
    c.font = `${11 * p}px system-ui, "Liberation Sans", sans-serif`;
    c.textBaseline = "top";
    c.textAlign = "left";
    this.lanes.forEach(([, name], k) => {
      const y = top + (height / this.lanes.length) * k + 2 * p;
      c.lineWidth = 3 * p;
      c.strokeStyle = colourOf("--card");
      c.strokeText(name, left + 4 * p, y);
      c.fillStyle = colourOf("--dim");
      c.fillText(name, left + 4 * p, y);
    });
    c.restore();
  }

  drawMoments(c, event, bottom, p) {
    c.strokeStyle = c.fillStyle = colourOf("--ink");
    c.lineWidth = 1.5 * p;
    for (const moment of MOMENTS) {
      const x = this.x(this.at(event, moment));
      c.setLineDash(moment === "apex" ? [3 * p, 3 * p] : []);
      c.beginPath();
      c.moveTo(x, 6 * p);
      c.lineTo(x, bottom);
      c.stroke();
      c.setLineDash([]);
      c.beginPath();
      c.arc(x, 6 * p, 4 * p, 0, 7);
      c.fill();
    }
  }

  // Where a moment's line stands: the offset's behind its frame, which belongs to the event.
  at(event, moment) {
    const frame = this.end / this.count;
    return this.times[event[moment]] + (moment === "offset" ? frame : moment === "apex" ? frame / 2 : 0);
  }

  grips() {
    const box = this.box;
    let held = null;
    const place = (event) => event.clientX - box.getBoundingClientRect().left - this.plot.bbox.left / devicePixelRatio;
    const timeAt = (x) => this.plot.posToVal(x, "x");
    const near = (x) => {
      const chosen = this.events.find((event) => event.id === this.selected);
      const found = chosen && MOMENTS.map((moment) => [Math.abs(this.plot.valToPos(this.at(chosen, moment), "x") - x), moment]).sort((a, b) => a[0] - b[0])[0];
      return found && found[0] < GRIP ? found[1] : null;
    };
    box.addEventListener("pointerdown", (event) => {
      const x = place(event);
      held = { x, moment: near(x), from: this.shown[0], to: this.shown[1], moved: false };
      box.setPointerCapture(event.pointerId);
    });
    box.addEventListener("pointermove", (event) => {
      const x = place(event);
      if (!held) { box.style.cursor = near(x) ? "ew-resize" : "default"; return; }
      held.moved ||= Math.abs(x - held.x) > 3;
      if (held.moment) this.see.move(this.selected, held.moment, this.frameOf(timeAt(x), held.moment), false);
      else if (held.moved) {
        const shift = ((held.x - x) / this.plot.over.clientWidth) * (held.to - held.from);
        this.view(held.from + shift, held.to + shift);
      }
    });
    box.addEventListener("pointerup", (event) => {
      const x = place(event);
      if (held?.moment && held.moved) this.see.move(this.selected, held.moment, this.frameOf(timeAt(x), held.moment), true);
      else if (held && !held.moved) {
        const frame = frameAt(this.times, timeAt(x));
        const y = event.clientY - box.getBoundingClientRect().top;
        const hit = y < EVENTS ? this.events.find((each) => Math.abs(this.plot.valToPos((this.times[each.onset] + this.times[each.offset]) / 2, "x") - x)
          < Math.max(5, (this.plot.valToPos(this.times[each.offset], "x") - this.plot.valToPos(this.times[each.onset], "x")) / 2 + 3)) : null;
        if (hit) this.see.choose(hit.id); else this.see.seek(frame);
      }
      held = null;
    });
    box.addEventListener("dblclick", () => this.whole());
    box.addEventListener("wheel", (event) => {
      event.preventDefault();
      const [min, max] = this.shown;
      const sideways = event.shiftKey ? event.deltaY : event.deltaX;
      if (Math.abs(sideways) > Math.abs(event.shiftKey ? 0 : event.deltaY)) this.view(min + (sideways / 800) * (max - min), max + (sideways / 800) * (max - min));
      else this.zoom(1.0016 ** event.deltaY, timeAt(place(event)));
    }, { passive: false });
    const jump = (event) => {
      if (event.type === "pointermove" && !event.buttons) return;
      const at = (event.offsetX / this.map.clientWidth) * this.end;
      const half = (this.shown[1] - this.shown[0]) / 2;
      this.view(at - half, at + half);
    };
    this.map.addEventListener("pointerdown", jump);
    this.map.addEventListener("pointermove", jump);
  }

  frameOf(time, moment) {
    const frame = this.end / this.count;
    return frameAt(this.times, time + (moment === "apex" ? 0 : frame / 2)) - (moment === "offset" ? 1 : 0);
  }

  drawMap() {
    const p = devicePixelRatio;
    const map = this.map;
    [map.width, map.height] = [map.clientWidth * p, map.clientHeight * p];
    const c = map.getContext("2d");
    const x = (time) => (time / this.end) * map.width;
    c.fillStyle = colourOf("--bar");
    c.fillRect(0, 4 * p, map.width, 12 * p);
    for (const event of this.events) {
      c.fillStyle = colourOf(event.kind === "micro" ? "--micro" : "--macro");
      c.globalAlpha = event.verdict === "rejected" ? 0.2 : event.certain || event.revision ? 1 : 0.4;
      c.fillRect(x(this.times[event.onset]), 5 * p, Math.max(x(this.times[event.offset]) - x(this.times[event.onset]), 2 * p), 10 * p);
    }
    c.globalAlpha = 1;
    const [min, max] = this.shown;
    c.strokeStyle = colourOf("--ink");
    c.lineWidth = 1.5 * p;
    c.strokeRect(x(min) + p, 1.5 * p, Math.max(x(max) - x(min) - 2 * p, 3 * p), 17 * p);
  }
}

// Columns of the server's binary answer by name.
export function columnsOf(buffer) {
  const length = new DataView(buffer).getUint32(0, true);
  const head = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)));
  const columns = {};
  head.columns.forEach((name, k) => { columns[name] = new Float32Array(buffer, 4 + length + 4 * k * head.frames, head.frames); });
  return { frames: head.frames, columns };
}

// Lowest and highest of each few frames, so that no peak is lost.
function pairs([times, ...lines], each) {
  const at = [];
  const out = lines.map(() => []);
  for (let from = 0; from < times.length; from += each) {
    const to = Math.min(from + each, times.length);
    at.push(times[from], times[to - 1] + 1e-6 * (to - from));
    lines.forEach((line, k) => {
      let [low, most] = [Infinity, -Infinity];
      for (let i = from; i < to; i++) if (line[i] !== null) { low = Math.min(low, line[i]); most = Math.max(most, line[i]); }
      out[k].push(most < low ? null : low, most < low ? null : most);
    });
  }
  return [at, ...out];
}

function high(line) {
  const sorted = Float32Array.from(line.filter((value) => value !== null)).sort();
  return sorted.length ? sorted[Math.floor(0.999 * (sorted.length - 1))] : 0;
}

function stretches(judged, times) {
  const out = [];
  if (!judged) return out;
  for (let k = 0, from = null; k <= judged.length; k++) {
    const outside = k < judged.length && judged[k] !== 1;
    if (outside && from === null) from = k;
    if (!outside && from !== null) { out.push([times[from], times[Math.min(k, judged.length - 1)]]); from = null; }
  }
  return out;
}

function label(time, step) {
  const digits = step >= 1 ? 0 : step >= 0.1 ? 1 : 2;
  if (time < 60) return `${time.toFixed(digits)} s`;
  const minutes = Math.floor(time / 60);
  return `${minutes}:${(time - 60 * minutes).toFixed(digits).padStart(digits ? 3 + digits : 2, "0")}`;
}
