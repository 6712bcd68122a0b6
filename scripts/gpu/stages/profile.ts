import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { heaviestLaunches, type Launch, readLaunches, totalMs } from '../launches.ts';
import type { Command, Missing, Part, Setting, Stage } from '../part.ts';
import { program, tool, under } from '../programs.ts';

const KERNELS = 12;

/** What ncu collects of each of the heaviest kernels: duration, pipes, memory, occupancy, stalls, bank conflicts. */
const SECTIONS = [
  ...['SpeedOfLight', 'ComputeWorkloadAnalysis', 'MemoryWorkloadAnalysis', 'MemoryWorkloadAnalysis_Tables'],
  ...['Occupancy', 'LaunchStats', 'SchedulerStats', 'WarpStateStats', 'InstructionStats'],
].flatMap((section) => ['--section', section]);

/** Which kernels of a step take the time, and what holds them up. */
export const profile: Stage = {
  name: 'e',
  title: 'profile',
  weight: 5,
  *parts(setting: Setting) {
    yield ownTimes(setting);
    yield launches(setting);
    for (const [i, launch] of heaviest(setting).entries()) yield kernel(setting, i, launch);
    yield timeline(setting);
  },
};

/** The step that is looked at: small enough for the simulator there. */
const step = ({ device }: Setting, ...args: readonly string[]): Command =>
  program('scripts/gpu/profile_step', '--device', device, ...args);

/** Every op of a step by the device's own clock, which needs no tool. */
const ownTimes = (setting: Setting): Part => ({
  name: 'ops by events',
  command: () => step(setting, '--times'),
  limitS: 120,
  extension: 'csv',
  note: (output) => `a step takes ${Number(output.trim().split(',').at(-1)).toFixed(2)} ms`,
});

/** nsys, if it is there: when each launch of a step begins and ends. */
const timeline = (setting: Setting): Part => ({
  name: 'timeline',
  command: () => {
    const report = join(setting.folder, 'timeline.nsys-rep');
    return under(
      tool(
        'nsys',
        'profile',
        '--trace',
        'cuda',
        '--cuda-graph-trace',
        'node',
        '--force-overwrite',
        'true',
        '-o',
        report,
      ),
      step(setting),
    );
  },
  limitS: 90,
});

const ncu = (...args: readonly string[]): Command | Missing =>
  tool('ncu', '--csv', '--page', 'raw', '--clock-control', 'none', '--print-units', 'base', ...args);

/** The duration of every launch of a step, in their order. */
const launches = (setting: Setting): Part => ({
  name: 'launches',
  command: () => under(ncu('--metrics', 'gpu__time_duration.sum'), step(setting)),
  limitS: 180,
  extension: 'csv',
  note: (output) => {
    const found = readLaunches(output);
    return `${found.length} launches, ${totalMs(found).toFixed(2)} ms in kernels`;
  },
});

/** None where ncu did not run. */
function heaviest({ folder }: Setting): readonly Launch[] {
  const file = join(folder, 'launches.csv');
  if (!existsSync(file)) return [];
  return heaviestLaunches(readLaunches(readFileSync(file, 'utf8')), KERNELS);
}

/** One launch in detail; everything before it runs at full speed, and nothing after it. */
const kernel = (setting: Setting, position: number, { index }: Launch): Part => ({
  name: `kernel ${String(position + 1).padStart(2, '0')}`,
  command: () =>
    under(ncu('--launch-skip', String(index), '--launch-count', '1', '--kill', 'yes', ...SECTIONS), step(setting)),
  limitS: 60,
  extension: 'csv',
});
