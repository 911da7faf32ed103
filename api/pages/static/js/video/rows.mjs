// Owns how rows of results become frames.

/** The rows by frame: `{number, time, capturedAt, rows}`, in the order of the rows. */
export function grouped(items) {
  const found = new Map();
  for (const row of items) {
    const number = row.frame_number;
    if (!found.has(number)) found.set(number, { number, time: row.media_time, capturedAt: row.captured_at, rows: [] });
    found.get(number).rows.push(row);
  }
  return [...found.values()];
}
