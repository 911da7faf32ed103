// Owns an answer in words and tables: what the charts show, for those who do not see them.

import { setText } from "../elements/element.mjs";
import { count, moment, taskName } from "../format.mjs";
import { fillTable } from "../tables.mjs";

const DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
const place = (id) => document.getElementById(id);

/** Say what was counted, and what was not. */
export function tell(answer) {
  const { counted, files } = answer.videos;
  const videos = counted === 1 ? "1 video" : `${count(counted)} videos`;
  const note = files ? ` ${files === counted ? (counted === 1 ? "It is a file" : "All are files") : `${count(files)} of them are files`}: a file's moments count from its submission on.` : "";
  const text = answer.detections ? `${count(answer.detections)} detections in ${videos}, ${moment(answer.from)} – ${moment(answer.to)}.${note}` : "Nothing was found in this time. Take a longer one, or ask for less.";
  setText(place("told"), text);
  const { frames, videos_before: before } = answer.left_out;
  const parts = [frames ? `${count(frames)} frames are still to be counted` : "", before ? `videos submitted before ${moment(before)} were not looked at, since there are too many` : ""].filter(Boolean);
  place("left-out").hidden = answer.complete;
  setText(place("left-out"), parts.length ? `Not everything is counted: ${parts.join("; ")}.` : "");
}

/** The tables under the charts. */
export function fillTables(answer) {
  const series = answer.over_time;
  const steps = answer.steps.map((at, i) => [at, series.map(({ detections }) => detections[i]), answer.others[i]]);
  const found = steps.filter(([, counts, others]) => others || counts.some(Boolean));
  fillTable(place("over_time-table"), ["From", ...series.map(({ label }) => `#${label}`), "#others"], found.map(([at, counts, others]) => [moment(at), ...counts.map(count), count(others)]));
  fillTable(
    place("by_label-table"),
    ["Label", "Task", "#Detections", "#Frames", "#Videos", "#Surest", "First", "Last"],
    answer.labels.map((one) => [one.label, taskName(one.task), count(one.detections), count(one.frames), count(one.videos), one.max_confidence.toFixed(2), moment(one.first_at), moment(one.last_at)]),
  );
  fillTable(place("by_camera-table"), ["Video", "Camera", "#Detections"], answer.by_video.map((one) => [one.video_name, one.camera || "", count(one.detections)]));
  const week = answer.by_weekday_and_hour.flatMap((hours, day) => hours.map((n, hour) => [DAYS[day], `${String(hour).padStart(2, "0")}:00`, n]));
  fillTable(place("by_weekday_and_hour-table"), ["Weekday", "Hour", "#Detections"], week.filter(([, , n]) => n).map(([day, hour, n]) => [day, hour, count(n)]));
}
