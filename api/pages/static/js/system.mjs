// Owns the page of the system: asks how everything does every few seconds, and says what to do.

import { get } from "./api.mjs";
import { element, fill, setText } from "./elements/element.mjs";
import { showProblem } from "./elements/messages.mjs";
import { bytes, count, duration, percent } from "./format.mjs";
import { repeated } from "./repeated.mjs";
import { fillFacts, fillTable, rate } from "./tables.mjs";

const EVERY_MS = 3000;
const LEVELS = { good: "All is well", warn: "Wants attention", bad: "Something does not work" };
const SERVERS = { kafka: "Kafka", cassandra: "Cassandra", disk: "Disk", ingest: "Ingest", analysis: "Analysis", rtmp: "RTMP server" };
const place = (id) => document.getElementById(id);

function show(status) {
  const level = place("level");
  level.dataset.state = status.level;
  setText(level, LEVELS[status.level]);
  setText(place("told"), status.window_seconds ? `Rates over the last ${Math.round(status.window_seconds)} s` : "Measuring…");
  showAdvice(status.advice);
  fill(place("servers"), status.servers.map(server));
  fillFacts(place("load"), [
    ["Videos waiting", whole(status.queue.pending)],
    ["Videos running", whole(status.queue.processing)],
    ["Frames waiting", whole(sum(status.topics.map((topic) => topic.waiting)))],
    ["Behind", status.lag_seconds === null ? "–" : duration(status.lag_seconds)],
  ]);
  fillTable(place("stages"), ["What became of them", "#a second"], status.stages.map((one) => [one.stage, rate(one.frames_per_second)]));
  fillTable(place("workers"), ["Worker", "#Frames a second"], status.workers.map((one) => [one.worker, rate(one.frames_per_second)]));
  fillTable(
    place("models"),
    ["Model", "#Pictures a second", "#ms a picture", "#ms a slow batch"],
    status.models.map((one) => [one.model, rate(one.pictures_per_second), rate(one.mean_ms), rate(one.batch_p95_ms)]),
  );
  showMachine(status);
}

function showMachine(status) {
  const rows = status.processes.map((one) => [one.service, one.processes, bytes(one.memory_bytes), one.processors === null ? "–" : one.processors.toFixed(2)]);
  fillTable(place("processes"), ["Service", "#Processes", "#Memory", "#CPUs"], rows);
  place("gpus").hidden = !status.gpus.length;
  fillTable(place("gpus"), ["GPU", "#In use", "#Memory"], status.gpus.map((one) => [one.gpu, percent(one.use), bytes(one.memory_bytes)]));
  fillTable(place("topics"), ["Topic", "#Waiting", "#Size"], status.topics.map((one) => [one.topic, whole(one.waiting), one.bytes === null ? "–" : bytes(one.bytes)]));
  const disk = status.disk;
  const used = disk ? 1 - disk.free_bytes / disk.total_bytes : 0;
  place("disk").value = used;
  setText(place("disk-told"), disk ? `${percent(used)} used, ${bytes(disk.free_bytes)} free` : "not known");
}

function showAdvice(advice) {
  const said = JSON.stringify(advice);
  if (place("advice").dataset.said === said) return;
  place("advice").dataset.said = said;
  fill(place("advice"), advice.map(({ level, what, do: todo, command }) => element(
    "div",
    { class: { bad: "problem", warn: "notice warned", good: "notice" }[level], role: "alert" },
    element("strong", {}, what),
    element("p", {}, todo),
    command ? element("p", {}, element("code", {}, command)) : null,
  )));
}

const server = ({ name, ok, detail }) => element(
  "li",
  { class: "row", "data-server": name },
  element("span", { class: "state", "data-state": ok ? "good" : name === "rtmp" ? "stopped" : "bad" }, ok ? "good" : name === "rtmp" ? "off" : "red"),
  element("strong", {}, SERVERS[name] || name),
  element("span", { class: "quiet small" }, detail),
);

const whole = (value) => (value === null ? "–" : count(value));
const sum = (values) => (values.every((value) => value === null) ? null : values.reduce((total, value) => total + (value || 0), 0));

repeated(EVERY_MS, async () => {
  try {
    show(await get("/status"));
    showProblem(place("problem"), null);
  } catch (error) {
    showProblem(place("problem"), error);
  }
});
