// Owns the pictures of frames: those around the playhead are loaded before they are asked for, and few are kept.

import { get, query } from "../api.mjs";

const KEPT = 60;

/** Loaded pictures by frame number. */
export class Pictures {
  #kept = new Map();

  constructor(path, kept) {
    this.path = path;
    this.kept = kept;
    this.blur = false;
  }

  /** Where a picture is: without boxes, faces blurred if that is wanted. */
  address(number, annotate = false) {
    return query(`${this.path}/frame/${number}`, { annotate, blur: this.blur ? "faces" : null });
  }

  /** A loaded picture, or null where pictures are not kept; throws the Problem for which there is none. */
  async picture(number) {
    if (!this.kept) return null;
    const address = this.address(number);
    const known = this.#kept.get(address) ?? this.#load(address);
    this.#kept.delete(address);
    this.#kept.set(address, known);
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= KEPT) break;
      this.#kept.delete(oldest);
    }
    return known;
  }

  /** Load pictures that may be asked for next. */
  prepare(numbers) {
    for (const number of numbers) this.picture(number).catch(() => {});
  }

  async #load(address) {
    const picture = new Image();
    picture.src = address;
    try {
      await picture.decode();
      return picture;
    } catch {
      this.#kept.delete(address);
      await get(address);  // says why
      throw new Error("The picture cannot be shown");
    }
  }
}
