// Owns the page of one video: builds its parts, and keeps them up to date while the video is processed.

import { events, get, query } from "../api.mjs";
import { actionButtons } from "../elements/actions.mjs";
import { fill } from "../elements/element.mjs";
import { showProblem } from "../elements/messages.mjs";
import { offerClip } from "./clip.mjs";
import { offerComparison } from "./comparison.mjs";
import { drawEmotions } from "./emotions.mjs";
import { Film } from "./film.mjs";
import { Filters } from "./filters.mjs";
import { drawLabels, drawModels, drawPalette } from "./findings.mjs";
import { follow } from "./followed.mjs";
import { Frames } from "./frames.mjs";
import { asked, Moments } from "./links.mjs";
import { Overlay } from "./overlay.mjs";
import { Pictures } from "./pictures.mjs";
import { Player } from "./player.mjs";
import { Playhead } from "./playhead.mjs";
import { Screen } from "./screen.mjs";
import { drawStanding } from "./standing.mjs";
import { Timeline } from "./timeline.mjs";
import { isFollowed } from "./tracks.mjs";
import { Trouble } from "./trouble.mjs";

const SUMMARY_MS = 4000;
const STATE_MS = 2000;
const MOST_SEGMENTS = 100;
const $ = (name) => document.getElementById(name);

const page = $("video");
const span = JSON.parse(page.dataset.span);
let video = JSON.parse(page.dataset.video);
const path = video.status_url;

const problem = (error) => showProblem($("page-problem"), error);
const frames = new Frames(path, stepOf(video), span);
const playhead = new Playhead(frames);
const pictures = new Pictures(path, video.store_frames !== "none");
const filters = new Filters($("filters"), video.models_to_run.map(({ name }) => name));
const overlay = new Overlay($("overlay"), filters);
const screen = new Screen(page, playhead, pictures, overlay, filters);
const player = new Player($("player"), playhead, screen, problem);
const moments = new Moments(playhead, problem);
const timeline = new Timeline($("timeline"), (moment) => moments.go(moment));
const trouble = new Trouble($("trouble"), path);

/** About how many frames there are from one sampled frame to the next. */
function stepOf({ frame_step: step, frame_ratio: ratio, sample_seconds: seconds, fps }) {
  return step ?? Math.max(1, Math.round(seconds ? seconds * (fps ?? 25) : 1 / ratio));
}

/** Do something at most once in a while, and once more at the end. */
function throttled(doing, pause) {
  let timer = null;
  return () => {
    timer ??= setTimeout(() => {
      timer = null;
      doing().catch(problem);
    }, pause);
  };
}

async function summarise() {
  const summary = await get(`${path}/summary`);
  player.span(span.first, span.last, summary.interval_seconds || null);
  filters.update(summary);
  timeline.update(await coarse(summary), span.first, span.last);
  drawEmotions($("emotions"), summary.emotions, span.first, span.last);
  drawPalette($("palette"), summary.colors);
  drawLabels($("labels"), summary.tasks);
  drawModels($("models"), summary.tasks);
  const late = summary.frames.left_out;
  $("left-out").hidden = !late;
  $("left-out").textContent = `${late} frames are not counted in yet.`;
  if (late) later();
}

/** Of a label that comes and goes, longer stretches with gaps in them, so that the whole video is covered. */
function coarse(summary) {
  const cut = summary.tasks.some(({ labels }) => labels.some((label) => label.segments_cut));
  return cut ? get(query(`${path}/summary`, { gap: Math.min(86_400, (span.last - span.first) / MOST_SEGMENTS) })) : summary;
}

const later = throttled(summarise, SUMMARY_MS);

async function stand() {
  video = await get(path);
  show();
}
const standLater = throttled(stand, STATE_MS);

function show() {
  const running = video.finished_at === null;
  player.running = running;
  player.span(span.first, span.last);
  $("follow-label").hidden = !running;
  $("nothing-yet").hidden = playhead.frame !== null;
  drawStanding(page, video);
  if ($("actions").dataset.of !== video.status) offerActions();
  trouble.update(video, zero()).catch(problem);
}

function offerActions() {
  $("actions").dataset.of = video.status;
  fill($("actions"), actionButtons(video, {
    changed: (changed) => (changed.attempt === video.attempt ? stand().catch(problem) : location.reload()),
    made: (made) => location.assign(`/videos/${made.video_id}`),
    deleted: () => location.assign("/videos"),
    refused: problem,
  }));
}

/** When the live video began, in milliseconds; null for files. */
function zero() {
  const { frame } = playhead;
  return frame?.capturedAt ? Date.parse(frame.capturedAt) - 1000 * frame.time : null;
}

function result(row) {
  frames.add(row);
  span.last = Math.max(span.last, row.media_time);
  later();
  if (!playhead.frame || $("follow").checked) newest();
}

const newest = throttled(() => playhead.toTime($("follow").checked ? span.last : span.first), 250);

function state({ status, attempt }) {
  if (status === "deleted") return location.assign("/videos");
  if (attempt && attempt !== video.attempt) return location.reload();
  if (["completed", "failed", "cancelled"].includes(status)) later();
  return standLater();
}

async function begin() {
  $("follow").checked = ["rtmp", "stream"].includes(video.source) && video.finished_at === null;
  if (video.width) screen.size(video.width, video.height);
  show();
  offerComparison($("comparison"), video);
  if (video.finished_at === null) events(page.dataset.events, { result, state });
  if (isFollowed(video)) follow(video, () => video.finished_at, { moments, overlay, frames, playhead, span, problem });
  const start = asked(location) ?? { time: $("follow").checked ? span.last : span.first };
  await Promise.all([summarise(), moments.go(start)]);
  show();
}

playhead.addEventListener("moved", () => {
  timeline.follow(playhead.frame.time);
  $("nothing-yet").hidden = true;
  $("picture").href = pictures.address(playhead.frame.number, true);
});
$("copy-link").addEventListener("click", () => moments.copy());
$("blur").addEventListener("change", () => {
  pictures.blur = $("blur").checked;
  page.classList.toggle("discreet", pictures.blur);
  screen.show();
});
if ($("film")) new Film($("film"), path, { playhead, pictures, player, screen, onProblem: problem });
if ($("clip")) offerClip($("clip"), path, playhead, span, video.video_name);
begin().catch(problem);
