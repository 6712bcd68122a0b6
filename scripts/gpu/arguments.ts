import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import type { Setting, Stage } from './part.ts';
import { benchmark } from './stages/benchmark.ts';
import { facts } from './stages/facts.ts';
import { parity } from './stages/parity.ts';
import { profile } from './stages/profile.ts';
import { sanitizer } from './stages/sanitizer.ts';

export const STAGES: readonly Stage[] = [facts, parity, sanitizer, benchmark, profile];

export const USAGE = `run.sh [stage ...] [--out DIR] [--minutes N] [--pack FILE] [--device cuda|simt]

stages, all if none is named:
${STAGES.map(({ name, title }) => `  ${name}  ${title}`).join('\n')}

  --out DIR       where results go (default: gpu-results)
  --minutes N     for all stages together (default: 25)
  --pack FILE     all results in one file, written anew after every part (default: DIR/results.tar.gz)
  --device simt   tiny sizes on the simulator of CUDA's threads, to try the stages without a GPU`;

export interface Arguments {
  readonly stages: readonly Stage[];
  readonly device: Setting['device'];
  readonly out: string;
  readonly minutes: number;
  readonly pack: string;
}

/** Reads the command line. @throws Error that says what is wrong with it */
export function readArguments(args: readonly string[]): Arguments | 'help' {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      out: { type: 'string', default: 'gpu-results' },
      minutes: { type: 'string', default: '25' },
      pack: { type: 'string' },
      device: { type: 'string', default: 'cuda' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) return 'help';
  const unknown = positionals.find((name) => !STAGES.some((stage) => stage.name === name));
  if (unknown !== undefined)
    throw new Error(`there is no stage '${unknown}'; the stages are ${STAGES.map(({ name }) => name).join(' ')}`);
  const minutes = Number(values.minutes);
  if (!(minutes > 0)) throw new Error(`--minutes: expected a number above 0, but received '${values.minutes}'`);
  if (values.device !== 'cuda' && values.device !== 'simt') {
    throw new Error(`--device: expected cuda or simt, but received '${values.device}'`);
  }
  const out = resolve(values.out);
  return {
    stages: positionals.length === 0 ? STAGES : STAGES.filter(({ name }) => positionals.includes(name)),
    device: values.device,
    out,
    minutes,
    pack: resolve(values.pack ?? `${out}/results.tar.gz`),
  };
}
