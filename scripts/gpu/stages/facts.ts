import type { Part, Setting, Stage } from '../part.ts';
import { gannet, tool } from '../programs.ts';
import { python } from '../python.ts';

const smi = (name: string, ...args: readonly string[]): Part => ({
  name,
  command: () => tool('nvidia-smi', ...args),
  limitS: 30,
});

/** What the machine is, and the most that its libraries get out of it. */
export const facts: Stage = {
  name: 'a',
  title: 'facts',
  weight: 1,
  withoutDevice: true,
  parts: ({ device }: Setting) => [
    smi('nvidia-smi'),
    smi('clocks and power', '-q', '-d', 'CLOCK,POWER,TEMPERATURE,PERFORMANCE,MEMORY,ECC'),
    { name: 'doctor', command: () => gannet('doctor'), limitS: 60, note: deviceLine(device) },
    {
      name: 'ceilings',
      command: () => python('scripts/bench/ceilings.py', '--device', device === 'cuda' ? 'cuda' : 'cpu'),
      limitS: 90,
      extension: 'jsonl',
      note: ceilingsOf,
    },
  ],
};

/** What doctor says of the device. */
const deviceLine =
  (device: string) =>
  (output: string): string =>
    new RegExp(`device ${device}: (.*)`).exec(output)?.[1] ?? '';

/** The rates of a copy and of products by library. */
function ceilingsOf(output: string): string {
  const rates = output
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { readonly name: string; readonly gbps?: number; readonly tflops?: number });
  return rates
    .flatMap(({ name, gbps, tflops }) => {
      if (gbps !== undefined) return [`${name} ${gbps.toFixed(0)} GB/s`];
      return tflops === undefined ? [] : [`${name} ${tflops.toFixed(tflops < 10 ? 2 : 0)} TFLOP/s`];
    })
    .join(', ');
}
