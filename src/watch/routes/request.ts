import type { Context } from 'hono';
import { z } from 'zod';
import { GannetError } from '../../errors.ts';
import type { Problem } from '../protocol.ts';
import type { Runs } from '../runs/runs.ts';
import type { WatchedRun } from '../runs/watched_run.ts';

type Status = 400 | 404 | 409 | 415 | 503;

/** A request that cannot be answered as it is. */
export class RequestError extends Error {
  readonly status: Status;
  readonly code: string;

  constructor(status: Status, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** What a page is told of an error. */
export const problemOf = (error: Error): Problem => ({
  code: error instanceof GannetError ? error.code : 'unforeseen',
  message: error.message,
});

/** A number in an address. */
export const numeral = z.string().min(1).transform(Number).pipe(z.number());

/** What a request says, checked. @throws RequestError bad_request */
export function parse<T>(schema: z.ZodType<T, unknown>, value: unknown): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new RequestError(400, 'bad_request', `${issue?.path.join('.') || 'request'}: ${issue?.message}`);
}

/** The body of a request that changes or draws something. Only a script of the page itself can send this type. @throws RequestError */
export async function bodyOf<T>(context: Context, schema: z.ZodType<T, unknown>): Promise<T> {
  if (!/^application\/json\b/.test(context.req.header('content-type') ?? ''))
    throw new RequestError(415, 'not_json', 'expected a body of type application/json');
  const body: unknown = await context.req.json().catch(() => undefined);
  return parse(schema, body);
}

/** The run of an id. @throws RequestError run_unknown */
export function runNamed(runs: Runs, id: string | undefined): WatchedRun {
  const run = runs.get(id ?? '');
  if (run) return run;
  throw new RequestError(404, 'run_unknown', `there is no run '${id ?? ''}' in ${runs.root}`);
}
