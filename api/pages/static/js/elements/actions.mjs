// Owns what people do with a video: cancel, retry, analyse again, delete.

import { post, remove } from "../api.mjs";
import { element, maySubmit } from "./element.mjs";
import { confirmed, toast } from "./messages.mjs";
import { askForRerun } from "./rerun.mjs";

const ENDED = new Set(["completed", "failed", "cancelled"]);

const ACTIONS = [
  { name: "Cancel", fits: (video) => !ENDED.has(video.status), run: cancel },
  { name: "Retry", fits: (video) => video.status === "failed" || video.status === "cancelled", run: retry },
  { name: "Analyse again", fits: (video) => ENDED.has(video.status) && video.store_frames !== "none" && video.frames.done > 0, run: rerun },
  { name: "Delete", fits: () => true, run: erase, dangerous: true },
];

async function cancel(video, told) {
  const sure = await confirmed(`Cancel “${video.video_name}”?`, "What is done so far stays, and it can be tried again.", "Cancel the analysis", false);
  if (sure) told.changed(await post(`/analysis/${video.video_id}/cancel`));
}

async function retry(video, told) {
  told.changed(await post(`/analysis/${video.video_id}/retry`));
}

async function rerun(video, told) {
  const made = await askForRerun(video);
  if (made) told.made(made);
}

async function erase(video, told) {
  const text = "Its results, pictures and files are removed for good. Nothing brings them back.";
  if (!(await confirmed(`Delete “${video.video_name}”?`, text, "Delete for good"))) return;
  await remove(`/analysis/${video.video_id}`);
  toast(`“${video.video_name}” was deleted`);
  told.deleted(video);
}

/** The buttons that fit a video's state; none for who may only look.
 *
 * `told` hears what became of it: `changed(video)`, `made(video)` for a new one, `deleted(video)`, `refused(problem)`.
 */
export function actionButtons(video, told) {
  if (!maySubmit()) return [];
  return ACTIONS.filter((action) => action.fits(video)).map((action) => button(action, video, told));
}

function button(action, video, told) {
  const pressed = async () => {
    if (made.ariaBusy === "true") return;
    made.ariaBusy = "true"; // not disabled: it would lose the focus that comes back from a question
    told.refused(null);
    try {
      await action.run(video, told);
    } catch (problem) {
      told.refused(problem);
    } finally {
      made.ariaBusy = null;
    }
  };
  const label = `${action.name}: ${video.video_name}`;
  const made = element("button", { type: "button", class: action.dangerous ? "danger" : null, "aria-label": label, onclick: pressed }, action.name);
  return made;
}
