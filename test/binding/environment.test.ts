import { spawnSync } from 'node:child_process';
import { arch } from 'node:os';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { STARTER } from '../starter.ts';
import type { EnvironmentReport } from './environment_child.ts';

const CHILD = fileURLToPath(new URL('./environment_child.ts', import.meta.url));
const LONGEST_MS = 120_000;

/** Variables that the process under test has only if a test gives them. */
const UNSET = { GANNET_CPU_ISA: '', ONEDNN_MAX_CPU_ISA: undefined, DNNL_MAX_CPU_ISA: undefined };

const run = (environment: Record<string, string>) =>
  spawnSync(process.execPath, ['--import', STARTER, CHILD], {
    env: { ...process.env, ...UNSET, ...environment },
    encoding: 'utf8',
    timeout: LONGEST_MS,
    killSignal: 'SIGKILL',
  });

/** What a process with these environment variables says and computes. */
function reportOf(environment: Record<string, string> = {}): EnvironmentReport {
  const { status, signal, stdout, stderr } = run(environment);
  assert.is(status, 0, `${JSON.stringify(environment)}: ${signal ?? stderr}`);
  return JSON.parse(stdout);
}

const plain = reportOf();

/** The instruction sets from the least on, as gannet's loops and oneDNN name them. */
const LOOPS = ['baseline', 'avx2', 'avx512'];
const ONEDNN = { baseline: 'sse41', avx2: 'avx2' };

if (arch() === 'x64') {
  for (const [isa, onednn] of Object.entries(ONEDNN)) {
    if (LOOPS.indexOf(isa) > LOOPS.indexOf(plain.details.isa ?? '')) continue;
    test(`GANNET_CPU_ISA=${isa} keeps the loops and oneDNN to it, and random numbers keep their bits`, () => {
      const { details, initialWeights } = reportOf({ GANNET_CPU_ISA: isa });
      assert.is(details.isa, isa);
      assert.is(details['oneDNN isa'], onednn);
      assert.is(initialWeights, plain.initialWeights);
    });
  }

  test('a limit above what the processor has changes nothing', () => {
    assert.equal(reportOf({ GANNET_CPU_ISA: 'avx512' }), plain);
  });

  for (const variable of ['ONEDNN_MAX_CPU_ISA', 'DNNL_MAX_CPU_ISA']) {
    test(`${variable} decides for oneDNN, whatever GANNET_CPU_ISA says`, () => {
      const { details } = reportOf({ GANNET_CPU_ISA: 'avx2', [variable]: 'SSE41' });
      assert.is(details.isa, plain.details.isa === 'baseline' ? 'baseline' : 'avx2');
      assert.is(details['oneDNN isa'], 'sse41');
    });
  }
}

test('an instruction set that gannet does not know is refused', () => {
  const { status, stderr } = run({ GANNET_CPU_ISA: 'sse9' });
  assert.is.not(status, 0);
  assert.match(stderr, "GANNET_CPU_ISA is 'sse9', but the instruction sets are 'baseline', 'avx2' and 'avx512'");
  assert.match(stderr, "code: 'instruction_set_unknown'");
});

test('OpenMP may not choose the number of threads by the load, since bits depend on it', () => {
  assert.is(reportOf({ OMP_DYNAMIC: 'true' }).images, plain.images);
});

test('a limit of threads is kept to', () => {
  const { details, initialWeights } = reportOf({ OMP_THREAD_LIMIT: '1' });
  assert.is(details.threads, '1');
  assert.is(initialWeights, plain.initialWeights);
});

test.run();
