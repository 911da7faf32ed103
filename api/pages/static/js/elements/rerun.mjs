// Owns asking how a video's stored frames are to be analysed again.

import { post } from "../api.mjs";
import { element } from "./element.mjs";
import { identification, wrongIdentification } from "./identification.mjs";
import { problemPlace, showProblem, shown } from "./messages.mjs";
import { chosenTasks, taskBoxes } from "./tasks.mjs";

/** Ask, and submit; resolves to the new video, or null when it was left. */
export function askForRerun(video) {
  const problem = problemPlace();
  const step = element("input", { id: "rerun-step", type: "number", min: 1, step: 1, inputmode: "numeric" });
  const go = element("button", { class: "primary" }, "Analyse again");
  const leave = element("button", { type: "button", onclick: () => dialog.close() }, "Leave it");
  const form = element(
    "form",
    { class: "stack" },
    element("h2", { id: "rerun-title" }, `Analyse “${video.video_name}” again`),
    element("p", { class: "quiet small" }, "Its stored frames are used: nothing is downloaded or decoded again."),
    taskBoxes(video.models_to_run.map((task) => task.name), video.identification),
    element("div", { class: "field" }, element("label", { for: "rerun-step" }, "Every n-th frame"), step, element("span", { class: "hint" }, "By number in the video; all stored ones if left empty")),
    problem,
    element("div", { class: "row" }, leave, go),
  );
  const dialog = element("dialog", { "aria-labelledby": "rerun-title" }, form);
  let made = null;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const wrong = wrongIdentification(form);
    showProblem(problem, wrong ? { message: wrong } : null);
    if (wrong) return;
    go.disabled = true;
    try {
      const frameStep = step.value ? Number(step.value) : undefined;
      made = await post(`/analysis/${video.video_id}/rerun`, { modelsToRun: chosenTasks(form), identification: identification(form), frameStep });
      dialog.close();
    } catch (refused) {
      showProblem(problem, refused);
    }
    go.disabled = false;
  });
  return shown(dialog, () => made);
}
