// Owns how values read: times, lengths of time, sizes, names of states and tasks.

const MOMENT = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
const AGO = new Intl.RelativeTimeFormat(undefined, { numeric: "auto" });
const STEPS = [["day", 86_400], ["hour", 3600], ["minute", 60], ["second", 1]];

/** A moment (ISO 8601) in the viewer's time zone. */
export const moment = (iso) => (iso ? MOMENT.format(new Date(iso)) : "");

/** How long ago a moment (ISO 8601) was: "3 minutes ago". */
export function ago(iso, now = Date.now()) {
  const seconds = Math.round((now - new Date(iso)) / 1000);
  const [unit, length] = STEPS.find(([, size]) => Math.abs(seconds) >= size) || STEPS.at(-1);
  return AGO.format(-Math.round(seconds / length), unit);
}

/** Media time as 1:02:03.4; without hours where there are none. */
export function clock(seconds, digits = 1) {
  const tens = Math.round(seconds * 10 ** digits) / 10 ** digits;
  const hours = Math.floor(tens / 3600);
  const minutes = Math.floor((tens % 3600) / 60);
  const rest = (tens % 60).toFixed(digits).padStart(digits ? 3 + digits : 2, "0");
  return hours ? `${hours}:${String(minutes).padStart(2, "0")}:${rest}` : `${minutes}:${rest}`;
}

/** A length of time in words: "2 min 5 s". */
export function duration(seconds) {
  if (seconds === null || seconds === undefined) return "";
  const whole = Math.max(0, Math.round(seconds));
  const parts = [[Math.floor(whole / 3600), "h"], [Math.floor((whole % 3600) / 60), "min"], [whole % 60, "s"]];
  const told = parts.filter(([value]) => value).slice(0, 2).map(([value, unit]) => `${value} ${unit}`);
  return told.join(" ") || "0 s";
}

/** A size in words: "12.3 MB". */
export function bytes(count) {
  const units = ["B", "kB", "MB", "GB", "TB"];
  const power = count < 1000 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(count) / 3));
  return `${(count / 1000 ** power).toFixed(power ? 1 : 0)} ${units[power]}`;
}

/** A share (0–1) as "42 %". */
export const percent = (share) => `${Math.floor(100 * share)} %`;

/** A whole number with separators. */
export const count = (value) => new Intl.NumberFormat().format(value);

const TASKS = {
  faces_detection: "Faces",
  emotions_detection: "Emotions",
  objects_detection: "Objects",
  color_detection: "Colours",
  faces_identification: "People",
};

/** A task's name for people. */
export const taskName = (task) => TASKS[task] || task;
