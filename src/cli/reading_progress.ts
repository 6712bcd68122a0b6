import type { ProgressListener } from '../data/index.ts';
import type { Io } from './io.ts';
import { createProgress } from './progress.ts';

/** Shows how far the reading of images is, which takes a while for large folders. */
export interface ReadingProgress {
  readonly onProgress: ProgressListener;
  /** Leaves the cursor on a line of its own. */
  finish(): void;
}

/** A bar on a terminal, one line elsewhere, nothing for commands whose output is JSON. */
export function readingProgress(io: Io, options: { readonly silent: boolean }): ReadingProgress {
  const progress = createProgress({ stream: io.stderr, environment: io.environment, silent: options.silent });
  const startedMs = performance.now();
  let isReading = false;
  return {
    onProgress(done, total) {
      if (!isReading) progress.message('Reading the images');
      isReading = true;
      if (!io.stderr.isTTY) return;
      const seconds = (performance.now() - startedMs) / 1000;
      progress.update({ step: done, total, imagesPerSecond: done / seconds, values: {} });
    },
    finish: () => progress.finish(),
  };
}
