import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { bfloat16Storage } from '../../src/device/bfloat16_operands.ts';
import { GPUS } from '../../src/device/index.ts';
import { compile } from '../../src/graph/compile.ts';
import { resolveConfig } from '../../src/models/index.ts';
import { PACKAGE_ROOT } from '../../src/package.ts';
import { traceCase } from '../../src/parity/cases/trace.ts';
import type { OpName } from '../../src/tensor/operators.ts';
import type { Graph } from '../../src/tensor/trace.ts';
import { createModel } from '../../src/train/index.ts';
import { addon } from '../binding/support.ts';
import { cases } from '../cases.ts';

const ARCHITECTURE = '80';
const PRECISIONS = ['float32', 'tf32', 'bfloat16'];

const script = join(PACKAGE_ROOT, 'scripts/check-kernels.mjs');
const check = spawnSync(process.execPath, [script, '--cached', '--arch', ARCHITECTURE], { encoding: 'utf8' });
const skipped = check.stdout.startsWith('skipped: ');
if (skipped) console.log(check.stdout);
const whereCompiled = skipped ? test.skip : test;

whereCompiled(
  `compiled for sm_${ARCHITECTURE}, kernels keep to their registers, spill nothing, hold the instructions meant`,
  () => {
    assert.is(check.status, 0, check.stderr);
    assert.match(check.stdout, /^\d+ compilations for sm_80, 0 faults/);
  },
);

/** The entries of the PTX that the compilation above has kept. */
function entries(): Set<string> {
  const folder = join(PACKAGE_ROOT, 'build/kernels', `sm_${ARCHITECTURE}`);
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ptx'));
  const texts = files.map((name) => readFileSync(join(folder, name), 'utf8'));
  return new Set(texts.flatMap((text) => [...text.matchAll(/\.entry (\w+)\(/g)].map(([, symbol]) => symbol as string)));
}

/** The symbols of all launches that the simulator makes for these graphs, as it hands them to an executor. */
function symbols(graphs: readonly Graph[]): Set<string> {
  const claims = new Set(addon.supportedOps('simt') as OpName[]);
  return new Set(
    graphs.flatMap((graph) =>
      PRECISIONS.flatMap((precision) =>
        addon
          .planLaunches(compile(graph, claims, precision === 'bfloat16' ? bfloat16Storage('simt', 1) : undefined), {
            ...GPUS.a100,
            precision,
          })
          .map(({ symbol }) => symbol),
      ),
    ),
  );
}

whereCompiled(
  'every symbol that the simulator launches is an entry of the compiled PTX, convolutions and matrix products included',
  () => {
    const recipes = ['dcgan', 'wgan-gp', 'began'].flatMap((recipe) =>
      createModel(resolveConfig({ recipe })).match.programs.map(({ trace }) => trace()),
    );
    const launched = symbols([...cases.map((row) => traceCase(row).graph), ...recipes]);
    const compiled = entries();
    for (const family of [
      'conv2d_forward',
      'conv2d_input_gradient',
      'conv2d_filter_gradient',
      'matmul',
      'sum_partials',
    ]) {
      assert.ok(
        [...launched].some((symbol) => symbol.includes(`${family}_kernel`)),
        family,
      );
    }
    assert.equal(
      [...launched].filter((symbol) => !compiled.has(symbol)),
      [],
    );
  },
);

test.run();
