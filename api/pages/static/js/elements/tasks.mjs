// Owns the tick boxes of tasks: what each finds, by which model.

import { get } from "../api.mjs";
import { taskName } from "../format.mjs";
import { element } from "./element.mjs";
import { identificationChoice } from "./identification.mjs";

const SHOWN_LABELS = 6;
const FINDS = {
  faces_detection: "faces, with a box",
  emotions_detection: "the emotion of each face",
  objects_detection: "everyday things, with a box",
  color_detection: "the main colours of each frame",
};

/** A set of tick boxes; `chosen` are the tasks that are ticked at first (all if it is left out, but nobody is named),
 * `known` is whom a video before had faces compared with, or null.
 */
export function taskBoxes(chosen = null, known = null) {
  const found = new Map();
  const boxes = Object.keys(FINDS).map((task) => {
    const hint = element("span", { class: "hint", id: `finds-${task}` }, FINDS[task]);
    const box = element("input", { type: "checkbox", name: "modelsToRun", value: task, "aria-describedby": hint.id, checked: chosen === null || chosen.includes(task) });
    found.set(task, hint);
    return element("label", { class: "choice" }, box, element("span", {}, taskName(task), hint));
  });
  const wrong = element("p", { class: "wrong", role: "alert", id: "wrong-modelsToRun", hidden: true });
  const set = element("fieldset", {}, element("legend", {}, "What to look for"), element("div", { class: "choices" }, ...boxes), identificationChoice(known), wrong);
  tell(found);
  return set;
}

/** The tasks that are ticked. */
export const chosenTasks = (place) => [...place.querySelectorAll('input[name="modelsToRun"]:checked')].map((box) => box.value);

async function tell(hints) {
  const { items } = await get("/models").catch(() => ({ items: [] })); // the boxes say enough without it
  for (const { task, model, labels } of items) {
    const hint = hints.get(task);
    if (!hint) continue;
    const named = labels.slice(0, SHOWN_LABELS).join(", ");
    const more = labels.length > SHOWN_LABELS ? ` and ${labels.length - SHOWN_LABELS} more` : "";
    hint.textContent = model ? `${FINDS[task]}${named && labels.length > 1 ? `: ${named}${more}` : ""} (${model})` : `${FINDS[task]} (no model is loaded)`;
    hint.title = labels.join(", ");
  }
}
