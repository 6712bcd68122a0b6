import { z } from 'zod';
import { ConfigError } from '../errors.ts';
import { parseJson, readRegularFile } from '../files.ts';
import type { LatentGrid } from './grids.ts';

const fileSchema = z.strictObject({
  format: z.literal('gannet-latents'),
  command: z.string(),
  recipe: z.string(),
  step: z.number(),
  seed: z.number(),
  class: z.string().optional(),
  size: z.number(),
  columns: z.array(z.string()),
  rows: z
    .array(
      z.strictObject({
        caption: z.string(),
        latents: z.array(z.array(z.number()).nullable()).min(1),
        captions: z.array(z.string()).optional(),
      }),
    )
    .min(1),
});

/** What a picture was made from. */
export interface Origin {
  /** The command line. */
  readonly command: string;
  readonly recipe: string;
  /** Of the checkpoint. */
  readonly step: number;
  readonly seed: number;
  /** What a conditional run was asked to draw. */
  readonly class?: string | undefined;
}

/** A grid as the text of a latents file: every number as it was computed, a row in a line. */
export function formatLatents(
  { columns, rows }: LatentGrid,
  { command, recipe, step, seed, class: label }: Origin,
): string {
  const size = rows[0]?.cells.find((cell) => cell !== undefined)?.length;
  const head = JSON.stringify({ format: 'gannet-latents', command, recipe, step, seed, class: label, size, columns });
  const lines = rows.map(({ caption, cells, captions }) =>
    JSON.stringify({ caption, latents: cells.map((cell) => (cell ? [...cell] : null)), captions }),
  );
  return `${head.slice(0, -1)},"rows":[\n${lines.join(',\n')}\n]}\n`;
}

/** Reads a latents file back. @param size the latents' size in the run they are for
 *  @throws ConfigError latents_file if it cannot be read or is none, latents_size */
export async function readLatents(path: string, size: number): Promise<LatentGrid & { readonly origin: Origin }> {
  const { format: _, columns, rows, size: stored, ...origin } = await parse(path);
  const sizes = [stored, ...rows.flatMap(({ latents }) => latents.flatMap((latent) => latent?.length ?? []))];
  const other = sizes.find((found) => found !== size);
  if (other !== undefined) {
    throw new ConfigError(
      'latents_size',
      `${path}: this run has latents of ${size} numbers, but the file holds some of ${other}; name the run it was made from`,
    );
  }
  return {
    columns,
    rows: rows.map(({ caption, latents, captions }) => ({
      caption,
      ...(captions && { captions }),
      cells: latents.map((latent) => (latent ? Float64Array.from(latent) : undefined)),
    })),
    origin,
  };
}

async function parse(path: string): Promise<z.infer<typeof fileSchema>> {
  try {
    return fileSchema.parse(parseJson(String(await readRegularFile(path))));
  } catch (cause) {
    throw new ConfigError(
      'latents_file',
      `${path}: expected latents as gannet explore writes them beside a picture, but ${problemOf(cause as Error)}`,
      { cause },
    );
  }
}

function problemOf(cause: Error): string {
  if (!(cause instanceof z.ZodError)) return cause.message;
  const [issue] = cause.issues;
  return `at '${issue?.path.join('.')}': ${issue?.message}`;
}
