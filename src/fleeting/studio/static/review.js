// The review page: what was found, looked at, corrected, and exported; by keyboard first.
import { $, ask, clock, count, element, get, post, toast } from "./api.js";
import { Coding } from "./coding.js";
import { Look } from "./look.js";
import { Player } from "./player.js";
import { Timeline, columnsOf } from "./timeline.js";

const EMOTIONS = ["happiness", "surprise", "disgust", "repression", "sadness", "fear", "anger", "contempt", "others", "positive", "negative", "unclear"];
const MARKS = { open: "", accepted: "✓", rejected: "✕" };
const FIELDS = ["onset", "apex", "offset", "kind", "emotion", "aus", "note"];
const id = new URLSearchParams(location.search).get("a") ?? "";
const see = { coding: null, player: null, timeline: null, look: null, about: null, selected: null, face: 1, dragged: null };

async function begin() {
  try {
    see.about = await get(`/analyses/${id}`);
  } catch (error) {
    return trouble(error.message);
  }
  $("name").textContent = document.title = see.about.name;
  const coder = sessionStorage.getItem("fleeting.coder") ?? localStorage.getItem("fleeting.coder");
  if (coder) await code(coder);
  else askWho();
}

function askWho() {
  $("known-coders").replaceChildren(...see.about.coders.map(({ coder }) => element("option", { value: coder })));
  $("who").showModal();
}

async function code(coder) {
  sessionStorage.setItem("fleeting.coder", coder);
  localStorage.setItem("fleeting.coder", coder);
  $("coder").textContent = coder;
  see.blind = see.about.coders.some((each) => each.coder === coder && each.blind);
  see.coding = new Coding(id, coder, { changed: draw, trouble, refused: toast, went: (event) => choose(event, true) });
  await see.coding.refresh();
  draw();
  const first = listed().find((event) => event.verdict === "open") ?? listed()[0];
  if (first) choose(first.id, true);
  // The events are there; what takes longer follows.
  await Promise.all([openVideo(), openTimeline()]);
  if (!see.blind) see.coding.candidates = await get(`/analyses/${id}/candidates`).catch(() => []);
  draw();
}

async function openVideo() {
  if (!see.about.video) {
    $("screen").hidden = true;
    $("absent").hidden = false;
    $("absent").textContent = `The video is not in the chosen folders: ${see.about.named}. Start the studio with --folder for its folder, too.`;
    return;
  }
  const n = see.about.frames;
  const times = Float64Array.from({ length: n }, (_, k) => k * see.about.frame_s);
  see.player = new Player($("screen"), id, n, times, onFrame);
  see.look = new Look(id, see.about.fps ?? 1 / see.about.frame_s);
  see.look.onUnits = bars;
  $("frame").max = n - 1;
  const event = selected();
  see.player.show(event ? event.onset : 0);
  if (event) near();
}

async function openTimeline() {
  const data = columnsOf(await (await ask(`/analyses/${id}/timeline?face=${see.face}`)).arrayBuffer());
  if (see.blind) delete data.columns.micro; // nor what the program made of the signals
  $("plot").replaceChildren();
  const others = see.about.others.filter((each) => each.face === see.face);
  see.timeline = new Timeline($("plot"), $("map"), data, others, { seek, choose, move });
  if (see.player) see.player.times = data.columns.time;
  $("face-label").hidden = see.about.faces.length < 2;
  draw();
  if (selected()) see.timeline.reveal(selected().onset, selected().offset, false);
  document.body.dataset.ready = "yes";
}

// What the list shows, in its order.
function listed() {
  if (!see.coding) return [];
  const share = Number($("surely").value) / 100;
  const weak = see.coding.candidates;
  const shown = new Set(weak.slice(0, Math.round(share * weak.length)).map((event) => event.id));
  const events = see.coding.events().filter((event) => event.certain || event.revision || shown.has(event.id) || event.id === see.selected);
  const time = (a, b) => a.onset - b.onset || a.offset - b.offset;
  return events.sort($("order").value === "time" ? time : (a, b) => (b.score ?? Infinity) - (a.score ?? Infinity) || time(a, b));
}

const selected = () => see.coding?.find(see.selected);

let drawing = null;
function draw() {
  if (see.coding) drawing ??= requestAnimationFrame(() => { drawing = null; drawNow(); });
}

const rows = new Map();
function drawNow() {
  const events = listed();
  const list = events.map(row);
  const now = [...$("events").children];
  if (list.length !== now.length || list.some((each, k) => each !== now[k])) $("events").replaceChildren(...list);
  const weak = see.coding.candidates.length;
  const shown = Math.round((Number($("surely").value) / 100) * weak);
  $("surely-said").textContent = shown ? `and ${count(shown, "weaker candidate")} of ${weak}` : `${count(weak, "weaker candidate")} not shown`;
  const { all = 0, seen = 0, accepted = 0, rejected = 0, added = 0, left = 0 } = see.coding.state.progress;
  $("progress").textContent = `${seen} of ${all} seen, ${accepted} accepted, ${rejected} rejected, ${added} added, ${left} left`;
  $("undo").disabled = !see.coding.state.undo;
  $("redo").disabled = !see.coding.state.redo;
  $("finish").textContent = see.coding.state.finished ? "Finished: reopen" : "I am done";
  document.body.dataset.unsaved = see.coding.waiting.length;
  see.timeline?.setEvents(events, see.selected);
  form();
}

// An event's row, made anew only when something of it has changed.
function row(event) {
  const state = JSON.stringify([event, event.id === see.selected, see.about.video]);
  const known = rows.get(event.id);
  if (known?.state === state) return known.made;
  const rate = see.about.frame_s;
  const ms = Math.round(1000 * (event.offset - event.onset + 1) * rate);
  const weak = !event.certain && event.verdict === "open";
  const crop = (frame, what) => see.about.video
    ? element("img", { src: `/api/analyses/${id}/crop?frame=${frame}&face=${event.face}`, alt: what, loading: "lazy", width: 44, height: 44 }) : element("span");
  const words = [event.emotion, event.aus === "none" ? "" : event.aus.replaceAll("+", " ")].filter(Boolean).join(" · ");
  const made = element("li", { class: `${event.kind} ${weak ? "candidate" : ""} ${event.verdict}`, "data-id": event.id, "data-verdict": event.verdict },
    element("button", { "aria-current": event.id === see.selected, onclick: () => choose(event.id, true), tabindex: event.id === see.selected ? 0 : -1 },
      crop(event.onset, "onset"), crop(event.apex, "apex"),
      element("span", { class: "what" }, element("b", {}, weak ? "candidate" : event.kind), ` ${clock(event.onset * rate)}`, element("br"),
        [`${ms} ms`, words].filter(Boolean).join(" · "), event.note ? element("div", { class: "dim" }, event.note.split("\n")[0].slice(0, 60)) : null),
      element("span", { class: `mark ${event.verdict === "accepted" ? "good" : "bad"}`, "aria-label": event.verdict }, MARKS[event.verdict])));
  rows.set(event.id, { state, made });
  return made;
}

// The fields of the selected event; what is being typed is left alone.
function form() {
  const event = selected();
  $("chosen").hidden = !event;
  $("none").hidden = Boolean(event);
  if (!event) return;
  for (const name of FIELDS) if (document.activeElement !== $(name)) $(name).value = event[name] ?? "";
  for (const [button, verdict] of [["accept", "accepted"], ["reject", "rejected"], ["reopen", "open"]]) {
    $(button).classList.toggle("on", event.verdict === verdict);
    $(button).setAttribute("aria-pressed", event.verdict === verdict);
  }
  $("remove").hidden = event.source !== "coder";
  const facts = [event.emotion === "unclear" && event.doubt ? `emotion unclear: ${event.doubt}` : "", event.open ? `its ${event.open} was not seen` : "", event.score === null || event.score === undefined ? "added by a coder" : `score ${Number(event.score).toFixed(1)}`,
    event.repeatable ? `${Math.round(100 * event.repeatable)} % to be found again in a copy` : "",
    event.amplitude ? `moves by ${Number(event.amplitude).toFixed(1)} % of the eye distance` : "", event.regions];
  $("facts").textContent = facts.filter(Boolean).join(" · ");
  if (see.look?.mode !== "flow") bars();
  near();
}

// The event from near, once the frame itself is there: it must not wait for the rest.
async function near() {
  if (!see.look) return;
  await see.player.showing;
  see.look.show(selected());
}

function bars(units = null) {
  const event = selected();
  const lines = units ? units.map(({ name, intensity }) => [name, intensity / 3, `${intensity.toFixed(1)} %`])
    : Object.entries(event?.probabilities ?? {}).map(([name, p]) => [name, p, Number(p).toFixed(2)]);
  $("bars").replaceChildren(...lines.map(([name, share, said]) => element("div", {}, element("div", {}, `${name} ${said}`),
    element("progress", { max: 1, value: Math.min(share, 1), "aria-label": name }))));
}

function choose(event, go) {
  see.selected = event;
  const found = selected();
  draw();
  if (!found) return;
  if (go && see.player) { if (see.player.playing) see.player.pause(); see.player.show(found.onset); }
  see.timeline?.reveal(found.onset, found.offset, false);
  if (found.seen === false && found.verdict === "open" && !see.coding.state.finished) see.coding.act("seen", event);
  requestAnimationFrame(() => rows.get(event)?.made.scrollIntoView({ block: "nearest" }));
  ahead(event);
}

// The first picture of the event that comes next is fetched while this one is looked at.
async function ahead(event) {
  await see.player?.showing;
  const events = listed();
  const next = events[events.findIndex((each) => each.id === event) + 1];
  if (next && see.player && !see.player.playing && see.selected === event) see.player.ask(next.onset, next.onset + 2);
}

function step(by) {
  const events = listed();
  const at = events.findIndex((event) => event.id === see.selected);
  const next = events[Math.min(Math.max(at + by, 0), events.length - 1)];
  if (next) choose(next.id, true);
}

function judge(verdict, goOn) {
  const event = selected();
  if (!event) return;
  const events = listed();
  const at = events.findIndex((each) => each.id === event.id);
  const rest = [...events.slice(at + 1), ...events.slice(0, at)];
  see.coding.change(event.id, { verdict });
  const next = rest.find((each) => each.verdict === "open" && (each.certain || each.revision));
  if (goOn && next) choose(next.id, true);
  else if (goOn && !next) toast("Every event has been judged. Press “I am done”, or look at weaker candidates with the slider.");
}

// A moment at another frame; the others make way so that their order stays.
function moved(event, moment, frame) {
  const last = see.about.frames - 1;
  const at = Math.min(Math.max(frame, 0), last);
  const { onset, apex, offset } = { ...event, [moment]: at };
  if (moment === "onset") return { onset, apex: Math.max(apex, at), offset: Math.max(offset, at) };
  if (moment === "offset") return { onset: Math.min(onset, at), apex: Math.min(apex, at), offset };
  return { onset: Math.min(onset, at), apex, offset: Math.max(offset, at) };
}

function move(event, moment, frame, done) {
  const found = see.coding.find(event);
  if (!found) return;
  const fields = moved(found, moment, frame);
  see.player?.show(fields[moment]);
  if (done) see.coding.change(event, fields);
  else see.timeline.setEvents(listed().map((each) => (each.id === event ? { ...each, ...fields } : each)), event);
}

function set(moment) {
  if (selected() && see.player) see.coding.change(see.selected, moved(selected(), moment, see.player.index));
}

function add() {
  const frame = see.player?.index ?? 0;
  const name = `c-${crypto.randomUUID()}`;
  const length = Math.max(1, Math.round(0.3 / see.about.frame_s));
  const offset = Math.min(frame + length, see.about.frames - 1);
  see.coding.change(name, { verdict: "accepted", kind: "micro", face: see.face, onset: frame, apex: Math.round((frame + offset) / 2), offset, emotion: "", aus: "", note: "" });
  choose(name, false);
  toast("Added at the cursor. Set its onset, apex and offset with 1, 2 and 3.");
}

function seek(frame) {
  if (see.player?.playing) see.player.pause();
  see.player?.show(frame);
}

function onFrame(frame) {
  if (document.activeElement !== $("frame")) $("frame").value = frame;
  $("seconds").textContent = clock(see.player?.times[frame] ?? 0);
  $("play").textContent = see.player?.playing ? "❚❚ pause" : "▶︎ play";
  see.timeline?.setCursor(frame, see.player?.playing);
}

function trouble(text) {
  $("banner").hidden = !text;
  $("banner").textContent = text ?? "";
}

const KEYS = [
  [[",", "ArrowLeft"], "one frame back (with Shift: ten)", (e) => seek(see.player.index - (e.shiftKey ? 10 : 1))],
  [[".", "ArrowRight"], "one frame on (with Shift: ten)", (e) => seek(see.player.index + (e.shiftKey ? 10 : 1))],
  [[" "], "play or pause", () => see.player?.toggle()],
  [["s"], "slower, down to a tenth, and round again", () => { const box = $("speed"); box.selectedIndex = (box.selectedIndex + box.options.length - 1) % box.options.length; setSpeed(); }],
  [["j", "ArrowDown"], "next event", () => step(1)],
  [["k", "ArrowUp"], "previous event", () => step(-1)],
  [["a", "Enter"], "accept, and go to the next that is open", () => judge("accepted", true)],
  [["x", "Delete"], "reject, and go to the next that is open", () => judge("rejected", true)],
  [["o"], "leave open", () => judge("open", false)],
  [["1"], "onset at the frame shown", () => set("onset")],
  [["2"], "apex at the frame shown", () => set("apex")],
  [["3"], "offset at the frame shown", () => set("offset")],
  [["e"], "emotion", () => edit("emotion")],
  [["u"], "action units", () => edit("aus")],
  [["c"], "note", () => edit("note")],
  [["t"], "micro or macro", () => selected() && see.coding.change(see.selected, { kind: selected().kind === "micro" ? "macro" : "micro" })],
  [["n"], "add an event at the cursor", add],
  [["z"], "undo (with Shift: redo)", (e) => see.coding.act(e.shiftKey ? "redo" : "undo")],
  [["l"], "loop", () => see.look?.set("loop")],
  [["f"], "flicker between onset and apex", () => see.look?.set("flicker")],
  [["m"], "motion magnified", () => see.look?.set("magnified")],
  [["v"], "flow over the apex, action units", () => see.look?.set("flow")],
  [["+", "="], "timeline closer", () => see.timeline?.zoom(0.5)],
  [["-"], "timeline further", () => see.timeline?.zoom(2)],
  [["0"], "the whole recording", () => see.timeline?.whole()],
  [["g"], "timeline close to the event", () => selected() && see.timeline?.reveal(selected().onset, selected().offset, true)],
  [["?"], "these keys", () => $("keys").showModal()],
];
const byKey = new Map(KEYS.flatMap(([keys, , act]) => keys.map((key) => [key, act])));

function edit(name) {
  if (!selected()) return;
  $(name).focus();
  $(name).select();
}

function setSpeed() {
  if (!see.player) return;
  see.player.speed = Number($("speed").value);
  if (see.player.playing) { see.player.pause(); see.player.play(); }
}

document.addEventListener("keydown", (event) => {
  const typing = event.target.matches("input:not([type=checkbox],[type=range]), textarea, select");
  if (typing && event.key === "Escape") return event.target.blur();
  if (typing && event.key === "Enter" && !event.target.matches("textarea")) return event.target.blur();
  if (typing || document.querySelector("dialog[open]") || event.altKey || !see.coding) return;
  const undoing = (event.ctrlKey || event.metaKey) && ["z", "y", "Z"].includes(event.key);
  if (undoing) { event.preventDefault(); return see.coding.act(event.key === "z" ? "undo" : "redo"); }
  if (event.ctrlKey || event.metaKey) return;
  if (event.target.matches("input[type=range]") && event.key.startsWith("Arrow")) return;
  if (event.key === " " && event.target.matches("button, input")) return;
  if (event.key === "Enter" && event.target.matches("button, a, input")) return;
  const act = byKey.get(event.key.length === 1 ? event.key.toLowerCase() : event.key);
  if (act && (see.player || !",. ".includes(event.key))) { event.preventDefault(); act(event); }
});

for (const name of FIELDS) {
  $(name).addEventListener("change", () => {
    const event = selected();
    if (!event) return;
    const moment = ["onset", "apex", "offset"].includes(name);
    if (moment && !/^\d+$/.test($(name).value)) return form();
    see.coding.change(event.id, moment ? moved(event, name, Number($(name).value)) : { [name]: $(name).value });
    if (moment) seek(Number($(name).value));
  });
}
const on = (name, act, kind = "click") => $(name).addEventListener(kind, act);
on("accept", () => judge("accepted", false));
on("reject", () => judge("rejected", false));
on("reopen", () => judge("open", false));
on("remove", () => see.coding?.change(see.selected, null));
on("undo", () => see.coding?.act("undo"));
on("redo", () => see.coding?.act("redo"));
on("finish", () => see.coding?.act(see.coding.state.finished ? "reopen" : "finish"));
on("help", () => $("keys").showModal());
on("back", () => see.player && seek(see.player.index - 1));
on("ahead", () => see.player && seek(see.player.index + 1));
on("play", () => see.player?.toggle());
on("speed", setSpeed, "change");
on("frame", () => { if (/^\d+$/.test($("frame").value)) seek(Number($("frame").value)); }, "change");
on("order", draw, "change");
on("surely", draw, "input");
on("closer", () => see.timeline?.zoom(0.5));
on("further", () => see.timeline?.zoom(2));
on("whole", () => see.timeline?.whole());
on("face", async () => { see.face = Number($("face").value); await openTimeline(); }, "change");
on("other-coder", askWho);
on("who-form", async (event) => {
  event.preventDefault();
  const coder = $("who-name").value.trim();
  try {
    if ($("who-blind").checked) await post(`/analyses/${id}/acts`, { coder, act: "blind" });
    for (const kept of [localStorage, sessionStorage]) kept.setItem("fleeting.coder", coder);
    location.reload();
  } catch (error) { toast(error.message); }
}, "submit");
on("take", () => $("taken").click());
on("taken", async () => {
  const [file] = $("taken").files;
  $("taken").value = "";
  if (!file) return;
  try {
    await see.coding.refresh();
    const query = `coder=${encodeURIComponent(see.coding.coder)}&name=${encodeURIComponent(file.name)}`;
    const { counts, notes } = await (await ask(`/analyses/${id}/taken?${query}`, { method: "POST", body: file })).json();
    toast([Object.entries(counts).map(([what, n]) => `${n} ${what}`).join(", "), ...notes].join(". "));
    await see.coding.refresh();
  } catch (error) { toast(error.message); }
}, "change");
on("export", async () => {
  const [kept, form] = $("export").value.split(" ");
  $("export").value = "";
  if (!form) return;
  try {
    const answer = await ask(`/analyses/${id}/export/${form}?coder=${encodeURIComponent(see.coding.coder)}&kept=${kept}`);
    const link = element("a", { href: URL.createObjectURL(await answer.blob()), download: `events.${form}` });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  } catch (error) { toast(error.message); }
}, "change");

$("emotions").replaceChildren(...EMOTIONS.map((value) => element("option", { value })));
$("keys-table").replaceChildren(...KEYS.map(([keys, what]) => element("tr", {},
  element("td", {}, ...keys.flatMap((key) => [element("kbd", {}, key === " " ? "Space" : key.replace("Arrow", "")), " "])), element("td", {}, what))));
await begin();
if (see.about) {
  $("face").replaceChildren(...see.about.faces.map((face) => element("option", {}, String(face))));
  const names = { csv: "table (CSV)", json: "all, with log (JSON)", eaf: "ELAN (.eaf)", vtt: "subtitles (WebVTT)" };
  const kinds = { accepted: "accepted events", open: "accepted and unjudged" };
  $("export").append(...Object.entries(kinds).map(([kept, what]) => element("optgroup", { label: what },
    ...see.about.formats.map((form) => element("option", { value: `${kept} ${form}` }, names[form])))));
}
export { see };
