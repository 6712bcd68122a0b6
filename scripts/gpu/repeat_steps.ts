// Trains each family a few steps in each precision three times: twice with captured graphs, once with every launch waited for. All bits
// of losses and variables must be equal. Prints a line of JSON for each; ends with 1 where bits differ, and names the variables.
import { createHash } from 'node:crypto';
import type { Config } from '../../src/config/index.ts';
import type { Precision } from '../../src/device/index.ts';
import { configOn, imagesFor, openSession, readOptions } from './step_setup.ts';

const STEPS = 3;
const PRECISIONS: readonly Precision[] = ['float32', 'tf32', 'bfloat16'];

const { device } = readOptions();
const RECIPES =
  device === 'simt'
    ? [{ recipe: 'dcgan' }]
    : [
        { recipe: 'dcgan', batch: 64 },
        { recipe: 'wgan-gp', batch: 16 },
        { recipe: 'began', batch: 16 },
      ];

for (const changes of RECIPES) {
  const config = configOn(device, changes);
  for (const precision of PRECISIONS) {
    const first = await fingerprints(config, precision);
    const again = await fingerprints(config, precision);
    const waited = await fingerprints(config, precision, '1');
    const differing = [...first].filter(([name, bits]) => again.get(name) !== bits || waited.get(name) !== bits);
    console.log(
      JSON.stringify({
        ...changes,
        precision,
        steps: STEPS,
        compared: first.size,
        differing: differing.map(([name]) => name),
      }),
    );
    if (differing.length > 0) process.exitCode = 1;
  }
}

/** A digest of the bits of every loss and variable after some steps. @param waits GANNET_CUDA_SYNC */
async function fingerprints(config: Config, precision: Precision, waits?: string): Promise<Map<string, string>> {
  if (waits === undefined) delete process.env.GANNET_CUDA_SYNC;
  else process.env.GANNET_CUDA_SYNC = waits;
  const session = await openSession(device, config, precision);
  const found = new Map<string, string>();
  for (let step = 1; step <= STEPS; step++) {
    const losses = await session.step(step, imagesFor(session, step), { fetch: true });
    for (const [name, value] of Object.entries(losses))
      found.set(`${name} of step ${step}`, digest(Float64Array.of(value)));
  }
  for (const variable of session.variables) found.set(variable.name, digest(await session.read(variable)));
  session.close();
  return found;
}

function digest(values: ArrayBufferView): string {
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  return createHash('sha256').update(bytes).digest('hex');
}
