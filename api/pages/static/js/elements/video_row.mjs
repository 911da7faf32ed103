// Owns how a video looks in a list: picture, name, state, progress, and what can be done with it.

import { ago, count, duration, moment, percent, taskName } from "../format.mjs";
import { actionButtons } from "./actions.mjs";
import { element, fill, setText } from "./element.mjs";
import { problemPlace, showProblem } from "./messages.mjs";

const SOURCES = { url: "from an address", upload: "uploaded", rtmp: "published by RTMP", stream: "a stream", rerun: "analysed again" };
const ENDED = new Set(["completed", "failed", "cancelled"]);

export const hasEnded = (video) => ENDED.has(video.status);
export const isLive = (video) => video.source === "rtmp" || video.source === "stream";

/** What is known of how long it will take, in words. */
export function outlook(video) {
  if (video.status === "pending" && video.source === "rtmp") return "waits for the publisher";
  const left = video.eta_seconds === null ? "" : `about ${duration(video.eta_seconds)} left`;
  if (video.status === "pending") return [video.position ? `number ${video.position} in the queue` : "waits", left].filter(Boolean).join(", ");
  if (video.status === "processing") return left || (isLive(video) ? "live" : "");
  return video.finished_at ? ago(video.finished_at) : "";
}

/** A row that shows one video and can show it anew: `row.node`, `row.video`, `row.show(video)`. */
export class VideoRow {
  /** `told` hears of what becomes of the video, as for `actionButtons`, without `refused`. */
  constructor(video, told) {
    this.told = told;
    this.picture = element("img", { alt: "", loading: "lazy", width: 160, height: 90, onerror: () => (this.picture.hidden = true) });
    this.name = element("a", { class: "name", href: `/videos/${video.video_id}` });
    this.state = element("span", { class: "state" });
    this.about = element("p", { class: "small quiet" });
    this.bar = element("progress", { max: 1, "aria-label": `Progress of ${video.video_name}` });
    this.outlook = element("span", { class: "small" });
    this.reason = element("p", { class: "small reason" });
    this.buttons = element("div", { class: "row buttons" });
    this.problem = problemPlace();
    const standing = element("div", { class: "standing" }, element("div", { class: "row" }, this.state, this.outlook), this.bar);
    const told_ = element("div", { class: "told" }, element("h2", {}, this.name), this.about, this.reason);
    this.node = element("li", { class: "video card", "data-id": video.video_id }, element("div", { class: "picture" }, this.picture), told_, standing, this.buttons, this.problem);
    this.show(video);
  }

  show(video) {
    this.video = video;
    setText(this.name, video.video_name);
    setText(this.state, video.status);
    this.state.dataset.state = video.status;
    setText(this.about, about(video));
    this.about.title = moment(video.created_at);
    setText(this.outlook, outlook(video));
    setText(this.reason, reason(video));
    this.reason.hidden = !this.reason.textContent;
    this.#showProgress(video);
    this.#showPicture(video);
    this.#showButtons(video);
  }

  #showProgress(video) {
    this.bar.hidden = video.status !== "processing" || isLive(video);
    if (video.progress === null) this.bar.removeAttribute("value");
    else this.bar.value = video.progress;
    if (!this.bar.hidden) setText(this.outlook, [video.progress === null ? "" : percent(video.progress), outlook(video)].filter(Boolean).join(", "));
  }

  #showPicture(video) {
    if (this.picture.src || video.frames.done === 0) return;
    this.picture.src = `/analysis/${video.video_id}/thumbnail`;
  }

  /** Only when other buttons fit, so that the focus stays where it is. */
  #showButtons(video) {
    const fitting = `${video.status} ${video.store_frames} ${video.frames.done > 0}`;
    if (this.fitting === fitting) return;
    this.fitting = fitting;
    const told = {
      changed: (changed) => this.show(changed),
      made: this.told.made,
      deleted: this.told.deleted,
      refused: (problem) => showProblem(this.problem, problem),
    };
    const live = isLive(video) && !hasEnded(video) ? [element("a", { class: "button", href: `/live/${video.video_id}`, "aria-label": `Live: ${video.video_name}` }, "Live")] : [];
    const held = this.buttons.contains(document.activeElement);
    fill(this.buttons, ...live, ...actionButtons(video, told));
    if (held) this.name.focus();
  }
}

function about(video) {
  const models = video.models_to_run.map((task) => taskName(task.name)).join(", ");
  const frames = video.frames.done ? `${count(video.frames.done)} frames` : "";
  const tags = video.tags.map((tag) => `#${tag}`).join(" ");
  const whose = video.external_id ? `id ${video.external_id}` : "";
  return [SOURCES[video.source], ago(video.created_at), models, frames, tags, whose].filter(Boolean).join(" · ");
}

function reason(video) {
  if (video.error) return `${video.error.title}: ${video.error.detail}`;
  if (!video.warnings.length) return "";
  const more = video.warnings.length > 1 ? ` (and ${video.warnings.length - 1} more)` : "";
  return `${video.warnings[0]}${more}`;
}
