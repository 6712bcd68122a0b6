import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Slot, StoredType } from '../../src/graph/program.ts';
import { OPS, type OpName } from '../../src/tensor/operators.ts';
import { elements, type Shape } from '../../src/tensor/shape.ts';
import { addon, Sketch } from './support.ts';

const device = addon.openDevice('cpu', { threads: 1 });

/** A type and a shape. */
export type Typed = readonly [StoredType, ...Shape];

/** A step and what its refusal says, or nothing where the step is right. */
export interface Case {
  readonly op: OpName;
  readonly attributes?: Readonly<Record<string, unknown>>;
  readonly inputs: readonly Typed[];
  readonly result: Typed;
  readonly refusal?: RegExp;
}

export const f = (...shape: Shape): Typed => ['float32', ...shape];
export const i = (...shape: Shape): Typed => ['int32', ...shape];
export const half = (...shape: Shape): Typed => ['bfloat16', ...shape];

async function load({ op, attributes = {}, inputs, result: [dtype, ...shape] }: Case): Promise<string> {
  const sketch = new Sketch();
  const slotOf = ([dtype, ...shape]: Typed): Slot => sketch.place(shape, dtype);
  const slots = inputs.map((typed, n) =>
    n < (OPS[op].overwrites ?? 0) ? sketch.variable(typed.slice(1) as number[], typed[0] as 'float32') : slotOf(typed),
  );
  const isUpdate = OPS[op].overwrites !== undefined;
  sketch.replace(
    op,
    attributes as never,
    slots,
    isUpdate ? { ...(slots[0] as Slot), dtype, shape } : slotOf([dtype, ...shape]),
  );
  const program = sketch.program();
  const variables = program.variables.map(({ shape }) => device.createVariable(4 * elements(shape)));
  try {
    device.unload((await device.load(program, variables)).program);
    return 'loaded';
  } catch (error) {
    const { code, message } = error as { code: string; message: string };
    return `${code}: ${message}`;
  } finally {
    for (const variable of variables) device.releaseVariable(variable);
  }
}

/** A test of each case: that it loads, or says what its refusal says. */
export function testCases(cases: Readonly<Record<string, Case>>): void {
  for (const [name, row] of Object.entries(cases)) {
    test(`${row.op}: ${name} ${row.refusal ? 'is refused' : 'loads'}`, async () => {
      const answer = await load(row);
      if (row.refusal) assert.match(answer, row.refusal);
      else assert.is(answer, 'loaded');
    });
  }
  test.after(() => device.close());
  test.run();
}
