// The first page: videos are taken in, jobs watched, analyses opened.
import { $, ask, clock, count, element, get, post, toast } from "./api.js";

const STATES = { queued: "waiting", running: "analysing", done: "done", failed: "failed", cancelled: "cancelled" };
let types = [];
let shown = { library: "", jobs: "", busy: false };

async function refreshLibrary() {
  const library = await get("/library");
  const text = JSON.stringify(library);
  if (text === shown.library) return;
  shown.library = text;
  types = library.types;
  $("where").textContent = `In ${library.folders.join(", ")}`;
  $("files").setAttribute("accept", types.join(","));
  $("analyses").replaceChildren(...(library.analyses.length ? library.analyses.map(analysis) : [
    element("tr", {}, element("td", { colspan: 7, class: "dim" }, "Nothing yet. What fleeting analyze writes into the folder appears here by itself."))]));
  $("videos-section").hidden = !library.videos.length;
  $("videos").replaceChildren(...library.videos.map(video));
  const coded = library.analyses.flatMap((each) => each.coders.map((coder) => [each, coder])).filter(([, coder]) => coder.accepted);
  $("dataset-section").hidden = !coded.length;
  $("parts").replaceChildren(...coded.map((each, k) => part(each, coded.findIndex(([other]) => other.id === each[0].id) === k)));
}

function analysis(each) {
  const address = `/review?a=${each.id}`;
  const finished = each.coders.filter((coder) => coder.finished).length;
  return element("tr", {},
    element("td", { class: "name" }, element("a", { href: address }, each.name),
      each.playable ? null : element("div", { class: "dim" }, "its video is not in the folders"),
      each.micro + each.macro || !each.reason ? null : element("div", { class: "dim" }, each.reason)),
    element("td", {}, clock(each.duration, true)),
    element("td", {}, String(each.micro)), element("td", {}, String(each.macro)),
    element("td", {}, each.judged === null ? "–" : `${Math.round(100 * each.judged)} %`),
    element("td", {}, ...each.coders.map((coder) => element("div", { class: "dim" },
      `${coder.coder}: ${coder.finished ? "finished" : `${coder.all - coder.left} of ${coder.all}`}`))),
    element("td", {}, element("div", { class: "row" }, element("a", { href: address }, "Review"),
      finished > 1 ? element("a", { href: `/agreement?a=${each.id}` }, "Agreement") : null)));
}

function video(each) {
  return element("tr", {}, element("td", { class: "name" }, each.name), element("td", { class: "dim number" }, size(each.bytes)),
    element("td", { class: "number" }, element("button", { onclick: () => queue({ video: each.id }) }, "Analyse")));
}

// A coding that can go into the dataset; of each video one is taken.
function part([each, coder], taken) {
  const name = `${each.name} by ${coder.coder}`;
  return element("tr", { "data-analysis": each.id, "data-coder": coder.coder },
    element("td", {}, element("input", { type: "checkbox", checked: taken, "aria-label": `Take ${name}` })),
    element("td", { class: "name" }, each.name), element("td", {}, `${coder.coder}, ${count(coder.accepted, "event")}`),
    element("td", {}, element("input", { "aria-label": `Who is to be seen in ${name}`, placeholder: "S01" })));
}

async function refreshJobs() {
  const jobs = await get("/jobs");
  const text = JSON.stringify(jobs);
  if (text === shown.jobs) return;
  shown.jobs = text;
  const busy = jobs.some((job) => job.state === "running" || job.state === "queued");
  $("jobs-section").hidden = !jobs.length;
  $("jobs").replaceChildren(...jobs.slice(0, 30).map(job));
  if (shown.busy && !busy) await refreshLibrary();
  shown.busy = busy;
}

function job(each) {
  const left = each.left === null || each.left === undefined ? "" : `, about ${each.left < 90 ? `${Math.ceil(each.left)} s` : `${Math.ceil(each.left / 60)} min`} left`;
  const steer = (what) => async () => { await post(`/jobs/${each.number}/${what}`, {}).catch((error) => toast(error.message)); refreshJobs(); };
  return element("tr", { "data-state": each.state },
    element("td", { class: "name" }, each.name),
    element("td", { class: each.state === "failed" ? "bad" : each.state === "done" ? "good" : "" }, STATES[each.state]),
    element("td", {}, each.state === "running"
      ? element("div", {}, element("progress", { max: each.total ?? 1, value: each.total ? each.done : null, "aria-label": `Progress of ${each.name}` }),
        element("div", { class: "dim" }, each.total ? `${Math.round((100 * each.done) / each.total)} %${left}` : `${each.done} frames`))
      : element("span", { class: each.state === "failed" ? "" : "dim" }, each.message)),
    element("td", {}, each.state === "running" || each.state === "queued" ? element("button", { onclick: steer("cancel") }, "Cancel")
      : each.state === "failed" || each.state === "cancelled" ? element("button", { onclick: steer("again") }, "Try again")
        : each.analysis ? element("a", { href: `/review?a=${each.analysis}` }, "Review") : null));
}

async function queue(wanted) {
  try {
    await post("/jobs", wanted);
    await refreshJobs();
  } catch (error) { toast(error.message); }
}

async function upload(files) {
  for (const file of files) {
    toast(`${file.name} is being copied, ${size(file.size)}`);
    try {
      await ask(`/uploads?name=${encodeURIComponent(file.name)}`, { method: "POST", body: file });
      toast(`${file.name} is in the queue`);
    } catch (error) { toast(error.message); }
    await refreshJobs();
  }
}

function size(bytes) {
  return bytes > 2 ** 30 ? `${(bytes / 2 ** 30).toFixed(1)} GB` : `${Math.max(bytes / 2 ** 20, 0.1).toFixed(1)} MB`;
}

$("choose").addEventListener("click", () => $("files").click());
$("files").addEventListener("change", () => { upload([...$("files").files]); $("files").value = ""; });
for (const kind of ["dragover", "dragleave", "drop"]) {
  document.addEventListener(kind, (event) => {
    event.preventDefault();
    $("drop").classList.toggle("over", kind === "dragover");
    if (kind === "drop") upload([...event.dataTransfer.files]);
  });
}
$("by-path").addEventListener("submit", (event) => {
  event.preventDefault();
  queue({ path: $("path").value, face: $("all-faces").checked ? "all" : "largest" });
});
$("dataset").addEventListener("submit", async (event) => {
  event.preventDefault();
  const rows = [...$("parts").children].filter((row) => row.querySelector("[type=checkbox]").checked);
  const parts = rows.map((row) => ({ analysis: row.dataset.analysis, coder: row.dataset.coder, subject: row.querySelectorAll("input")[1].value }));
  if (parts.some((each) => !each.subject.trim())) return toast("Say for each video who is to be seen in it.");
  try {
    const made = await post("/datasets", { name: $("dataset-name").value, parts });
    $("dataset-said").textContent = [`${count(made.clips, "clip")} in ${made.folder}`, ...made.notes].join(". ");
  } catch (error) { toast(error.message); }
});

async function watch() {
  let wait = 4000;
  try {
    await refreshJobs();
    await refreshLibrary();
    $("banner").hidden = true;
    if (shown.busy) wait = 700;
  } catch (error) {
    $("banner").textContent = error.status === 403 ? error.message : "The studio does not answer. Start it again: fleeting studio.";
    $("banner").hidden = false;
  }
  setTimeout(watch, wait);
}
watch();
