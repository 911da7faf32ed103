// Owns the page of one live stream: picture, counts, charts that roll, events, gaps, and its end.

import { events, get } from "../api.mjs";
import { actionButtons } from "../elements/actions.mjs";
import { element, fill, setText } from "../elements/element.mjs";
import { showProblem } from "../elements/messages.mjs";
import { count, duration } from "../format.mjs";
import { repeated } from "../repeated.mjs";
import { fillFacts, rate } from "../tables.mjs";
import { followCounts } from "./counted.mjs";
import { fillCounts, kindOf, standing } from "./counts.mjs";
import { Log } from "./log.mjs";
import { Rolling } from "./rolling.mjs";
import { Tally } from "./tally.mjs";

const ENDED = new Set(["completed", "failed", "cancelled"]);
const VIEWS = { boxes: "", plain: "?annotate=false", both: "?view=side-by-side" };
const ASK_MS = 2000;
const SHOWN_GAPS = 10;
const place = (id) => document.getElementById(id);
const root = place("stream");
let video = JSON.parse(root.dataset.video);

const tally = new Tally();
const log = new Log(place("events"), place("pause"));
const charts = { labels: new Rolling("Detections a second"), frames: new Rolling("Frames a second"), lag: new Rolling("Seconds behind", 1), dropped: new Rolling("Frames dropped a second") };
place("charts").append(...Object.values(charts).map((chart) => chart.root));
let speed = [];
let dropped = video.frames.dropped;

function take(row) {
  if (tally.take(row)) log.add(row);
}

/** Once a second: what came, to the charts and the counts. */
function tick() {
  const { labels, frames } = tally.taken();
  speed = [...speed, frames].slice(-10);
  charts.labels.push(labels);
  charts.frames.push({ "": frames });
  charts.lag.push({ "": video.lag_seconds || 0 });
  charts.dropped.push({ "": Math.max(0, video.frames.dropped - dropped) });
  dropped = video.frames.dropped;
  fillCounts(place("counts"), tally.counts);
}

function show(known) {
  const before = video;
  video = known;
  setText(place("state"), standing(video));
  place("state").dataset.state = kindOf(video);
  showProblem(place("error"), video.error && { title: video.error.title, message: video.error.detail });
  fillFacts(place("facts"), [
    ["Frames a second", speed.length ? rate(speed.reduce((a, b) => a + b, 0) / speed.length) : "–"],
    ["Behind", video.lag_seconds === null ? "–" : `${video.lag_seconds.toFixed(1)} s`],
    ["Analysed", count(video.frames.done)],
    ["Failed", count(video.frames.failed)],
    ["Dropped", count(video.frames.dropped)],
    ["Source", video.connected === null ? "–" : video.connected ? "sends" : "is away"],
  ]);
  showGaps();
  if (known.status !== before.status || !place("actions").childElementCount) fill(place("actions"), actionButtons(video, told));
}

function showGaps() {
  place("gaps-card").hidden = !video.gaps.length;
  const newest = video.gaps.slice(-SHOWN_GAPS).reverse();
  fill(place("gaps"), newest.map(({ from, to, reason }) => {
    const length = to ? duration((new Date(to) - new Date(from)) / 1000) : "lasts still";
    return element("li", {}, element("time", {}, new Date(from).toLocaleTimeString()), element("span", {}, `${length}: ${reason}`));
  }));
}

const told = {
  changed: (known) => show(known),
  made: (made) => location.assign(`/videos/${made.video_id}`),
  deleted: () => location.assign("/live"),
  refused: (error) => showProblem(place("problem"), error),
};

function showPicture() {
  const picture = place("picture");
  if (video.store_frames === "none") {
    setText(place("waiting"), "No pictures are kept of this stream.");
    return;
  }
  const view = document.querySelector('input[name="view"]:checked').value;
  picture.onload = () => {
    picture.hidden = false;
    place("waiting").hidden = true;
  };
  picture.src = `/analysis/${video.video_id}/live${VIEWS[view]}`;
}

if (place("counted")) followCounts(place("counted"), video.status_url, () => ENDED.has(video.status), told.refused);
for (const choice of document.querySelectorAll('input[name="view"]')) choice.addEventListener("change", showPicture);
show(video);
if (!ENDED.has(video.status)) {
  events(root.dataset.events, {
    preview: take,
    result: take,
    state: ({ status, error }) => ENDED.has(status) && show({ ...video, status, error, lag_seconds: null, connected: null }),
    open: () => (place("lost").hidden = true),
    lost: () => (place("lost").hidden = ENDED.has(video.status)),
  });
  setInterval(tick, 1000);
  const stop = repeated(ASK_MS, async () => {
    try {
      show(await get(`/analysis/${video.video_id}`));
      showProblem(place("problem"), null);
      if (ENDED.has(video.status)) stop();
    } catch (error) {
      showProblem(place("problem"), error);
    }
  });
}
// A picture that moves never ends loading: begun earlier it would keep the page from being loaded.
if (document.readyState === "complete") showPicture();
else addEventListener("load", showPicture);
addEventListener("pagehide", () => place("picture").removeAttribute("src"));
