import type { Hono } from 'hono';
import { z } from 'zod';
import { NewestFirst, SupersededError } from '../latents/newest_first.ts';
import type { Studio } from '../latents/studio.ts';
import { readTraits, saveTrait } from '../latents/traits_file.ts';
import type { LatentInfo } from '../protocol.ts';
import type { Runs } from '../runs/runs.ts';
import { bodyOf, numeral, parse, RequestError, runNamed } from './request.ts';

const whole = z.number().int().min(0);
const spaceSchema = z.object({ step: numeral.pipe(whole) });
const drawSchema = spaceSchema.extend({
  seed: numeral.pipe(whole.max(2 ** 31 - 1)),
  count: numeral.pipe(whole.max(64)),
});
const pictureSchema = z.object({
  id: z.string(),
  step: whole,
  latent: z.array(z.number()).min(1).max(4096),
  class: z.string().optional(),
  place: z.string().max(64),
});
const traitSchema = z.object({
  id: z.string(),
  // What separates the names of a sum on the command line is no part of one.
  name: z
    .string()
    .trim()
    .min(1)
    .max(64)
    .regex(/^[^+]*$/, 'a name has no +'),
  coefficients: z.record(z.string().regex(/^\d+$/), z.number()),
});

/** Hands on the latent space of a checkpoint. */
export function addLatentRoutes(served: Hono, runs: Runs, studio: Studio): void {
  served.get('/api/latents', async (context) => {
    const run = runNamed(runs, context.req.query('id'));
    const { step } = parse(spaceSchema, context.req.query());
    const info: LatentInfo = { ...(await studio.describe(run.folder, step)), traits: await readTraits(run.folder) };
    return context.json(info);
  });

  served.get('/api/latents/draw', async (context) => {
    const run = runNamed(runs, context.req.query('id'));
    const { step, seed, count } = parse(drawSchema, context.req.query());
    return context.json(await studio.draw(run.folder, step, seed, count));
  });

  served.post('/api/latents/picture', async (context) => {
    const { id, ...request } = await bodyOf(context, pictureSchema);
    try {
      const png = await studio.picture(runNamed(runs, id).folder, request);
      return context.body(new Uint8Array(png), 200, { 'Content-Type': 'image/png' });
    } catch (error) {
      if (error instanceof SupersededError) throw new RequestError(409, 'superseded', error.message);
      throw error;
    }
  });

  // Saving reads a file and replaces it: a second save between the two would be lost.
  const saves = new NewestFirst();
  served.post('/api/latents/trait', async (context) => {
    const { id, name, coefficients } = await bodyOf(context, traitSchema);
    const { folder } = runNamed(runs, id);
    return context.json(await saves.run(Symbol('save'), () => saveTrait(folder, name, coefficients)));
  });
}
