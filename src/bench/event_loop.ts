import { percentile } from './statistics.ts';

const INTERVAL_MS = 10;

/** How late a timer of 10 ms fires, 99th percentile in milliseconds, while `work` goes on. */
export async function timerDelay(work: () => Promise<void>): Promise<number> {
  const delays: number[] = [];
  let due = performance.now() + INTERVAL_MS;
  const timer = setInterval(() => {
    const now = performance.now();
    delays.push(Math.max(0, now - due));
    due = now + INTERVAL_MS;
  }, INTERVAL_MS);
  try {
    await work();
  } finally {
    clearInterval(timer);
  }
  return percentile(delays, 0.99);
}
