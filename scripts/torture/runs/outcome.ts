import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { STEPS } from './families.ts';

/** Everything that a run leaves and that must not depend on where it was cut, by name. */
export function outcomeOf(run: string): Map<string, string> {
  const checkpoints = join(run, 'checkpoints');
  const last = join(checkpoints, `step-${String(STEPS).padStart(6, '0')}`);
  const tensors = readdirSync(last).filter((name) => name.endsWith('.safetensors'));
  const { elapsedMs: _, ...state } = JSON.parse(readFileSync(join(last, 'trainer_state.json'), 'utf8')).state;
  const best = join(checkpoints, 'best.json');
  const lines = readFileSync(join(run, 'metrics.jsonl'), 'utf8').trimEnd().split('\n');
  return new Map([
    ...tensors.map((name) => [name, digest(join(last, name))] as const),
    ...readdirSync(join(run, 'samples')).map((name) => [name, digest(join(run, 'samples', name))] as const),
    ['state', JSON.stringify(state)],
    ['best', existsSync(best) ? readFileSync(best, 'utf8') : 'none'],
    ['metrics', JSON.stringify(lines.map((line) => JSON.parse(line)).map(({ step, values }) => [step, values]))],
    ['what is left behind', leftovers(run).join(' ')],
  ]);
}

/** The names of what differs between two outcomes. */
export const differing = (a: Map<string, string>, b: Map<string, string>): string[] =>
  [...new Set([...a.keys(), ...b.keys()])].filter((name) => a.get(name) !== b.get(name));

/** Files that were being written, and locks. */
const leftovers = (run: string): string[] =>
  [run, join(run, 'checkpoints')].flatMap((folder) =>
    readdirSync(folder).filter((name) => /^\.|\.tmp$|\.replaced$|\.abandoned$|^lock\.json$/.test(name)),
  );

const digest = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex');
