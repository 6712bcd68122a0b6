import { Hono, type MiddlewareHandler } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { GannetError } from '../errors.ts';
import { guard } from './guard.ts';
import type { Projector } from './latents/projector.ts';
import type { Studio } from './latents/studio.ts';
import type { LiveRuns } from './live.ts';
import type { PageFile } from './page_files.ts';
import { addControlRoutes } from './routes/control.ts';
import { addLatentRoutes } from './routes/latents.ts';
import { addProjectionRoute, PROJECTION_PATH } from './routes/projection.ts';
import { problemOf, RequestError } from './routes/request.ts';
import { addEventRoute, addRunRoutes } from './routes/runs.ts';
import type { Runs } from './runs/runs.ts';

/** What the page is served from. */
export interface AppOptions {
  readonly runs: Runs;
  readonly live: LiveRuns;
  readonly studio: Studio;
  readonly projector: Projector;
  readonly page: ReadonlyMap<string, PageFile>;
  readonly token: string;
  /** Further names by which the server is reached. */
  readonly hosts?: readonly string[];
}

const MOST_BODY_BYTES = 256 * 1024;
/** Of a picture from a camera. */
const MOST_IMAGE_BYTES = 32 * 2 ** 20;

function limit(maxSize: number): MiddlewareHandler {
  const tooLarge = { code: 'too_large', message: `a request may have ${maxSize} bytes` };
  return bodyLimit({ maxSize, onError: (context) => context.json(tooLarge, 413) });
}

/** Everything that is served, below `/TOKEN/`. */
export function createApp({ runs, live, studio, projector, page, token, hosts = [] }: AppOptions): Hono {
  const app = new Hono();
  app.use(guard(token, hosts));
  const [ofRequests, ofImages] = [limit(MOST_BODY_BYTES), limit(MOST_IMAGE_BYTES)];
  app.use((context, next) =>
    (context.req.path === `/${token}${PROJECTION_PATH}` ? ofImages : ofRequests)(context, next),
  );
  const served = app.basePath(`/${token}`);
  served.get('/:file{[a-z.]*}', (context) => {
    const file = page.get(context.req.param('file') || 'index.html');
    return file ? context.body(file.bytes, 200, { 'Content-Type': file.type }) : context.notFound();
  });
  addRunRoutes(served, runs);
  addEventRoute(served, live);
  addControlRoutes(served, runs);
  addLatentRoutes(served, runs, studio);
  addProjectionRoute(served, runs, projector);
  app.notFound((context) => context.json({ code: 'not_found', message: 'there is nothing of this name' }, 404));
  app.onError((error, context) => {
    const { message } = error;
    if (error instanceof RequestError) return context.json({ code: error.code, message }, error.status);
    return context.json(problemOf(error), error instanceof GannetError ? 422 : 500);
  });
  return app;
}
