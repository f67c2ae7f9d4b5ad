// Two coders of one recording, once both are done: how far they agree, and who decides what differs.
import { $, element, get, post, toast } from "./api.js";

const id = new URLSearchParams(location.search).get("a") ?? "";

function tables(text) {
  // The server's own tables, their words escaped there; nothing of them is run.
  const page = new DOMParser().parseFromString(text, "text/html");
  for (const each of page.querySelectorAll(".wide")) each.className = "panel wide";
  $("tables").replaceChildren(...page.body.childNodes);
}

$("pair").addEventListener("submit", async (event) => {
  event.preventDefault();
  try {
    const found = await get(`/analyses/${id}/agreement?a=${encodeURIComponent($("a").value)}&b=${encodeURIComponent($("b").value)}`);
    tables(found.tables);
    $("found").hidden = false;
    settled();
  } catch (error) { toast(error.message); }
});

$("third-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const third = $("third").value.trim();
  try {
    await post(`/analyses/${id}/arbitration`, { a: $("a").value, b: $("b").value, third });
    sessionStorage.setItem("fleeting.coder", third);
    location.assign(`/review?a=${id}`);
  } catch (error) { toast(error.message); }
});

async function settled() {
  const pair = `a=${encodeURIComponent($("a").value)}&b=${encodeURIComponent($("b").value)}`;
  const thirds = coders.filter(({ between, finished }) => finished && between && between.includes($("a").value) && between.includes($("b").value));
  $("settled").replaceChildren(element("a", { href: `/api/analyses/${id}/settled?${pair}`, download: "settled.csv" }, "Settled by the mean (CSV)"),
    ...thirds.flatMap(({ coder }) => [" · ", element("a", { href: `/api/analyses/${id}/settled?${pair}&third=${encodeURIComponent(coder)}`, download: "settled.csv" }, `Decided by ${coder} (CSV)`)]));
}

let coders = [];
try {
  const about = await get(`/analyses/${id}`);
  coders = about.coders;
  $("name").textContent = `Agreement: ${about.name}`;
  const done = coders.filter(({ finished, between }) => finished && !between);
  for (const box of ["a", "b"]) $(box).replaceChildren(...done.map(({ coder }) => element("option", {}, coder)));
  $("b").selectedIndex = Math.min(1, done.length - 1);
  const open = coders.filter(({ finished }) => !finished).map(({ coder }) => coder);
  $("unfinished").textContent = open.length ? `Not finished yet, and therefore not shown: ${open.join(", ")}.` : "";
} catch (error) { toast(error.message); }
