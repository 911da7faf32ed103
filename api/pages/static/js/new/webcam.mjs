// Owns sending the pictures of this computer's camera, one at a time, until it is stopped or the page is left.

import { Problem, post, problemOf } from "../api.mjs";
import { count } from "../format.mjs";
import { element, setText } from "../elements/element.mjs";

export const PICTURES_A_SECOND = 10;
const QUALITY = 0.8;
const MOST_HEIGHT = 720;
const MOST_FAILURES = 10;
const PAUSE_MS = 1000;

/** List the cameras; their names are told once one was used. */
export async function listCameras(select) {
  const devices = (await navigator.mediaDevices?.enumerateDevices()) || [];
  const cameras = devices.filter((device) => device.kind === "videoinput" && device.deviceId);
  for (const { deviceId, label } of cameras.slice(0, 20)) {
    if ([...select.options].some((option) => option.value === deviceId)) continue;
    select.append(element("option", { value: deviceId }, label || `Camera ${select.options.length}`));
  }
  select.disabled = select.options.length < 2;
}

/** Open a camera; throws Problem in words. */
export async function openCamera(deviceId) {
  if (!navigator.mediaDevices) throw new Problem(0, { title: "No camera", detail: "Browsers give their camera to pages on this machine or over https only." });
  try {
    const video = { height: { ideal: MOST_HEIGHT }, ...(deviceId ? { deviceId: { exact: deviceId } } : {}) };
    return await navigator.mediaDevices.getUserMedia({ video, audio: false });
  } catch (error) {
    const refused = error.name === "NotAllowedError";
    throw new Problem(0, { title: "No camera", detail: refused ? "The browser was not allowed to use the camera; allow it for this page and try again." : "The browser found no camera that it can use." });
  }
}

/** Sends what a camera sees as the pictures of a video. `told(text)` hears how it goes, `ended(problem)` that it is over. */
export class Sender {
  constructor(video, stream, preview, every, told, ended) {
    Object.assign(this, { path: `/analysis/${video.video_id}/frames`, stream, preview, every, told, ended });
    this.canvas = document.createElement("canvas");
    this.sent = 0;
    this.dropped = 0;
    this.stopped = false;
    this.stream.getVideoTracks()[0].addEventListener("ended", () => this.stop());
    this.leaving = () => navigator.sendBeacon(`${this.path}/end`);
    addEventListener("pagehide", this.leaving);
  }

  /** Send until it is stopped; never more than one picture is under way. */
  async run() {
    this.preview.srcObject = this.stream;
    await this.preview.play();
    let failures = 0;
    let next = performance.now();
    while (!this.stopped) {
      try {
        await this.#send();
        failures = 0;
      } catch (problem) {
        failures += 1;
        if (isFinal(problem) || failures >= MOST_FAILURES) return this.#close(problem);
        await sleep(PAUSE_MS * failures);
      }
      next = Math.max(next + this.every * 1000, performance.now());
      await sleep(next - performance.now());
    }
  }

  async #send() {
    const height = Math.min(MOST_HEIGHT, this.preview.videoHeight);
    this.canvas.height = height;
    this.canvas.width = Math.round((this.preview.videoWidth * height) / this.preview.videoHeight);
    const at = new Date().toISOString();
    this.canvas.getContext("2d").drawImage(this.preview, 0, 0, this.canvas.width, this.canvas.height);
    const body = await new Promise((resolve) => this.canvas.toBlob(resolve, "image/jpeg", QUALITY));
    const answer = await sendPicture(`${this.path}?captured_at=${at}`, body);
    this.sent += 1;
    this.dropped += answer.dropped;
    this.told(`${count(this.sent)} pictures sent${this.dropped ? `, ${count(this.dropped)} left out` : ""}`);
  }

  /** Say that no more come, and give the camera back. */
  async stop() {
    if (this.stopped) return;
    this.stopped = true;
    try {
      await post(`${this.path}/end`);
      this.#close(null);
    } catch (problem) {
      this.#close(problem);
    }
  }

  #close(problem) {
    this.stopped = true;
    removeEventListener("pagehide", this.leaving);
    for (const track of this.stream.getTracks()) track.stop();
    this.preview.srcObject = null;
    this.ended(problem);
  }
}

async function sendPicture(path, body) {
  const headers = { "content-type": "image/jpeg" };
  const answer = await fetch(path, { method: "POST", body, headers }).catch(() => null);
  if (!answer) throw new Problem(0, { title: "The service does not answer" });
  if (!answer.ok) throw problemOf(answer.status, await answer.text());
  return answer.json();
}

/** Whether sending again cannot help: the video has ended, is gone, or may not be sent to. */
const isFinal = (problem) => problem.status >= 400 && problem.status < 500 && problem.status !== 429;
const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, Math.max(0, milliseconds)));

export const showSent = (place) => (text) => setText(place, text);
