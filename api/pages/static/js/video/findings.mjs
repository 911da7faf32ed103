// Owns what was found in the whole video, in short: the table of labels, the main colours, the models.

import { element, fill } from "../elements/element.mjs";
import { clock, count, duration, percent, taskName } from "../format.mjs";
import { colourOf } from "./colours.mjs";
import { toFrame, toTime } from "./links.mjs";

const DIGEST = 12;
const number = (...children) => element("td", { class: "number" }, ...children);
const jump = (link, time) => element("a", { href: link }, clock(time));

/** Draw the table of labels; each time is a link to its moment. */
export function drawLabels(place, tasks) {
  const lines = tasks.flatMap(({ task, labels }) => labels.map((label) => labelLine(task, label)));
  place.hidden = lines.length === 0;
  fill(place.querySelector("tbody"), lines);
  place.querySelector("#labels-cut").hidden = !tasks.some((task) => task.labels_cut);
}

function labelLine(task, { label, frames, first_media_time: first, last_media_time: last, dwell_seconds: dwell, max_confidence: best, best_frame: frame, best_media_time: at, most_at_once: most }) {
  const dot = element("span", { class: "dot", "aria-hidden": "true" });
  dot.style.background = colourOf(label);
  const name = element("th", { scope: "row" }, dot, label, " ", element("span", { class: "quiet small" }, taskName(task)));
  const sure = number(percent(best), " at ", jump(toFrame(frame), at));
  return element("tr", {}, name, number(count(frames)), number(jump(toTime(first), first)), number(jump(toTime(last), last)), number(duration(dwell)), number(count(most)), sure);
}

/** Draw the main colours: swatches as wide as their share. */
export function drawPalette(place, colors) {
  place.hidden = colors.length === 0;
  fill(place.querySelector("ul"), colors.map(swatch));
}

function swatch({ color, share, frames }) {
  const patch = element("span", { class: "patch", "aria-hidden": "true" });
  patch.style.background = color;
  const made = element("li", { title: `in ${count(frames)} frames` }, patch, element("code", {}, color), element("span", { class: "quiet" }, share < 0.01 ? "< 1 %" : percent(share)));
  made.style.flexGrow = Math.max(1, Math.round(100 * share));
  return made;
}

/** Name the models that answered, and the weights that they had. */
export function drawModels(place, tasks) {
  const lines = tasks.flatMap(({ task, models }) => models.map((model) => modelLine(task, model)));
  place.hidden = lines.length === 0;
  fill(place.querySelector("tbody"), lines);
}

function modelLine(task, { model, model_digest: digest, frames, failed }) {
  const weights = digest ? element("code", { title: digest }, digest.slice(0, DIGEST)) : "none";
  return element("tr", {}, element("th", { scope: "row" }, taskName(task)), element("td", {}, model), element("td", {}, weights), number(count(frames)), number(count(failed)));
}
