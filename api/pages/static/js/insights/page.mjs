// Owns the page of insights: asks what the form says, draws the charts that come, in the scheme of colours that is on.

import { get, query } from "../api.mjs";
import { element, fill } from "../elements/element.mjs";
import { showProblem } from "../elements/messages.mjs";
import { asked, fromAddress, showSpan, toAddress } from "./asking.mjs";
import { fillTables, tell } from "./summary.mjs";

const CHARTS = ["over_time", "by_label", "by_camera", "by_weekday_and_hour"];
const dark = matchMedia("(prefers-color-scheme: dark)");
const place = (id) => document.getElementById(id);
const form = place("asking");
let asking = null;
let drawn = [];

async function show() {
  asking?.abort();
  const mine = (asking = new AbortController());
  const params = asked();
  place("report").href = query("/analysis/insights/report", params);
  place("data").href = query("/analysis/insights", params);
  place("results").setAttribute("aria-busy", "true");
  try {
    const { answer, charts } = await get(query("/insights/charts", { ...params, dark: dark.matches }), { signal: mine.signal });
    showProblem(place("problem"), null);
    tell(answer);
    place("results").hidden = !answer.detections;
    fill(place("labels"), answer.labels.map(({ label }) => element("option", { value: label })));
    fillTables(answer);
    await draw(charts, mine);
  } catch (error) {
    if (error.name === "AbortError") return;
    place("results").hidden = true;
    showProblem(place("problem"), error);
  }
  if (asking === mine) place("results").setAttribute("aria-busy", "false");
}

/** Put the charts in their places, and give the old ones back. */
async function draw(charts, mine) {
  for (const views of drawn.splice(0)) views.clear();
  for (const name of CHARTS) {
    place(name).replaceChildren();
    if (charts[name] && asking === mine) drawn.push(await Bokeh.embed.embed_item(charts[name], name));
  }
}

async function fillModels() {
  try {
    const { items } = await get("/models");
    for (const { model } of items) if (model && ![...form.model.options].some(({ value }) => value === model)) form.model.add(new Option(model));
  } catch {
    // without the list any model is counted
  }
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  toAddress();
  show();
});
form.addEventListener("input", showSpan);
form.addEventListener("change", ({ target }) => {
  if (target.name === "last" && target.value === "") return; // its fields come first
  toAddress();
  show();
});
dark.addEventListener("change", show);
fromAddress();
fillModels();
show();
