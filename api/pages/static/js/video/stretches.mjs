// Owns moving among stretches of time by keys: one of them takes part in the tab order, arrow keys go to the others.

/** The stretches (`.segment`, each with `data-frame`) in the rows (`.track`) of a place. Enter presses them, as buttons. */
export class Stretches {
  constructor(place) {
    this.place = place;
    place.addEventListener("keydown", (event) => this.#key(event));
  }

  /** What had the focus, by its `data-key`; before the place is filled again. */
  get focused() {
    const at = document.activeElement?.closest?.(".segment");
    return at && this.place.contains(at) ? at.dataset.key : null;
  }

  /** Have one stretch in the tab order again, that with a key if it is there still; it gets the focus back. */
  restore(key) {
    const again = key && this.place.querySelector(`[data-key="${CSS.escape(key)}"]`);
    this.rove(again || this.place.querySelector(".segment"));
    if (again) again.focus();
  }

  /** Let a stretch be the one in the tab order. */
  rove(to) {
    this.place.querySelector('.segment[tabindex="0"]')?.setAttribute("tabindex", "-1");
    to?.setAttribute("tabindex", "0");
  }

  #key(event) {
    const at = event.target.closest(".segment");
    const to = at && this.#neighbour(at, event.key);
    if (!to) return;
    event.preventDefault();
    this.rove(to);
    to.focus();
  }

  /** Where an arrow key leads: along the row, or to the stretch of another row that is nearest in time. */
  #neighbour(at, key) {
    const within = [...at.parentElement.children];
    const rows = [...this.place.querySelectorAll(".track")].filter((row) => row.querySelector(".segment"));
    const row = rows.indexOf(at.parentElement);
    const nearest = (other) => other && [...other.children].reduce((a, b) => (away(b, at) < away(a, at) ? b : a));
    const lead = {
      ArrowRight: () => within[within.indexOf(at) + 1],
      ArrowLeft: () => within[within.indexOf(at) - 1],
      ArrowDown: () => nearest(rows[row + 1]),
      ArrowUp: () => nearest(rows[row - 1]),
      Home: () => within[0],
      End: () => within.at(-1),
    };
    return lead[key]?.();
  }
}

const away = (one, other) => Math.abs(Number(one.dataset.frame) - Number(other.dataset.frame));
