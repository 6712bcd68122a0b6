import { dirname } from 'node:path';
import { z } from 'zod';
import { ConfigError } from '../errors.ts';
import { parseJson, readRegularFile } from '../files.ts';
import { didYouMean } from '../suggest.ts';

const whole = z.number().int();
const keys = z.record(z.string(), z.unknown());

const rowName = z
  .string()
  .regex(/^[\w=][\w.=-]{0,79}$/, 'expected letters, digits, _, =, . and -, at most 80, not beginning with . or -')
  .describe("what the row is called, and its run's folder");

/** What the file of a study may say. */
export const studySchema = z
  .strictObject({
    $schema: z.string().optional(),
    title: z.string().min(1).describe('heading of the report'),
    question: z.string().optional().describe('what the study is to find out; stands at the top of the report'),
    base: keys
      .optional()
      .describe('keys of the configuration that all rows have, nested as in a file of settings; `recipe` is one'),
    rows: z
      .array(z.looseObject({ name: rowName.optional() }))
      .min(1)
      .optional()
      .describe('what each row changes of `base`, with a `name` if wanted'),
    vary: z
      .record(z.string(), z.array(z.unknown()).min(1))
      .optional()
      .describe('values of keys, such as {"model.kernel": [3, 4, 5]}; several keys, and `rows`, multiply'),
    evaluation: z
      .strictObject({
        features: z.string().default('pixels').describe('as --features of `gannet evaluate`'),
        count: whole.positive().optional(),
        split: z.enum(['train', 'test']).optional(),
        seed: whole.min(0).default(1),
        neighbours: whole.positive().default(5),
      })
      .optional()
      .describe('how each run is measured at its end, as by `gannet evaluate`; without it none is'),
    samples: z
      .strictObject({ count: whole.min(1).max(64).default(8), seed: whole.min(0).default(1) })
      .prefault({})
      .describe('images of each run that stand side by side in the report'),
  })
  .refine(({ rows, vary }) => rows !== undefined || vary !== undefined, {
    message: 'expected `rows`, `vary` or both, which say what is to be compared',
  });

/** A study as its file says it. */
export type StudyFile = z.input<typeof studySchema>;

/** The same with what it leaves open filled in, and the folder that files in it are seen from. */
export interface StudyPlan extends z.output<typeof studySchema> {
  /** What errors call it: the file's path, or `the study`. */
  readonly place: string;
  readonly folder: string;
}

/** Reads the file of a study. @throws ConfigError study_file, invalid_study */
export async function readStudyFile(path: string): Promise<StudyPlan> {
  let value: unknown;
  try {
    value = parseJson(String(await readRegularFile(path)));
  } catch (cause) {
    const problem = cause instanceof SyntaxError ? 'is not JSON' : 'cannot be read';
    throw new ConfigError('study_file', `${path}: the study ${problem}: ${(cause as Error).message}`, { cause });
  }
  return parseStudy(value, path, dirname(path));
}

/** Checks what a study says; its configurations are checked with its rows. @throws ConfigError invalid_study */
export function parseStudy(value: unknown, place = 'the study', folder = '.'): StudyPlan {
  const result = studySchema.safeParse(value);
  if (result.success) return { ...result.data, place, folder };
  const problems = result.error.issues.map((issue) => `  ${describeIssue(issue)}`);
  throw new ConfigError('invalid_study', `${place} cannot be used:\n${problems.join('\n')}`);
}

const KNOWN: Readonly<Record<string, readonly string[]>> = {
  '': Object.keys(studySchema.shape).filter((key) => key !== '$schema'),
  evaluation: ['features', 'count', 'split', 'seed', 'neighbours'],
  samples: ['count', 'seed'],
};

function describeIssue(issue: z.core.$ZodIssue): string {
  const path = issue.path.map(String);
  const place = path[0] === 'rows' && path[1] !== undefined ? rowPlace(path) : path.join('.');
  if (issue.code !== 'unrecognized_keys') return place === '' ? issue.message : `${place}: ${issue.message}`;
  const known = KNOWN[place] ?? [];
  const key = issue.keys[0] as string;
  const where = place === '' ? 'a study' : `\`${place}\` of a study`;
  return `'${key}' is no key of ${where}.${didYouMean(key, known)} Known here: ${known.join(', ')}.`;
}

/** rows.0.name -> `row 1, name`. */
const rowPlace = ([, index, ...rest]: readonly string[]): string =>
  [`row ${Number(index) + 1} of \`rows\``, ...rest].join(', ');
