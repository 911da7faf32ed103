// Owns learning the people of a collection again from kept photos: request after request until none remain, or it is stopped.

import { post } from "../api.mjs";
import { element, setText } from "../elements/element.mjs";
import { problemPlace, showProblem, shown } from "../elements/messages.mjs";
import { count } from "../format.mjs";

const MOST_ROUNDS = 60;
const MOST_IDLE = 2; // the first request may spend its time on loading models

/** Ask whether kept photos are to be learnt, and do it in the dialog; closing it stops after what the service has in hand. */
export function learnAgain(collection) {
  const problem = problemPlace();
  const told = element("p", { role: "status" });
  const go = element("button", { type: "button", class: "primary" }, "Learn");
  const leave = element("button", { type: "button", onclick: () => (stop ? stop.abort() : dialog.close()) }, "Close");
  const about = "After a new model was added, it is shown the photos that were kept, so that it knows these people too. What has been learnt stays when it is stopped.";
  const parts = [element("h2", { id: "learning" }, `Learn “${collection.name}” again?`), element("p", {}, about), told, problem, element("div", { class: "row" }, leave, go)];
  const dialog = element("dialog", { "aria-labelledby": "learning" }, element("div", { class: "stack" }, parts));
  let stop = null;
  go.addEventListener("click", async () => {
    if (stop) return;
    stop = new AbortController();
    go.ariaBusy = "true";
    setText(leave, "Stop");
    showProblem(problem, null);
    try {
      await learn(collection.name, stop.signal, (text) => setText(told, text));
    } catch (refused) {
      showProblem(problem, refused);
    } finally {
      stop = null;
      go.ariaBusy = null;
      setText(leave, "Close");
    }
  });
  dialog.addEventListener("close", () => stop?.abort());
  return shown(dialog, () => null);
}

async function learn(name, signal, say) {
  let embedded = 0;
  let idle = 0;
  let learnt = { remaining: 0 };
  say("Photos are looked at …");
  try {
    for (let round = 0; round < MOST_ROUNDS && idle < MOST_IDLE; round += 1) {
      learnt = await post(`/people/collections/${encodeURIComponent(name)}/learn`, undefined, { signal });
      embedded += learnt.embedded;
      idle = learnt.embedded ? 0 : idle + 1;
      if (learnt.remaining === 0) return say(summary(embedded, learnt));
      say(`${photos(embedded)} learnt, ${count(learnt.remaining)} remain …`);
    }
    say(`${summary(embedded, learnt)} ${photos(learnt.remaining)} remain: go on later.`);
  } catch (problem) {
    const rest = learnt.remaining ? `, ${count(learnt.remaining)} remain` : "";
    say(embedded || problem.name === "AbortError" ? `Stopped: ${photos(embedded)} learnt${rest}.` : "");
    if (problem.name !== "AbortError") throw problem;
  }
}

function summary(embedded, { without_picture: lost = 0, failed = 0 }) {
  const parts = [embedded || lost || failed ? `${photos(embedded)} learnt.` : "Every photo is known to every model already."];
  if (failed) parts.push(`In ${photos(failed)} no face was found this time.`);
  if (lost) parts.push(`${photos(lost)} not kept: add ${lost === 1 ? "it" : "them"} again.`);
  return parts.join(" ");
}

const photos = (number) => (number === 1 ? "1 photo" : `${count(number)} photos`);
