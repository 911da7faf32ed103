// Owns what the page shows of things that were followed: faces, tracks, lines and zones, and what is counted there.

import { showProblem } from "../elements/messages.mjs";
import { Counts } from "./counts.mjs";
import { Editor } from "./editor.mjs";
import { askWhoItIs } from "./enrolment.mjs";
import { Lanes } from "./lanes.mjs";
import { Marks } from "./marks.mjs";
import { Regions } from "./regions.mjs";
import { Sketch } from "./sketch.mjs";
import { Strip } from "./strip.mjs";
import { Tracks } from "./tracks.mjs";

const $ = (name) => document.getElementById(name);

/** Show what was followed through a video (a click on a box marks its track), and keep it up to date; `ended` gives when it ended. */
export function follow(video, ended, { moments, overlay, frames, playhead, span, problem }) {
  const tracks = new Tracks(video.status_url, ended, problem);
  const regions = new Regions(video.status_url);
  const go = (track, frame) => {
    tracks.mark(track.track_id);
    $("stage").scrollIntoView({ block: "nearest" });
    return moments.go({ frame });
  };
  const enrol = (track) => askWhoItIs(video, track).catch((error) => showProblem($("page-problem"), error));
  const strip = new Strip($("faces"), tracks, video, { jump: (track) => go(track, track.best?.frame_number ?? track.first_frame), enrol });
  new Lanes($("tracks"), tracks, span, { jump: (track) => go(track, track.first_frame), moment: (moment) => moments.go(moment) });
  const counts = new Counts($("counts"), video.status_url, regions, tracks, problem);
  const editor = new Editor($("region"), regions, $("stage"));
  editor.sketch = new Sketch($("regions"), regions, () => editor.drawn());
  new Marks($("drawn"), regions, counts, editor);
  $("stage").addEventListener("click", (event) => {
    const found = playhead.frame && smallest(playhead.frame.rows, placeIn($("stage"), event));
    tracks.mark(found?.track_id ?? null);
    if (found) strip.show(found.track_id);
  });
  tracks.addEventListener("marked", () => overlay.mark(tracks.marked));
  tracks.addEventListener("made", () => playhead.frame && frames.again(playhead.frame.number).then(() => playhead.toFrame(playhead.frame.number)).catch(problem));
  regions.load().catch(problem);
  tracks.follow();
}

function placeIn(stage, { clientX, clientY }) {
  const { left, top, width, height } = stage.getBoundingClientRect();
  return [(clientX - left) / width, (clientY - top) / height];
}

/** Of what was followed, the finding with the smallest box around a place. */
function smallest(rows, [x, y]) {
  const around = rows.flatMap((row) => row.detections).filter(({ box, track_id: track }) => track && box && x >= box.x && x <= box.x + box.width && y >= box.y && y <= box.y + box.height);
  return around.sort((a, b) => a.box.width * a.box.height - b.box.width * b.box.height)[0] ?? null;
}
