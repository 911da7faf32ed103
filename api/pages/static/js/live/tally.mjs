// Owns counting what comes: each row once though it comes as a preview and as a result, by second and by frame.

const REMEMBERED = 4000;

/** Counts rows of results. */
export class Tally {
  constructor() {
    this.known = new Set();
    this.frame = 0;
    this.counts = {};
    this.second = {};
    this.frames = new Set();
  }

  /** Take a row; whether it is a new one. */
  take(row) {
    const key = `${row.frame_number} ${row.task}`;
    if (this.known.has(key)) return false;
    this.known.add(key);
    if (this.known.size > REMEMBERED) this.known.delete(this.known.values().next().value);
    this.frames.add(row.frame_number);
    if (row.task !== "color_detection") this.count(row);
    return true;
  }

  count({ frame_number: number, detections }) {
    if (number > this.frame) [this.frame, this.counts] = [number, {}];
    for (const { label } of detections) {
      this.second[label] = (this.second[label] || 0) + 1;
      if (number === this.frame) this.counts[label] = (this.counts[label] || 0) + 1;
    }
  }

  /** What came since the last call: detections by label, and how many frames. */
  taken() {
    const found = { labels: this.second, frames: this.frames.size };
    [this.second, this.frames] = [{}, new Set()];
    return found;
  }
}
