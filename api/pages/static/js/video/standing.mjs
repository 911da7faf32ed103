// Owns how the video stands: state, progress, stages, counts and facts.

import { element, fill, setText } from "../elements/element.mjs";
import { count, duration, moment, percent } from "../format.mjs";

/** Show a video's state; `video` is the service's answer. */
export function drawStanding(place, video) {
  const state = place.querySelector("#state");
  setText(state, video.status);
  state.dataset.state = video.status;
  const ended = video.finished_at !== null;
  const bar = place.querySelector("progress");
  place.querySelector("#progress").hidden = ended;
  if (video.progress === null) bar.removeAttribute("value");
  else bar.value = video.progress;
  setText(place.querySelector("#progress-told"), progressTold(video));
  fill(place.querySelector("#stages"), ended ? [] : video.stages.map(stage));
  fill(place.querySelector("#facts"), facts(video).map(([name, text]) => element("div", {}, element("dt", {}, name), element("dd", {}, text))));
  drawError(place.querySelector("#error"), video.error);
}

function drawError(place, error) {
  place.hidden = !error;
  fill(place, error ? [element("strong", {}, `${error.title}: `), error.detail] : []);
}

function progressTold({ status, progress, rate, position, eta_seconds: eta }) {
  const parts = [];
  if (progress !== null) parts.push(percent(progress));
  if (status === "pending" && position) parts.push(position === 1 ? "next in the queue" : `number ${position} in the queue`);
  if (rate) parts.push(`${rate.toFixed(1)} frames a second`);
  if (eta !== null) parts.push(`about ${duration(eta)} left`);
  return parts.join(", ") || "waiting";
}

const stage = ({ name, state }) => element("li", {}, element("span", { class: "state", "data-state": state }, state), " ", name);

function facts(video) {
  const { frames } = video;
  const of = frames.expected === null ? "" : ` of ${count(frames.expected)}`;
  const failed = frames.failed ? `, ${count(frames.failed)} failed` : "";
  const dropped = frames.dropped ? `, ${count(frames.dropped)} dropped` : "";
  const found = [
    ["Source", video.video_url ?? video.source],
    ["Frames", `${count(frames.done)}${of} analysed${failed}${dropped}`],
    ["Sampling", sampling(video)],
    ["Length", video.duration === null ? null : duration(video.duration)],
    ["Picture", video.width ? `${video.width} × ${video.height}${video.fps ? `, ${Number(video.fps.toFixed(2))} frames a second` : ""}` : null],
    ["Submitted", moment(video.created_at)],
    ["Took", video.finished_at && video.started_at ? duration((new Date(video.finished_at) - new Date(video.started_at)) / 1000) : null],
    ["Lag", video.lag_seconds === null || video.lag_seconds === undefined ? null : `${video.lag_seconds.toFixed(1)} s`],
    ["Kept pictures", { full: null, blurred: "with faces blurred", none: "none" }[video.store_frames]],
    ["People are identified for", video.identification && `${video.identification.purpose} (${video.identification.collections.join(", ")})`],
    ["Search by face", video.identification?.search ? "possible" : null],
    ["Attempt", video.attempt > 1 ? String(video.attempt) : null],
    ["External id", video.external_id],
    ["Tags", video.tags.join(", ")],
  ];
  return found.filter(([, text]) => text);
}

function sampling({ frame_step: step, frame_ratio: ratio, sample_seconds: seconds }) {
  if (seconds) return `a frame every ${seconds} s`;
  if (ratio) return `${percent(ratio)} of the frames`;
  return step > 1 ? `one frame in ${step}` : "every frame";
}
