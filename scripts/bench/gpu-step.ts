// Times the DCGAN's training step at batch 128 on the device 'cuda', beside what the counting model says:
// node --import tsx scripts/bench/gpu-step.ts tf32
import { createStepProbe } from '../../src/bench/training_step.ts';
import { openDevice, type Precision } from '../../src/device/index.ts';
import { resolveConfig } from '../../src/models/index.ts';

const WARM_UP = 5;
const MEASURED = 30;

const precision = (process.argv[2] ?? 'auto') as Precision;
const device = openDevice('cuda', { precision });
const probe = await createStepProbe(device, resolveConfig({ recipe: 'dcgan' }));
for (let i = 0; i < WARM_UP; i++) await probe.measure();
const times: number[] = [];
for (let i = 0; i < MEASURED; i++) times.push((await probe.measure()).wallMs);
device.close();

times.sort((a, b) => a - b);
const medianMs = times[MEASURED >> 1] as number;
const tera = probe.summary.flopsPerStep / (medianMs * 1e9);
console.log(
  `${device.description}, ${precision}: ${medianMs.toFixed(2)} ms per step (${(times[0] as number).toFixed(2)} to ${(times.at(-1) as number).toFixed(2)}), ${tera.toFixed(2)} TFLOP/s`,
);
