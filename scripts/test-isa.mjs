// `npm run test:isa`: runs the tests of what is computed under every instruction set below the one that this machine uses by itself;
// with that one `npm test` runs them. `npm run test:isa -- avx2` runs them under that set.
// The last line of output is always `N passed, N failed, N skipped`.

import { setup } from './setup.mjs';
import { bundleTests } from './testing/bundle.mjs';
import { conclude, runAll, testFiles, testJob } from './testing/runner.mjs';

/** From the least on, as GANNET_CPU_ISA names them. */
const INSTRUCTION_SETS = ['baseline', 'avx2', 'avx512'];

/** Every loop and kernel of the CPU device, whole training steps beside recorded ones, and what is promised of bits. */
const NUMERIC = [
  'binding/blocked_steps',
  'binding/chains',
  'binding/convolution',
  'binding/filters',
  'binding/ops',
  'binding/product',
  'binding/random',
  'binding/statistics',
  'binding/updates',
  'binding/winograd',
  'nn/batch_norm',
  'parity/cpu',
  'train/began_replay',
  'train/dcgan_replay',
  'train/session',
  'train/train',
  'train/wgan_gp_replay',
].map((path) => `test/${path}.test.ts`);

await setup();
const chosen = process.argv.slice(2);
const unknown = chosen.filter((name) => !INSTRUCTION_SETS.includes(name));
const missing = NUMERIC.filter((file) => !testFiles().includes(file));
if (unknown.length > 0) stop(`'${unknown[0]}' is no instruction set; there are ${INSTRUCTION_SETS.join(', ')}.`);
else if (missing.length > 0) stop(`${missing[0]}, which scripts/test-isa.mjs names, does not exist.`);
else await runUnder(chosen.length > 0 ? chosen : await lesserSets());

async function runUnder(sets) {
  if (sets.length === 0) console.log('This machine has the least instruction set only; `npm test` runs all there is.');
  await bundleTests(NUMERIC);
  const jobs = sets.flatMap((isa) =>
    NUMERIC.map((file) => testJob(file, { name: `${file} under ${isa}`, env: environmentOf(isa) })),
  );
  conclude(await runAll(jobs));
}

/** oneDNN's own variables would go before gannet's. */
function environmentOf(isa) {
  return { GANNET_CPU_ISA: isa, ONEDNN_MAX_CPU_ISA: '', DNNL_MAX_CPU_ISA: '' };
}

/** The sets below the one that gannet's loops use here. */
async function lesserSets() {
  const { tsImport } = await import('tsx/esm/api');
  const { listDevices } = await tsImport('../src/device/index.ts', import.meta.url);
  const cpu = listDevices().find(({ kind }) => kind === 'cpu');
  return INSTRUCTION_SETS.slice(0, INSTRUCTION_SETS.indexOf(cpu.details.isa));
}

function stop(message) {
  console.log(message);
  conclude({ passed: 0, failed: 1, skipped: 0 });
}
