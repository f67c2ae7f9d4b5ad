// The live page: a camera's frames are sent to be measured, and what they show is drawn over them.
import { $, ask, clock, count, element, get, post, toast } from "./api.js";
import { LANES, colourOf } from "./timeline.js";

const SIDES = { width: 640, height: 480 };
const QUALITY = 0.92; // of the JPEG that is measured
const WAITING = 6; // frames that wait to be sent; of more, some are dropped, and counted
const ALIVE_MS = 2500; // a word at least so often, so that the other end knows that somebody is there
const SHOWN_S = 20;
const RECENT_S = 2; // what the numbers are about
const DRAW_MS = 80; // between two drawings of the signals
// Outlines in the 68 points of the face: jaw, brows, nose, eyes, lips.
const LINES = [[0, 16], [17, 21], [22, 26], [27, 30], [31, 35], [36, 41, true], [42, 47, true], [48, 59, true], [60, 67, true]];
const OTHERS = { // one, and many
  blink: ["blink", "blinks"], speech: ["stretch of speech", "stretches of speech"], head: ["head movement", "head movements"],
  closed: ["time of shut eyes", "times of shut eyes"],
};
const STATES = { new: "", kept: "looked at again: kept", changed: "looked at again: corrected", gone: "looked at again: taken back" };

const lanes = LANES.filter(([name]) => !["micro", "head"].includes(name));
const see = { about: null, session: null, running: false, waiting: [], free: [], events: new Map(), lines: null, recent: [], counts: null };

const trouble = (text) => { $("banner").hidden = !text; $("banner").textContent = text ?? ""; };
const now = () => performance.now() / 1000; // as the browser times its frames

async function start() {
  $("start").disabled = true;
  trouble(null);
  try {
    if (see.about.camera === null) await openCamera();
    $("absent").textContent = "Starting…";
    Object.assign(see, await post("/live/begin", { record: $("record").checked }));
    Object.assign(see, { running: true, waiting: [], events: new Map(), lines: [[], ...lanes.map(() => [])], recent: [], lags: [], first: null, sent: 0,
      counts: { sent: 0, measured: 0, dropped: 0, latencies: [] } });
    if (see.notes.length) trouble(see.notes.join(" "));
    $("events").replaceChildren();
    $("others").textContent = "";
    $("absent").hidden = true;
    $("picture").hidden = false;
    $("recording").hidden = !see.recording;
    $("recording").textContent = see.recording ? `● recording into ${see.recording}` : "";
    $("start").textContent = "Stop";
    document.body.dataset.state = "running";
    if (see.about.camera === null) watchFrames();
    send();
  } catch (error) {
    closeCamera();
    $("absent").textContent = error.message;
  } finally {
    $("record").disabled = see.running;
    $("start").disabled = false;
  }
}

async function openCamera() {
  if (!navigator.mediaDevices) throw new Error("A browser gives its camera only to pages of its own machine: open the studio there.");
  try {
    const wanted = { width: { ideal: SIDES.width }, height: { ideal: SIDES.height }, frameRate: { ideal: 30 } };
    see.stream = await navigator.mediaDevices.getUserMedia({ video: wanted, audio: false });
  } catch (error) {
    const why = { NotAllowedError: "The browser was not allowed to use the camera. Allow it in the address bar, and start again.",
      NotFoundError: "This machine has no camera, or it is not plugged in." };
    throw new Error(why[error.name] ?? `The camera cannot be opened (${error.message}). Close other programs that use it.`);
  }
  $("video").srcObject = see.stream;
  await $("video").play();
}

function closeCamera() {
  for (const track of see.stream?.getTracks() ?? []) track.stop();
  see.stream = null;
}

// Each frame of the browser's camera: kept for the next message, or dropped where too many wait.
function watchFrames() {
  const video = $("video");
  const scale = Math.min(1, SIDES.width / video.videoWidth, SIDES.height / video.videoHeight);
  const [width, height] = [video.videoWidth, video.videoHeight].map((side) => Math.round(side * scale));
  see.free = Array.from({ length: 3 * WAITING }, () => new OffscreenCanvas(width, height));
  let [last, presented] = [-1, null];
  const next = (at, about = {}) => {
    if (!see.running) return;
    again();
    // What the browser presented while this page was busy is lost, too.
    if (presented !== null && about.presentedFrames > presented + 1) see.counts.dropped += about.presentedFrames - presented - 1;
    presented = about.presentedFrames ?? null;
    const time = (about.captureTime ?? at) / 1000;
    if (time <= last) return;
    last = time;
    if (see.waiting.length === WAITING) {
      see.free.push(see.waiting.splice(needless(see.waiting, time), 1)[0].canvas);
      see.counts.dropped += 1;
    }
    const canvas = see.free.pop();
    canvas.getContext("2d").drawImage(video, 0, 0, width, height);
    see.waiting.push({ time, canvas });
    see.wake?.();
  };
  const again = () => (video.requestVideoFrameCallback ? video.requestVideoFrameCallback(next) : requestAnimationFrame(next));
  again();
}

// Which of the waiting frames leaves the smallest gap: on a slow machine there are fewer frames then, but no holes.
function needless(waiting, next) {
  const times = [see.sent, ...waiting.map((each) => each.time), next];
  const gaps = waiting.map((_, k) => times[k + 2] - times[k]);
  return gaps.indexOf(Math.min(...gaps));
}

// One message at a time: what waits is sent when the one before has been answered.
async function send() {
  const mine = see.session;
  const machine = see.about.camera !== null;
  while (see.running && see.session === mine) {
    if (!machine && !see.waiting.length) await new Promise((done) => { see.wake = done; setTimeout(done, ALIVE_MS); });
    const sent = see.waiting.splice(0, see.about.at_once);
    see.counts.sent += sent.length;
    see.sent = sent.at(-1)?.time ?? see.sent;
    try {
      const answer = await ask(`/live/frames?session=${mine}`, { method: "POST", body: await packed(sent) });
      await take(sent, ...(machine ? await unpacked(answer) : [await answer.json(), null]));
    } catch (error) {
      if (see.running && see.session === mine) finish(error.status ? error.message : "The studio does not answer. Start it again: fleeting live.");
    } finally { see.free.push(...sent.map((each) => each.canvas)); }
  }
}

async function packed(sent) {
  const parts = [];
  const pictures = await Promise.all(sent.map(({ canvas }) => canvas.convertToBlob({ type: "image/jpeg", quality: QUALITY })));
  for (const [k, picture] of pictures.entries()) {
    const head = new DataView(new ArrayBuffer(12));
    head.setFloat64(0, sent[k].time, true);
    head.setUint32(8, picture.size, true);
    parts.push(head, picture);
  }
  return new Blob(parts);
}

async function unpacked(answer) {
  const all = await answer.arrayBuffer();
  const length = new DataView(all).getUint32(0, true);
  const picture = await createImageBitmap(new Blob([all.slice(4 + length)], { type: "image/jpeg" }));
  return [JSON.parse(new TextDecoder().decode(new Uint8Array(all, 4, length))), picture];
}

async function take(sent, results, picture) {
  const { frames, events } = results;
  see.counts.measured += frames.length;
  if (picture) see.counts.dropped = results.dropped;
  else see.counts.dropped += sent.length - frames.length; // not decoded, or too late
  const last = frames.at(-1);
  for (const frame of frames) line(frame);
  if (last) draw(picture ?? sent.find((each) => Math.abs(each.time - last.time) < 1e-3)?.canvas, last);
  // How old the newest picture on the screen is: the browser's by its own clock, the machine's as it said.
  const behind = last ? results.age_s ?? now() - last.time : 0;
  for (const event of events) hear(event, behind + (last?.time ?? 0) - event.offset_s);
  if (last) numbers(frames, behind);
}

function line(frame) {
  see.first ??= frame.time;
  const [times, ...values] = see.lines;
  times.push(frame.time);
  lanes.forEach(([, , names], k) => {
    values[k].push(frame.regions ? Math.max(...names.map((name) => frame.regions[see.regions.indexOf(name)])) : null);
  });
  const old = times.findIndex((time) => time >= frame.time - SHOWN_S);
  if (old > 30) for (const each of see.lines) each.splice(0, old);
}

// The picture that was measured, with what was found in it: they belong together.
function draw(picture, { points, regions }) {
  const canvas = $("picture");
  const c = canvas.getContext("2d");
  if (picture) {
    if (canvas.width !== picture.width || canvas.height !== picture.height) [canvas.width, canvas.height] = [picture.width, picture.height];
    c.drawImage(picture, 0, 0);
    picture.close?.();
  }
  document.body.dataset.face = points ? "yes" : "no";
  if (!points) return;
  c.lineWidth = 1.5;
  for (const [colour, width] of [["#0009", 3], ["#fffc", 1.2]]) {
    c.strokeStyle = colour;
    c.lineWidth = width;
    for (const [from, to, closed] of LINES) {
      c.beginPath();
      for (let k = from; k <= to; k++) c.lineTo(...points[k]);
      if (closed) c.closePath();
      c.stroke();
    }
  }
  if (!regions) return;
  // How far each region moves from where it was a moment ago, as a disc on it.
  const size = Math.hypot(points[45][0] - points[36][0], points[45][1] - points[36][1]);
  see.regions.forEach((name, k) => {
    const at = PLACES[name].map((point) => points[point]);
    const away = Math.abs(regions[k] - (see.usual?.[k] ?? regions[k]));
    c.fillStyle = "#ff4fae99";
    c.beginPath();
    c.arc(at.reduce((sum, p) => sum + p[0], 0) / at.length, at.reduce((sum, p) => sum + p[1], 0) / at.length, Math.min(0.03 * away, 0.15) * size, 0, 7);
    c.fill();
  });
  see.usual = regions.map((value, k) => (see.usual ? 0.97 * see.usual[k] + 0.03 * value : value));
}

const PLACES = {
  right_brow: [18, 20], left_brow: [23, 25], inner_brow: [21, 22], right_eye: [36, 39], left_eye: [42, 45], right_cheek: [2, 31, 48],
  left_cheek: [14, 35, 54], nose: [30], right_mouth: [48], left_mouth: [54], chin: [8, 57],
};

function hear(event, after) {
  const known = see.events.get(event.id);
  see.events.set(event.id, { ...event, after: known?.after ?? after });
  if (event.state === "new") { see.counts.latencies.push([event.kind, after]); $("event-latency").textContent = `${after.toFixed(2)} s`; }
  const told = [...see.events.values()].filter((each) => each.state !== "gone");
  const kinds = Object.keys(OTHERS).map((kind) => [kind, told.filter((each) => each.kind === kind).length]);
  $("others").textContent = kinds.filter(([, n]) => n).map(([kind, n]) => `${n} ${OTHERS[kind][n === 1 ? 0 : 1]}`).join(", ");
  if (OTHERS[event.kind]) return; // in the strip only
  const row = element("li", { class: `${event.kind} ${event.state}`, "data-id": event.id, "data-state": event.state, "data-kind": event.kind },
    element("div", {}, element("b", {}, event.kind), ` at ${clock(event.onset_s - see.first)}, ${event.open.includes("offset") ? "not ended yet" : `${Math.round(1000 * (event.offset_s - event.onset_s))} ms`}`),
    element("div", { class: "dim" }, event.regions.replaceAll("_", " ").replaceAll("+", ", ")),
    element("div", { class: "dim" }, [`shown ${(known?.after ?? after).toFixed(2)} s after its end`, STATES[event.state]].filter(Boolean).join(" · ")));
  const before = $("events").querySelector(`[data-id="${event.id}"]`);
  if (before) before.replaceWith(row); else if (event.state !== "gone") $("events").prepend(row);
  while ($("events").children.length > 200) $("events").lastElementChild.remove();
}

function numbers(frames, behind) {
  const at = now();
  const lags = frames.map((frame) => behind + frames.at(-1).time - frame.time);
  see.recent.push(...lags.map((lag) => [at, lag]));
  see.lags.push(...lags);
  if (see.lags.length > 4000) see.lags.splice(0, 1000);
  while (see.recent.length && see.recent[0][0] < at - RECENT_S) see.recent.shift();
  if (!see.said || at - see.said > 0.25) {
    see.said = at;
    const sorted = see.recent.map(([, lag]) => lag).sort((a, b) => a - b);
    const { measured, dropped } = see.counts;
    const span = Math.max(Math.min(RECENT_S, see.lines[0].at(-1) - see.lines[0][0]), 0.1);
    $("rate").textContent = (see.recent.length / span).toFixed(1);
    $("dropped").textContent = `${dropped} of ${measured + dropped}`;
    $("latency").textContent = `${Math.round(1000 * sorted[sorted.length >> 1])} ms`;
    Object.assign(document.body.dataset, { measured, dropped });
  }
  plot(at);
}

function plot(at) {
  if (at - (see.plotted ?? 0) < DRAW_MS / 1000) return;
  see.plotted = at;
  const box = $("plot");
  const n = lanes.length;
  see.chart ??= new uPlot({
    width: box.clientWidth, height: box.clientHeight, padding: [24, 6, 0, 6], legend: { show: false }, cursor: { show: false },
    scales: { x: { time: false, range: () => { const end = see.lines[0].at(-1) ?? 1; return [end - SHOWN_S, end]; } },
      ...Object.fromEntries(lanes.map(([name], k) => [name, { range: () => {
        const [low, high] = see.reach[k];
        return [low - (n - 1 - k) * (high - low), low + (k + 1) * (high - low)];
      } }])) },
    axes: [{ stroke: () => colourOf("--dim"), font: '11px system-ui, "Liberation Sans", sans-serif', size: 22, gap: 2, ticks: { show: false },
      grid: { stroke: () => colourOf("--hair"), width: 1 }, values: (_, splits) => splits.map((time) => clock(Math.max(time - see.first, 0), true)) }],
    series: [{}, ...lanes.map(([name], k) => ({ scale: name, width: 1, points: { show: false }, stroke: () => colourOf(["--right", "--left", "--mid"][k % 3]) }))],
    hooks: { draw: [over] },
  }, see.lines, box);
  see.reach = see.lines.slice(1).map((values) => {
    const known = values.filter((value) => value !== null);
    const low = Math.min(...known, Infinity);
    return Number.isFinite(low) ? [low, low + 1.1 * Math.max(Math.max(...known) - low, 1)] : [0, 1];
  });
  see.chart.setData(see.lines);
}

function over(u) {
  const c = u.ctx;
  const p = devicePixelRatio;
  const { left, top, width, height } = u.bbox;
  c.save();
  c.beginPath();
  c.rect(left, 0, width, top + height);
  c.clip();
  for (const event of see.events.values()) {
    if (event.offset_s < u.scales.x.min || event.state === "gone") continue;
    const [x, to] = [event.onset_s, event.offset_s].map((time) => u.valToPos(time, "x", true));
    const other = OTHERS[event.kind];
    c.fillStyle = colourOf({ micro: "--micro", macro: "--macro", blink: "--right", speech: "--left", head: "--mid" }[event.kind] ?? "--fill");
    c.fillRect(x, (other ? 16 : 4) * p, Math.max(to - x, 3 * p), (other ? 5 : 11) * p);
    c.globalAlpha = 0.12;
    if (!other) c.fillRect(x, top, Math.max(to - x, 3 * p), height);
    c.globalAlpha = 1;
  }
  c.font = `${11 * p}px system-ui, "Liberation Sans", sans-serif`;
  c.textBaseline = "top";
  c.textAlign = "left";
  lanes.forEach(([, name], k) => {
    c.fillStyle = colourOf("--dim");
    c.fillText(name, left + 4 * p, top + (height / lanes.length) * k + 2 * p);
  });
  c.restore();
}

// Stop, in good order or because something went wrong.
async function finish(why = null) {
  see.running = false;
  $("start").disabled = true;
  closeCamera();
  try {
    const ended = await post(`/live/end?session=${see.session}`, {});
    for (const event of ended.events) hear(event, now() - event.offset_s);
    const made = ended.recording;
    if (made?.name) trouble(`Recorded: ${made.name}, ${count(made.frames, "frame")}. It can be analysed on the first page.`);
    else if (made) why ??= `Nothing was recorded. ${made.failed}`;
  } catch (error) { why ??= error.message; }
  if (why) trouble(why);
  Object.assign($("recording"), { hidden: true });
  $("start").textContent = "Start";
  $("start").disabled = $("record").disabled = false;
  document.body.dataset.state = "ended";
}

$("start").addEventListener("click", () => (see.running ? finish() : start()));
addEventListener("pagehide", () => { if (see.running) navigator.sendBeacon(`/api/live/end?session=${see.session}`); });
document.addEventListener("visibilitychange", () => {
  if (see.running && see.about.camera === null) trouble(document.hidden ? null : "While this page was not to be seen, the browser showed it no frames: nothing was measured.");
});
new ResizeObserver(([{ contentRect }]) => see.chart?.setSize({ width: contentRect.width, height: contentRect.height })).observe($("plot"));
$("picture").hidden = true;
try {
  see.about = await get("/live");
  $("start").disabled = false; // not before it is known whose camera it is
  $("record").parentElement.title = `Off unless you tick it. A recording is kept in ${see.about.folder}.`;
  $("absent").textContent = see.about.camera === null ? "Start, and allow this page to use the camera. Its pictures go to this machine's own server, and are kept only if you record."
    : `Start: camera ${see.about.camera} of this machine is shown here. Its pictures are kept only if you record.`;
} catch (error) { toast(error.message); }
export { see };
