const INTERVAL_MS = 10;

/** Lets a timer of 10 ms fire while `work` goes on, which tells whether anything else could run meanwhile.
 *  @param delays receives how many milliseconds late it fired each time, the last time after the end if work never let it */
export async function watchTimer<T>(delays: number[], work: () => Promise<T>): Promise<T> {
  let due = performance.now() + INTERVAL_MS;
  const note = () => {
    const now = performance.now();
    delays.push(Math.max(0, now - due));
    due = now + INTERVAL_MS;
  };
  const timer = setInterval(note, INTERVAL_MS);
  try {
    return await work();
  } finally {
    if (performance.now() > due) note();
    clearInterval(timer);
  }
}
