import { Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { GannetError } from '../errors.ts';
import { guard } from './guard.ts';
import type { Studio } from './latents/studio.ts';
import type { LiveRuns } from './live.ts';
import type { PageFile } from './page_files.ts';
import { addControlRoutes } from './routes/control.ts';
import { addLatentRoutes } from './routes/latents.ts';
import { RequestError } from './routes/request.ts';
import { addEventRoute, addRunRoutes } from './routes/runs.ts';
import type { Runs } from './runs/runs.ts';

/** What the page is served from. */
export interface AppOptions {
  readonly runs: Runs;
  readonly live: LiveRuns;
  readonly studio: Studio;
  readonly page: ReadonlyMap<string, PageFile>;
  readonly token: string;
  /** Further names by which the server is reached. */
  readonly hosts?: readonly string[];
}

const MOST_BODY_BYTES = 256 * 1024;

/** Everything that is served, below `/TOKEN/`. */
export function createApp({ runs, live, studio, page, token, hosts = [] }: AppOptions): Hono {
  const app = new Hono();
  app.use(guard(token, hosts));
  const tooLarge = { code: 'too_large', message: `a request may have ${MOST_BODY_BYTES} bytes` };
  app.use(bodyLimit({ maxSize: MOST_BODY_BYTES, onError: (context) => context.json(tooLarge, 413) }));
  const served = app.basePath(`/${token}`);
  served.get('/:file{[a-z.]*}', (context) => {
    const file = page.get(context.req.param('file') || 'index.html');
    return file ? context.body(file.bytes, 200, { 'Content-Type': file.type }) : context.notFound();
  });
  addRunRoutes(served, runs);
  addEventRoute(served, live);
  addControlRoutes(served, runs);
  addLatentRoutes(served, runs, studio);
  app.notFound((context) => context.json({ code: 'not_found', message: 'there is nothing of this name' }, 404));
  app.onError((error, context) => {
    const { message } = error;
    if (error instanceof RequestError) return context.json({ code: error.code, message }, error.status);
    if (error instanceof GannetError) return context.json({ code: error.code, message }, 422);
    return context.json({ code: 'unforeseen', message }, 500);
  });
  return app;
}
