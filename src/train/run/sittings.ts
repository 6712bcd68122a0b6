import { z } from 'zod';
import type { Device } from '../../device/index.ts';
import { packageVersion } from '../../package.ts';
import type { Change } from '../changes.ts';

/** One stretch of a run without interruption, as environment.json keeps it: all that the last bits of its results depend on beside the
 *  configuration and the images. */
export interface Sitting {
  /** The step that it went on from. */
  readonly from: number;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly gannet: string;
  readonly node: string;
  /** Kind and model, such as `cpu: AMD EPYC`. */
  readonly device: string;
  /** Versions and numbers of the device, such as `{ isa: 'avx512', threads: '2' }`, and of processes that trained together: `ranks`. */
  readonly details: Readonly<Record<string, string>>;
}

const text = z.string();
const sittingSchema = z.object({
  from: z.int().min(0),
  startedAt: text,
  gannet: text,
  node: text,
  device: text,
  details: z.record(text, text),
});

/** The sittings of an environment.json, of which only those count that are whole; version 0.1 wrote none. */
export const sittingsSchema = z
  .array(sittingSchema.or(z.unknown()))
  .catch([])
  .transform((list) => list.filter((entry): entry is Sitting => sittingSchema.safeParse(entry).success));

/** A device for people, such as `cpu: AMD EPYC`. */
export const nameOf = ({ kind, description }: Device): string => `${kind}: ${description}`;

/** The sitting that begins now. @param from the step that it goes on from @param ranks the processes that train together, if several */
export const beginSitting = (device: Device, from: number, ranks = 1): Sitting => ({
  from,
  startedAt: new Date().toISOString(),
  gannet: packageVersion(),
  node: process.version,
  device: nameOf(device),
  details: { ...device.details, ...(ranks > 1 && { ranks: String(ranks) }) },
});

/** In what a sitting differs from the one that it goes on with, such that the last bits of its results may differ. Nothing where the
 *  earlier one is not known. */
export function otherSurroundings(earlier: readonly Sitting[], present: Sitting): Change[] {
  const before = earlier.findLast(({ from }) => from <= present.from);
  if (!before) return [];
  const [old, now] = [surroundingsOf(before), surroundingsOf(present)];
  return [...new Set([...Object.keys(old), ...Object.keys(now)])]
    .filter((key) => old[key] !== now[key])
    .map((key) => ({ key, from: old[key] ?? null, to: now[key] ?? null }));
}

const surroundingsOf = ({ gannet, node, device, details }: Sitting): Record<string, string> => ({
  gannet,
  node,
  device,
  ...details,
});

/** What `otherSurroundings` found, for people. */
export const formatSurroundings = (changes: readonly Change[]): string =>
  `the machine or software is another (${changes.map(({ key, from, to }) => `${key} ${to ?? 'none'} instead of ${from ?? 'none'}`).join(', ')}): the last bits of results may differ from those of an unbroken run`;

/** A device with its versions and numbers, for people. */
export const formatDevice = ({ description, details }: Device): string =>
  [description, ...Object.entries(details).map(([name, value]) => `${name} ${value}`)].join(', ');
