import type { Part, Setting, Stage } from '../part.ts';
import { gannet, program, tool, under } from '../programs.ts';

const TOOLS = ['memcheck', 'racecheck', 'initcheck', 'synccheck'] as const;

/** Exit code that tells what the tool found from what the program says. */
const FOUND = '9';

/** compute-sanitizer over whole steps, which between them launch nearly every kernel. */
export const sanitizer: Stage = {
  name: 'c',
  title: 'compute-sanitizer',
  weight: 5,
  parts: (setting: Setting) => [
    ...TOOLS.map((name) => steps(setting, name)),
    ...TOOLS.map((name) => smallValues(setting, name)),
  ],
};

const sanitize = (name: string) =>
  tool('compute-sanitizer', '--tool', name, '--error-exitcode', FOUND, '--print-limit', '20');

const steps = ({ device }: Setting, name: string): Part => ({
  name: `${name} of whole steps`,
  command: () =>
    under(
      sanitize(name),
      gannet(
        ...[
          'parity',
          '--device',
          device,
          '--against',
          'oracle',
          '--precision',
          'float32',
          'tf32',
          'bfloat16',
          '--json',
        ],
        ...['--only', 'step of dcgan-digits', 'step of wgan-gp', 'step of began'],
      ),
    ),
  limitS: 150,
  note: errorsOf(name),
});

/** Networks whose values are kept as bfloat16. */
const smallValues = ({ device }: Setting, name: string): Part => ({
  name: `${name} of bfloat16 in memory`,
  command: () => under(sanitize(name), program('test/train/bfloat16.test')),
  environment: { GANNET_KERNEL_DEVICE: device },
  limitS: 150,
  note: errorsOf(name),
});

/** `memcheck 0 errors`, of the tool's last line. */
const errorsOf =
  (name: string) =>
  (output: string): string => {
    const summary = /(?:ERROR SUMMARY: (\d+ errors?)|RACECHECK SUMMARY: (\d+ hazards?))/.exec(output);
    return `${name} ${summary?.[1] ?? summary?.[2] ?? 'without a summary'}`;
  };
