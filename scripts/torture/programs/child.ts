// Loads mutated programs, and runs those that are accepted: `tsx child.ts SEED FIRST COUNT`. The number of each program is printed
// before it is tried, so that whoever started this knows which one it died of.
import { writeSync } from 'node:fs';
import type { NativeDevice } from '../../../src/device/native.ts';
import { compile } from '../../../src/graph/compile.ts';
import type { Program } from '../../../src/graph/program.ts';
import { cases } from '../../../src/parity/cases/index.ts';
import { traceCase } from '../../../src/parity/cases/trace.ts';
import type { OpName } from '../../../src/tensor/operators.ts';
import { elements } from '../../../src/tensor/shape.ts';
import { addon } from '../addon/use.ts';
import { Random } from '../random.ts';
import { mutate } from './mutate.ts';

/** More than this is not run: a program may honestly ask for all memory. */
const MOST_BYTES = 64 << 20;

const [seed = 0, first = 0, count = 0] = process.argv.slice(2).map(Number);
const figures = { refused: 0, loaded: 0, 'too large to load': 0, failed: 0, ran: 0 };
const device = addon.openDevice('cpu', { threads: 1 });
const claims = new Set(addon.supportedOps('cpu') as OpName[]);
const programs = new Map<number, Program>();

for (let i = first; i < first + count; i++) {
  const random = new Random((seed + i) >>> 0);
  writeSync(1, `program ${i}\n`);
  figures[await attempt(device, mutate(original(random.below(cases.length)), random), random)]++;
}
device.close();
console.log(JSON.stringify(figures));

function original(index: number): Program {
  const known = programs.get(index);
  if (known) return known;
  const program = compile(traceCase(cases[index] as (typeof cases)[number]).graph, claims);
  programs.set(index, program);
  return program;
}

async function attempt(device: NativeDevice, program: Program, random: Random): Promise<keyof typeof figures> {
  const bytes = bytesOf(program);
  if (bytes > MOST_BYTES) return 'too large to load';
  const variables = Array.isArray(program?.variables) ? program.variables.map(createVariable) : [];
  const loaded = await device.load(program, variables).catch(expectError);
  for (const variable of variables) if (!loaded) release(variable);
  if (!loaded) return 'refused';
  const feeds = program.feeds.map(({ shape, dtype }) => feedOf(elements(shape), dtype, random));
  const call = { program: loaded.program, feeds, fetch: true };
  const ran = await device.run([call, call], { profile: false }).catch(expectError);
  device.unload(loaded.program);
  for (const variable of variables) release(variable);
  return ran ? 'ran' : 'failed';
}

/** Bytes that the program names, as far as it does so honestly. */
function bytesOf(program: Program): number {
  const arena = typeof program?.arenaBytes === 'number' && program.arenaBytes > 0 ? program.arenaBytes : 0;
  const sizes = [program?.feeds, program?.variables].flatMap((list) => (Array.isArray(list) ? list.map(sizeOf) : []));
  return sizes.reduce((sum, size) => sum + size, arena);
}

/** Bytes of a feed or variable, or 4 where its shape is none. */
function sizeOf(binding: Program['feeds'][number] | undefined): number {
  const shape: unknown = binding?.shape;
  const honest = Array.isArray(shape) && shape.every((size) => Number.isSafeInteger(size) && size > 0);
  return honest ? elements(shape) * 4 : 4;
}

function createVariable(binding: Program['variables'][number]): number {
  try {
    return device.createVariable(sizeOf(binding));
  } catch (error) {
    expectError(error);
    return -1;
  }
}

function release(variable: number): void {
  if (variable !== -1) device.releaseVariable(variable);
}

function feedOf(size: number, dtype: string, random: Random): Float32Array | Int32Array {
  if (dtype === 'int32')
    return new Int32Array(size).map(() => (random.below(20) === 0 ? random.bits() : random.below(3)));
  return new Float32Array(size).map(() => random.bits() / 2 ** 31 - 1);
}

/** Only errors with a code are answers. */
function expectError(error: unknown): undefined {
  if (typeof (error as { code?: unknown })?.code !== 'string') throw error;
}
