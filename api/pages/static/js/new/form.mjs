// Owns the form's values as the service takes them, and what is wrong with each of them, shown where it was typed.

import { identification, wrongIdentification } from "../elements/identification.mjs";
import { showProblem } from "../elements/messages.mjs";
import { chosenTasks } from "../elements/tasks.mjs";

const LIVE = new Set(["webcam", "rtmp", "stream"]);
const STREAMS = new Set(["rtmp", "stream"]);
const NUMBERS = ["startTime", "endTime", "maxDuration"];
const TEXTS = ["videoName", "externalId", "callbackURL"];

/** Whether a way in is live. */
export const isLiveWay = (way) => LIVE.has(way);
/** Whether a way in is a stream of others: a page sends no more pictures of its camera than are taken. */
export const isStreamWay = (way) => STREAMS.has(way);

/** What was chosen, under the names that the service takes; what was left empty is left out. */
export function options(form) {
  const live = isLiveWay(form.way.value);
  const found = { modelsToRun: chosenTasks(form), ...sampling(form) };
  for (const name of TEXTS) if (form[name].value.trim()) found[name] = form[name].value.trim();
  for (const name of NUMBERS) {
    const used = live === (name === "maxDuration");
    if (used && form[name].value !== "") found[name] = Number(form[name].value);
  }
  const tags = form.tags.value.split(",").map((tag) => tag.trim()).filter(Boolean);
  if (tags.length) found.tags = tags;
  const asked = identification(form);
  if (asked) found.identification = asked;
  if (form.storeFrames.value !== "full") found.storeFrames = form.storeFrames.value;
  if (isStreamWay(form.way.value) && form.keep.value !== "newest") found.keep = form.keep.value;
  return found;
}

function sampling(form) {
  const seconds = form.sampling.value === "seconds";
  const name = seconds ? "sampleSeconds" : "frameStep";
  return { [name]: Number(form[name].value) };
}

/** Check what the browser knows to be wrong; true when it is fine. The first wrong field gets the focus. */
export function check(form) {
  clearWrongs(form);
  const wrongs = new Map();
  const way = form.way.value;
  const source = { url: "videoURL", upload: "file", stream: "streamURL" }[way];
  if (source && !form[source].value) wrongs.set(source, source === "file" ? "Choose a file." : "Say where it is.");
  if (chosenTasks(form).length === 0) wrongs.set("modelsToRun", "Tick at least one.");
  const unnamed = wrongIdentification(form);
  if (unnamed) wrongs.set("identification", unnamed);
  const rate = form.sampling.value === "seconds" ? "sampleSeconds" : "frameStep";
  for (const name of [...NUMBERS, rate, "videoURL", "callbackURL"]) {
    const field = form[name];
    const shown = !field.closest("[hidden]");
    if (shown && !wrongs.has(name) && (!field.checkValidity() || (name === rate && field.value === ""))) wrongs.set(name, field.validationMessage || "Fill this in.");
  }
  showWrongs(form, wrongs);
  return wrongs.size === 0;
}

/** Show a refusal: at the fields that it names, and whole where it names none that are here. */
export function refuse(form, place, problem) {
  const known = new Map([...problem.fields || []].filter(([name]) => document.getElementById(`wrong-${name}`)));
  showWrongs(form, known);
  showProblem(place, known.size > 0 && known.size === problem.fields.size ? null : problem);
  if (known.size === 0) place.scrollIntoView({ block: "nearest" });
}

export function clearWrongs(form) {
  for (const wrong of form.querySelectorAll(".wrong")) wrong.hidden = true;
  for (const field of form.querySelectorAll("[aria-invalid]")) field.removeAttribute("aria-invalid");
}

function showWrongs(form, wrongs) {
  let first = null;
  for (const [name, text] of wrongs) {
    const wrong = document.getElementById(`wrong-${name}`);
    wrong.textContent = text;
    wrong.hidden = false;
    const fields = form.querySelectorAll(`[name="${name}"]`);
    for (const field of fields) if (field.type !== "checkbox") field.setAttribute("aria-invalid", "true");
    wrong.closest("details")?.setAttribute("open", "");
    first ??= fields[0];
  }
  first?.focus();
}
