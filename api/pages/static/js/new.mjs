// Owns the first page: submitting by any way in, and the newest videos below it.

import { post } from "./api.mjs";
import { showProblem, toast } from "./elements/messages.mjs";
import { taskBoxes } from "./elements/tasks.mjs";
import { VideoList } from "./elements/video_list.mjs";
import { check, clearWrongs, isLiveWay, isStreamWay, options, refuse } from "./new/form.mjs";
import { showEndpoint } from "./new/publish.mjs";
import { lengthOf, tellRate } from "./new/sampling.mjs";
import { upload } from "./new/upload.mjs";
import { PICTURES_A_SECOND, Sender, listCameras, openCamera, showSent } from "./new/webcam.mjs";

const NEWEST = 6;
const at = (id) => document.getElementById(id);
const form = at("new");
const problem = at("problem");
const NAMES = { url: "Analyse", upload: "Upload and analyse", webcam: "Start the camera", rtmp: "Make server and key", stream: "Analyse the stream" };
const WAYS = { url: byAddress, upload: byFile, webcam: byCamera, rtmp: byPublishing, stream: byStream };
const known = { fps: null, seconds: null };

async function byAddress() {
  visit(await post("/analysis/start", { videoURL: form.videoURL.value.trim(), ...options(form) }));
}

async function byStream() {
  const made = await post("/analysis/stream", { streamURL: form.streamURL.value.trim(), ...options(form) });
  location.assign(`/live/${made.video_id}`);
}

async function byPublishing() {
  showEndpoint(at("published"), await post("/analysis/rtmp-endpoint", options(form)));
  list.show({ status: "all", limit: NEWEST });
}

async function byFile() {
  const [file] = form.file.files;
  at("uploading-name").textContent = file.name;
  at("uploading").hidden = false;
  const sending = upload(file, options(form), (text, share) => {
    at("uploading-told").textContent = text;
    at("sent").value = share;
  });
  at("uploading-cancel").onclick = sending.stop;
  at("uploading-cancel").focus();
  try {
    const video = await sending.video;
    if (video) visit(video);
    else toast("The upload was cancelled");
  } finally {
    at("uploading").hidden = true;
  }
}

async function byCamera() {
  const stream = await openCamera(at("camera").value);
  let sender;
  try {
    const made = await post("/analysis/webcam", options(form));
    const every = form.sampling.value === "seconds" ? Math.max(1 / PICTURES_A_SECOND, Number(form.sampleSeconds.value)) : 1 / PICTURES_A_SECOND;
    sender = new Sender(made, stream, at("preview"), every, showSent(at("webcam-told")), cameraEnded);
    at("webcam-live").href = `/live/${made.video_id}`;
  } catch (refused) {
    for (const track of stream.getTracks()) track.stop();
    throw refused;
  }
  at("webcam").hidden = false;
  at("webcam-stop").onclick = () => sender.stop();
  at("webcam-stop").focus();
  listCameras(at("camera"));
  list.show({ status: "all", limit: NEWEST });
  await sender.run();
}

function cameraEnded(refused) {
  at("webcam").hidden = true;
  showProblem(problem, refused);
  if (!refused) toast("The camera is off; what was sent is analysed to its end");
}

/** Go to the page of a video that was taken. */
function visit(video) {
  location.assign(`/videos/${video.video_id}`);
}

function showWay() {
  const way = form.way.value;
  for (const part of form.querySelectorAll("[data-way]")) part.hidden = part.dataset.way !== way;
  for (const part of form.querySelectorAll("[data-live]")) part.hidden = !isLiveWay(way);
  for (const part of form.querySelectorAll("[data-stream]")) part.hidden = !isStreamWay(way);
  for (const part of form.querySelectorAll("[data-file]")) part.hidden = isLiveWay(way);
  at("go").textContent = NAMES[way];
  known.fps = way === "webcam" ? PICTURES_A_SECOND : null;
  known.seconds = way === "upload" ? known.ofFile ?? null : null;
  clearWrongs(form);
  showProblem(problem, null);
  tell();
  if (way === "webcam") listCameras(at("camera"));
}

async function fileChosen() {
  const [file] = form.file.files;
  known.ofFile = known.seconds = file ? await lengthOf(file) : null;
  tell();
}

/** A file may be dropped anywhere. */
function takeDrops() {
  addEventListener("dragover", (event) => event.preventDefault());
  addEventListener("drop", (event) => {
    event.preventDefault();
    if (!event.dataTransfer.files.length) return;
    form.querySelector('input[value="upload"]').checked = true;
    form.file.files = event.dataTransfer.files;
    showWay();
    fileChosen();
  });
}

async function submit(event) {
  event.preventDefault();
  showProblem(problem, null);
  if (!check(form)) return;
  at("go").disabled = true;
  try {
    await WAYS[form.way.value]();
  } catch (refused) {
    refuse(form, problem, refused);
  } finally {
    at("go").disabled = false;
  }
}

const list = new VideoList(at("videos"), {
  shown: (rows) => (at("empty").hidden = rows > 0),
  refused: (error) => showProblem(at("list-problem"), error),
});
list.show({ status: "all", limit: NEWEST });

let tell = () => {};
if (form) {
  at("tasks").append(taskBoxes());
  tell = tellRate(form, at("rate"), () => known);
  for (const radio of form.querySelectorAll('input[name="way"]')) radio.addEventListener("change", showWay);
  form.file.addEventListener("change", fileChosen);
  form.addEventListener("submit", submit);
  takeDrops();
  showWay();
}
