import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { loadCheckpoint } from '../../../src/train/index.ts';
import type { PartOptions, Report } from '../part.ts';
import { type Accident, compareRuns, type Victim } from '../runs/compare.ts';
import { type Room, SmallDisk } from '../runs/small_disk.ts';
import type { Ending } from '../runs/workshop.ts';

/** Runs on a disk that is really full, of bytes or of files, say so with the right advice, keep what they have saved, and once there is
 *  room go on to what unbroken ones leave, to the bit. */
export const name = 'disks';

/** Far more than a run of `families` needs. */
const PLENTY: Room = { bytes: 32 * 2 ** 20, files: 1000 };
/** By how much room grows at most from one filling to the next. A run needs some times as much. */
const MOST_MORE: Room = { bytes: 160 * 1024, files: 20 };
/** Of which a disk has a whole number. */
const UNITS: Room = { bytes: 4096, files: 1 };
const MOST_FILLINGS = 4;

export async function run(options: PartOptions): Promise<void> {
  const disk = SmallDisk.mount(PLENTY);
  if (!disk) return options.report.skip('root, which mounts a small disk');
  try {
    const folder = join(disk.folder, 'run');
    const emptied = () => {
      rmSync(folder, { recursive: true, force: true });
      return folder;
    };
    await compareRuns(options, (victim) => fillUp(disk, victim, options.report), emptied);
  } finally {
    disk.remove();
  }
}

/** Trains on a disk that has too little room for bytes or for files, and makes it larger bit by bit. */
async function fillUp(
  disk: SmallDisk,
  { workshop, family, folder, random }: Victim,
  report: Report,
): Promise<Accident> {
  const scarce = random.below(3) > 0 ? 'bytes' : 'files';
  const told: number[] = [];
  const problems: string[] = [];
  let size = 0;
  for (let filling = 0; filling < MOST_FILLINGS; filling++) {
    size += UNITS[scarce] * (1 + random.below(MOST_MORE[scarce] / UNITS[scarce]));
    disk.resize({ ...PLENTY, [scarce]: size });
    told.push(size);
    const ending = await workshop.goOn(family, folder);
    if (ending.exitCode === 0) break;
    report.count('full disks');
    problems.push(...problemsOf(ending), ...(await lossesOf(folder, ending)));
  }
  disk.resize(PLENTY);
  return { told: `on a disk of ${told.join(', then ')} ${scarce}`, problems };
}

function problemsOf({ exitCode, signal, error, message = '', stderr }: Ending): string[] {
  if (exitCode !== 1 || error !== 'disk_full') return [`ends with ${signal ?? exitCode} and error ${error}: ${stderr}`];
  return /free some space/.test(message) ? [] : [`advises '${message}'`];
}

/** What is not there any more of what the command had told to be saved. */
async function lossesOf(folder: string, { saved }: Ending): Promise<string[]> {
  const step = saved.at(-1);
  if (step === undefined) return [];
  return loadCheckpoint(folder, { step }).then(
    () => [],
    (error: Error) => [`the checkpoint of step ${step} is lost: ${error.message}`],
  );
}
