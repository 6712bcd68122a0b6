import type { Hono } from 'hono';
import { z } from 'zod';
import { askRun } from '../../train/index.ts';
import { appendLog } from '../../train/run/log.ts';
import type { Runs } from '../runs/runs.ts';
import { bodyOf, runNamed } from './request.ts';

const runSchema = z.object({ id: z.string() });
const noteSchema = z.object({ id: z.string(), text: z.string().trim().min(1).max(1000) });

/** What a reader may do to a run: let it save and stop, let it draw samples, write a note into its log. */
export function addControlRoutes(served: Hono, runs: Runs): void {
  for (const request of ['stop', 'sample'] as const)
    served.post(`/api/${request}`, async (context) => {
      const { id } = await bodyOf(context, runSchema);
      await askRun(runNamed(runs, id).folder, request);
      return context.json({ asked: request });
    });

  served.post('/api/note', async (context) => {
    const { id, text } = await bodyOf(context, noteSchema);
    const run = runNamed(runs, id);
    const { step } = await run.summarize();
    // A line of the log is one event.
    await appendLog(run.folder, `note at step ${step}: ${text.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ')}`);
    return context.json({ noted: step });
  });
}
