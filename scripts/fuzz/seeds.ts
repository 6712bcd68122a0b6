import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadAddon } from '../../src/device/addon.ts';
import { compile } from '../../src/graph/compile.ts';
import type { Binding, Program, Slot, Step } from '../../src/graph/program.ts';
import { cases } from '../../src/parity/cases/index.ts';
import { traceCase } from '../../src/parity/cases/trace.ts';
import type { OpName } from '../../src/tensor/operators.ts';

/** Steps of an op are alike if their inputs have as many axes each, and if they name the same axes. */
const kindOf = ({ op, inputs, attributes }: Step): string =>
  [op, ...inputs.map(({ shape }) => shape.length), ...Object.values(axesOf(attributes)).flat()].join('-');

const axesOf = (attributes: object) =>
  Object.fromEntries(Object.entries(attributes).filter(([name]) => ['axis', 'axes', 'permutation'].includes(name)));

/** The most kinds of one op. */
const MOST_KINDS = 4;

/** A step of each kind of each op, from the shortest program that has it, as JSON. Returns how many. */
export function writeSeeds(folder: string): number {
  const claims = new Set(loadAddon().supportedOps('cpu') as OpName[]);
  const seeds = new Map<OpName, Map<string, string>>();
  for (const row of cases) {
    const program = compile(traceCase(row).graph, claims);
    for (const step of program.steps) {
      const text = JSON.stringify(alone(step, program));
      const kinds = seeds.get(step.op) ?? new Map<string, string>();
      seeds.set(step.op, kinds);
      const known = kinds.get(kindOf(step));
      const isNew = known === undefined && kinds.size < MOST_KINDS;
      if (isNew || (known !== undefined && text.length < known.length)) kinds.set(kindOf(step), text);
    }
  }
  const texts = [...seeds].flatMap(([op, kinds]) =>
    [...kinds.values()].map((text, i) => [`${op}-${i + 1}`, text] as const),
  );
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of texts) writeFileSync(join(folder, name), text);
  return texts.length;
}

/** A program of one of the steps of another, with no feeds and variables but those of the step. */
function alone(step: Step, { name, arenaBytes, ...bindings }: Program): Program {
  const slots = [...step.inputs, step.output];
  const usedOf = (storage: Slot['storage']) => [
    ...new Set(slots.filter((slot) => slot.storage === storage).map(({ offset }) => offset)),
  ];
  const used = { feed: usedOf('feed'), variable: usedOf('variable') };
  const moved = (slot: Slot): Slot =>
    slot.storage === 'arena' ? slot : { ...slot, offset: used[slot.storage].indexOf(slot.offset) };
  const output = moved(step.output);
  return {
    name,
    arenaBytes,
    feeds: used.feed.map((index) => bindings.feeds[index] as Binding),
    variables: used.variable.map((index) => bindings.variables[index] as Binding),
    outputs: [{ name: 'y', slot: output }],
    steps: [{ ...step, inputs: step.inputs.map(moved), output }],
  };
}
