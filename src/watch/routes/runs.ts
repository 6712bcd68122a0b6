import type { Hono } from 'hono';
import { streamSSE } from 'hono/streaming';
import { z } from 'zod';
import type { LiveRuns } from '../live.ts';
import type { OutputHistory, RunDetail, RunList, SeriesReply } from '../protocol.ts';
import { readGrid } from '../runs/grids.ts';
import type { Runs } from '../runs/runs.ts';
import { seriesOf } from '../runs/series.ts';
import { numeral, parse, RequestError, runNamed } from './request.ts';

/** Streams of events that are open at once. */
const MOST_STREAMS = 32;
/** A proxy or a browser gives up a stream in which nothing comes. */
const HEARTBEAT_MS = 15_000;

const seriesSchema = z.object({
  names: z.array(z.string()).max(256),
  axis: z.enum(['step', 'images', 'time']),
  pixels: numeral.pipe(z.number().int().min(1).max(8192)),
  halfLife: z.literal('usual').or(numeral.pipe(z.number().min(0))),
  from: numeral.optional(),
  to: numeral.optional(),
});

const stepSchema = numeral.pipe(z.number().int().min(0));

/** The list of runs, each run, its curves and its grids. */
export function addRunRoutes(served: Hono, runs: Runs): void {
  served.get('/api/runs', async (context) => {
    const list: RunList = { folder: runs.root, runs: await runs.list() };
    return context.json(list);
  });

  served.get('/api/run', async (context) => {
    const run = runNamed(runs, context.req.query('id'));
    const detail: RunDetail = await run.describe(await runs.metricsOf(run));
    return context.json(detail);
  });

  served.get('/api/series', async (context) => {
    const run = runNamed(runs, context.req.query('id'));
    const { names, ...request } = parse(seriesSchema, { ...context.req.query(), names: context.req.queries('name') });
    const columns = await runs.metricsOf(run);
    const found = names.flatMap((name) => {
      const points = seriesOf(columns, name, request);
      return points ? [[name, points] as const] : [];
    });
    const reply: SeriesReply = Object.fromEntries(found);
    return context.json(reply);
  });

  served.get('/api/histograms', async (context) => {
    const history: OutputHistory = await runNamed(runs, context.req.query('id')).readOutputHistory();
    return context.json(history);
  });

  served.get('/api/grid', async (context) => {
    const run = runNamed(runs, context.req.query('id'));
    const step = parse(stepSchema, context.req.query('step'));
    const bytes = await readGrid(run.folder, step);
    if (!bytes) throw new RequestError(404, 'grid_missing', `${run.id} has no grid of samples at step ${step}`);
    return context.body(new Uint8Array(bytes), 200, {
      'Content-Type': 'image/png',
      // The address has the version of the grid, so what it names never changes.
      'Cache-Control': 'private, max-age=3600, immutable',
    });
  });
}

/** The stream of what changes. */
export function addEventRoute(served: Hono, live: LiveRuns): void {
  served.get('/api/events', (context) => {
    if (live.listenerCount >= MOST_STREAMS)
      throw new RequestError(503, 'too_many_pages', `${MOST_STREAMS} pages are open already; close one`);
    return streamSSE(context, async (stream) => {
      const unsubscribe = live.subscribe((change) => {
        void stream.writeSSE({ event: 'runs', data: JSON.stringify(change) });
      });
      stream.onAbort(unsubscribe);
      while (!stream.aborted && !stream.closed) {
        await stream.write(': still here\n\n');
        await stream.sleep(HEARTBEAT_MS);
      }
      unsubscribe();
    });
  });
}
