import { test } from 'uvu';
import { bfloat16Storage } from '../../src/device/bfloat16_operands.ts';
import { expected } from '../../src/device/execution.ts';
import { compile, optimize } from '../../src/graph/compile.ts';
import { verify, verifyProgram } from '../../src/graph/verify.ts';
import { ops } from '../../src/ops/rules.ts';
import { traceCase } from '../../src/parity/cases/trace.ts';
import type { OpName } from '../../src/tensor/operators.ts';
import { cases } from '../cases.ts';
import { expectClose } from './parity.ts';

/** Passes reorder sums at most, so in float64 next to nothing may change. */
const TOLERANCE = 1e-9;

const CLAIMS = {
  'composites decomposed': new Set<OpName>(),
  'composites kept': new Set(Object.keys(ops) as OpName[]),
};

for (const row of cases) {
  for (const [name, claims] of Object.entries(CLAIMS)) {
    test(`${row.name}: lowered, simplified and fused, ${name}, it is still the same function`, () => {
      const { graph, bindings } = traceCase(row);
      const optimized = optimize(graph, claims);
      verify(graph);
      verify(optimized);
      expectClose(expected({ graphs: [optimized], bindings }), expected({ graphs: [graph], bindings }), TOLERANCE);
      verifyProgram(compile(graph, claims));
      verifyProgram(compile(graph, claims, bfloat16Storage('simt', 1)));
    });
  }
}

test.run();
