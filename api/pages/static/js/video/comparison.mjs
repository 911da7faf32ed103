// Owns what changed from the video that was analysed first to this analysis of its frames.

import { get } from "../api.mjs";
import { element, fill } from "../elements/element.mjs";
import { showProblem } from "../elements/messages.mjs";
import { count, taskName } from "../format.mjs";
import { toFrame } from "./links.mjs";

/** Reads the comparison when it is opened. */
export function offerComparison(place, video) {
  place.hidden = !video.parent_id;
  if (!video.parent_id) return;
  const link = place.querySelector("#parent");
  link.href = `/videos/${video.parent_id}`;
  place.querySelector("details").addEventListener("toggle", (event) => event.target.open && read(place, video), { once: true });
}

async function read(place, video) {
  try {
    draw(place, await get(`/analysis/${video.parent_id}/compare/${video.video_id}`));
  } catch (problem) {
    showProblem(place.querySelector("#comparison-problem"), problem);
  }
}

function draw(place, { tasks }) {
  const lines = tasks.flatMap(({ task, labels }) => labels.map((label) => line(task, label)));
  place.querySelector("#no-changes").hidden = lines.length > 0;
  fill(place.querySelector("tbody"), lines);
}

function line(task, { label, in_both: both, only_in_a: before, only_in_b: now, mean_confidence_change: change }) {
  const surer = change === null ? "" : `${change >= 0 ? "+" : ""}${change.toFixed(3)}`;
  const name = element("th", { scope: "row" }, label, " ", element("span", { class: "quiet small" }, taskName(task)));
  return element("tr", {}, name, cell(both), cell(before), cell(now), element("td", { class: "number" }, surer));
}

/** How many frames, with a link to the first of them. */
function cell({ frames, ranges }) {
  const told = count(frames);
  return element("td", { class: "number" }, ranges.length ? element("a", { href: toFrame(ranges[0].from) }, told) : told);
}
