// Runs: a table, the report of those that are ticked, and the clips that one got wrong.
import { $, element, frames, get, loop, toast } from "./api.js";

const CLIPS = 24; // shown at once
const FPS = 12;
const ticked = new Set();

const score = (value) => (value === null ? "–" : value.toFixed(3).replace(/^0/, ""));

function row(run) {
  const box = element("input", { type: "checkbox", "aria-label": `Show ${run.name}`, disabled: Boolean(run.error), onchange: () => tick(run, box.checked) });
  const cell = (name) => (run.scores ? element("td", { class: "number" }, score(run.scores[name][0]),
    element("div", { class: "dim" }, run.scores[name][1] === null ? "" : `${score(run.scores[name][1])} to ${score(run.scores[name][2])}`)) : element("td"));
  return element("tr", {}, element("td", {}, box),
    element("td", { class: "name" }, run.name, run.leaky ? element("div", { class: "bad" }, "leaky") : null,
      element("div", { class: "dim" }, run.error ?? run.datasets.join(", "))),
    element("td", { class: "number" }, String(run.clips ?? "")), element("td", { class: "number" }, String(run.persons ?? "")),
    cell("uf1"), cell("uar"), cell("accuracy"), element("td", { class: "dim" }, run.protocol ?? ""));
}

function tick(run, on) {
  if (on) ticked.add(run.id); else ticked.delete(run.id);
  $("report-section").hidden = $("wrong-section").hidden = !ticked.size;
  if (!ticked.size) return;
  $("report").src = `/api/runs/report?${[...ticked].map((id) => `ids=${id}`).join("&")}`;
  wrong([...ticked].at(-1)).catch((error) => toast(error.message));
}

async function wrong(id) {
  const found = await get(`/runs/${id}/wrong`);
  $("wrong-title").textContent = `${found.clips.length} of ${found.all} clips got wrong`;
  const missing = [...new Set(found.clips.filter((clip) => !clip.shown).map((clip) => clip.dataset))];
  $("wrong-said").textContent = missing.length ? `To see them, start the studio with ${missing.map((name) => `--data ${name}=PATH`).join(" ")}.` : "";
  $("wrong").replaceChildren(...found.clips.slice(0, CLIPS).map((clip) => {
    const canvas = element("canvas", { width: 224, height: 224, role: "img", "aria-label": `Clip ${clip.clip}`, hidden: !clip.shown });
    if (clip.shown) show(canvas, clip);
    return element("figure", {}, canvas, element("figcaption", {}, element("div", {}, `is ${clip.y_true}, was taken for ${clip.y_pred}`), element("div", { class: "dim" }, clip.clip)));
  }));
}

async function show(canvas, clip) {
  const blobs = [];
  try {
    for await (const [, blob] of frames(`/runs/clip?dataset=${encodeURIComponent(clip.dataset)}&clip=${encodeURIComponent(clip.clip)}`)) blobs.push(blob);
    await loop(canvas, blobs, FPS);
  } catch (error) { canvas.replaceWith(element("p", { class: "dim" }, error.message)); }
}

try {
  const runs = await get("/runs");
  $("runs").replaceChildren(...(runs.length ? runs.map(row) : [element("tr", {}, element("td", { colspan: 8, class: "dim" }, "No run in the folders yet. fleeting evaluate makes them."))]));
} catch (error) { toast(error.message); }
