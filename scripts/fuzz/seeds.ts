import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadAddon } from '../../src/device/addon.ts';
import { compile } from '../../src/graph/compile.ts';
import type { Program } from '../../src/graph/program.ts';
import { cases } from '../../src/parity/cases/index.ts';
import { traceCase } from '../../src/parity/cases/trace.ts';
import type { OpName } from '../../src/tensor/operators.ts';

/** One step of each op, from the shortest program that has it, as JSON. Returns how many. */
export function writeSeeds(folder: string): number {
  const claims = new Set(loadAddon().supportedOps('cpu') as OpName[]);
  const seeds = new Map<string, string>();
  for (const row of cases) {
    const program = compile(traceCase(row).graph, claims);
    for (const step of program.steps) {
      const text = JSON.stringify({
        ...program,
        outputs: [{ name: 'y', slot: step.output }],
        steps: [step],
      } satisfies Program);
      if (text.length < (seeds.get(step.op)?.length ?? Number.POSITIVE_INFINITY)) seeds.set(step.op, text);
    }
  }
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const [op, text] of seeds) writeFileSync(join(folder, op), text);
  return seeds.size;
}
