import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { PACKAGE_ROOT } from '../../src/package.ts';

interface Instruction {
  readonly operation: string;
  readonly target?: number;
  readonly always?: boolean;
}
type Loop = { readonly first: number; readonly last: number };
type Product = { readonly precision: number; readonly operation: string; readonly count: number };
type Slots = { readonly all: number; readonly inner: number };

const load = (name: string) => import(pathToFileURL(join(PACKAGE_ROOT, 'scripts/kernels', name)).href);
const { kernelsOf, loopsOf, mixOf } = (await load('sass.mjs')) as {
  kernelsOf: (cubin: Buffer, architecture: number) => Map<string, Instruction[]>;
  loopsOf: (instructions: readonly Instruction[]) => Loop[];
  mixOf: (instructions: readonly Instruction[], loop: Loop) => Record<string, number>;
};
const { multiplicationsOf, slotsOf, slotFaults } = (await load('slots.mjs')) as {
  multiplicationsOf: (name: string) => Product | undefined;
  slotsOf: (instructions: readonly Instruction[], product: Product) => Slots | undefined;
  slotFaults: (name: string, slots: Slots | undefined, architecture: number) => string[];
};

const LARGEST = 'Tile<128, 128, 2, 2>';
const hmma = { precision: 1, operation: 'HMMA' };

/** Sections of an ELF file with one kernel in it, as nvcc writes them: names, then code. */
function cubin(kernel: string, instructions: readonly (readonly [bigint, bigint])[]): Buffer {
  const names = Buffer.from(`\0.text.${kernel}\0.shstrtab\0`, 'latin1');
  const code = Buffer.alloc(16 * instructions.length);
  for (const [i, [low, high]] of instructions.entries()) {
    code.writeBigUInt64LE(low, 16 * i);
    code.writeBigUInt64LE(high, 16 * i + 8);
  }
  const parts = [
    { name: 1, bytes: code },
    { name: names.indexOf('.shstrtab', 0, 'latin1'), bytes: names },
  ];
  const header = Buffer.alloc(64);
  header.write('\x7fELF', 'latin1');
  header.writeBigUInt64LE(BigInt(64 + code.length + names.length), 0x28);
  header.writeUInt16LE(parts.length, 0x3c);
  header.writeUInt16LE(1, 0x3e);
  let offset = 64;
  const table = parts.map(({ name, bytes }) => {
    const entry = Buffer.alloc(64);
    entry.writeUInt32LE(name, 0);
    entry.writeBigUInt64LE(BigInt(offset), 0x18);
    entry.writeBigUInt64LE(BigInt(bytes.length), 0x20);
    offset += bytes.length;
    return entry;
  });
  return Buffer.concat([header, code, names, ...table]);
}

test('instructions are known by their low bits, and branches by how far they go, backwards too', () => {
  // A branch back over two instructions, 32 bytes before the one behind it: as sm_80 and as sm_90 write it.
  const back = { 80: [0xffffffd000000947n, 0x3ffffn], 90: [0xfffffffc00f40947n, 0x3ffffn] } as const;
  for (const architecture of [80, 90] as const) {
    const code = kernelsOf(
      cubin('product', [[0x723cn, 0n], [0x7210n, 0n], [...back[architecture]] as const]),
      architecture,
    );
    const instructions = code.get('product') as Instruction[];
    assert.equal(
      instructions.map(({ operation }) => operation),
      ['HMMA', 'IADD3', 'BRA'],
    );
    assert.is(instructions[2]?.target, 0);
    assert.is(instructions[2]?.always, false);
    assert.equal(loopsOf(instructions), [{ first: 0, last: 2 }]);
    assert.equal(mixOf(instructions, { first: 0, last: 2 }), { HMMA: 1, IADD3: 1, BRA: 1 });
  }
});

test('a file that is no cubin is refused', () => {
  assert.throws(() => kernelsOf(Buffer.from('PTX'), 80), /expected a cubin/);
});

test('a kernel tells by its name what a warp multiplies in a stage', () => {
  const of = (parameters: string) => multiplicationsOf(`conv2d_forward_kernel<${LARGEST}, ${parameters}>`);
  assert.equal(of('(Precision)0, 4, 4'), { precision: 0, rows: 128, columns: 128, operation: 'FFMA', count: 4096 });
  assert.is(of('(Precision)1, 4, 4')?.count, 128);
  assert.is(of('(Precision)2, 8, 8')?.count, 128);
  assert.is(of('(Precision)2, 1, 1')?.count, 64);
  assert.is(multiplicationsOf('fill_kernel<4>'), undefined);
});

const run = (operation: string, count: number): Instruction[] => Array.from({ length: count }, () => ({ operation }));

test('an inner loop counts as often as it turns, what is around it once', () => {
  const instructions = [
    ...run('IADD3', 3),
    ...run('LDSM', 2),
    ...run('HMMA', 4),
    { operation: 'BRA', target: 3 },
    { operation: 'BRA', target: 0 },
  ];
  assert.equal(slotsOf(instructions, { ...hmma, count: 8 }), { all: (3 + 2 * 7 + 1) / 8, inner: (2 * 7) / 8 });
});

test('where paths fork the longest counts, not all of them', () => {
  const instructions = [
    { operation: 'BRA', target: 4 },
    ...run('DEPBAR', 2),
    { operation: 'BRA', target: 5, always: true },
    ...run('DEPBAR', 1),
    ...run('HMMA', 4),
    { operation: 'BRA', target: 0 },
  ];
  assert.equal(slotsOf(instructions, { ...hmma, count: 4 }), { all: 9 / 4, inner: 9 / 4 });
});

test('a loop in which a stage is not multiplied as its name says has no slots', () => {
  const turns = [...run('HMMA', 3), { operation: 'BRA', target: 0 }, { operation: 'BRA', target: 0 }];
  assert.is(slotsOf(turns, { ...hmma, count: 4 }), undefined);
  assert.is(slotsOf(run('HMMA', 4), { ...hmma, count: 4 }), undefined);
});

test('products over their budget are faults, of the largest tile on all GPUs but those of sm_75 and sm_120', () => {
  const name = `conv2d_forward_kernel<${LARGEST}, (Precision)2, 8, 8>`;
  assert.equal(slotFaults(name, { all: 2.9, inner: 2.9 }, 80), []);
  assert.equal(slotFaults(name, { all: 3.1, inner: 3.1 }, 90), [
    'issues 3.10 instructions per HMMA in its main loop; the budget is 3.00',
  ]);
  assert.equal(slotFaults(name, undefined, 90), ['has no loop that multiplies a stage']);
  assert.equal(slotFaults(name, { all: 3.1, inner: 3.1 }, 120), []);
  const exact = name.replace('(Precision)2, 8, 8', '(Precision)0, 4, 4');
  assert.is(slotFaults(exact, { all: 1.5, inner: 1.3 }, 80).length, 2);
});

test.run();
