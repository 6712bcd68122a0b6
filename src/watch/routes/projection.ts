import type { Hono } from 'hono';
import { z } from 'zod';
import { SupersededError } from '../latents/newest_first.ts';
import { type Projector, WatchClosedError } from '../latents/projector.ts';
import type { Problem, SearchReport } from '../protocol.ts';
import type { Runs } from '../runs/runs.ts';
import { numeral, parse, problemOf, RequestError, runNamed } from './request.ts';

/** Where images are sent, which may be larger than other requests. */
export const PROJECTION_PATH = '/api/latents/project';

const requestSchema = z.object({
  id: z.string(),
  step: numeral.pipe(z.number().int().min(0)),
  class: z.string().optional(),
  place: z.string().max(64),
});

/** Searches the latent of the image in a request's body, and reports line by line, each a {@link SearchReport}. The search ends when the
 *  page goes. */
export function addProjectionRoute(served: Hono, runs: Runs, projector: Projector): void {
  served.post(PROJECTION_PATH, async (context) => {
    // A form of another site cannot send this type.
    if (context.req.header('content-type') !== 'application/octet-stream')
      throw new RequestError(415, 'not_bytes', 'expected a body of type application/octet-stream');
    const { id, ...request } = parse(requestSchema, context.req.query());
    const { folder } = runNamed(runs, id);
    const image = new Uint8Array(await context.req.arrayBuffer());
    const gone = new AbortController();
    const encoder = new TextEncoder();
    const lines = new ReadableStream<Uint8Array>({
      async start(stream) {
        const tell = (report: SearchReport): void => {
          if (!gone.signal.aborted) stream.enqueue(encoder.encode(`${JSON.stringify(report)}\n`));
        };
        const onProgress = (done: number, total: number): void => tell({ done, total });
        await projector.find(folder, { ...request, image, onProgress, signal: gone.signal }).then(
          (found) => tell({ found }),
          (error: Error) => tell({ problem: reasonOf(error) }),
        );
        if (!gone.signal.aborted) stream.close();
      },
      cancel: () => gone.abort(),
    });
    return context.body(lines, 200, { 'Content-Type': 'application/x-ndjson' });
  });
}

function reasonOf(error: Error): Problem {
  if (error instanceof SupersededError) return { code: 'superseded', message: error.message };
  return error instanceof WatchClosedError ? { code: 'watch_closed', message: error.message } : problemOf(error);
}
