// Owns taking a part of the video along as a file.

import { problemOf, query } from "../api.mjs";
import { element, setText } from "../elements/element.mjs";
import { showProblem } from "../elements/messages.mjs";

const LONGEST = 60;

/** A clip; throws the Problem for which there is none. Leaving by the signal ends its making. */
export async function fetchClip(address, signal = null) {
  const answer = await fetch(address, { credentials: "same-origin", signal });
  if (!answer.ok) throw problemOf(answer.status, await answer.text(), answer.headers.get("retry-after"));
  return answer.blob();
}

/** Lets a person choose the part, and saves it. */
export function offerClip(form, path, playhead, span, name) {
  const { from, to, annotate } = form.elements;
  from.value = span.first;
  const extend = () => (to.value = Number(Math.min(span.last, span.first + LONGEST).toFixed(3)));
  extend();
  playhead.addEventListener("moved", () => Number(to.value) === span.first && extend());
  const here = (field) => () => (field.value = Number((playhead.frame?.time ?? 0).toFixed(3)));
  form.querySelector("#clip-from-here").addEventListener("click", here(from));
  form.querySelector("#clip-to-here").addEventListener("click", here(to));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    await save(form, query(`${path}/clip`, { from: from.value, to: to.value, annotate: annotate.checked }), `${name}.mp4`);
  });
}

async function save(form, address, name) {
  const problem = form.querySelector(".problem");
  const told = form.querySelector("output");
  showProblem(problem, null);
  setText(told, "It is being made …");
  try {
    keep(await fetchClip(address), name);
  } catch (error) {
    showProblem(problem, error);
  }
  setText(told, "");
}

/** Hand a file to the browser's downloads. */
function keep(blob, name) {
  const href = URL.createObjectURL(blob);
  element("a", { href, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(href), 60_000);
}
