import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** How much a disk holds. */
export interface Room {
  readonly bytes: number;
  /** Files and folders. */
  readonly files: number;
}

/** A file system in memory that holds little. */
export class SmallDisk {
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  /** Undefined where this process may not mount a file system, which takes root. */
  static mount(room: Room): SmallDisk | undefined {
    if (process.platform !== 'linux' || process.getuid?.() !== 0) return undefined;
    const folder = mkdtempSync(join(tmpdir(), 'gannet-disk-'));
    if (mount(['-t', 'tmpfs', '-o', optionsOf(room), 'gannet-torture', folder])) return new SmallDisk(folder);
    rmdirSync(folder);
    return undefined;
  }

  /** Makes it hold so much from now on. @throws Error if it holds more already */
  resize(room: Room): void {
    if (!mount(['-o', `remount,${optionsOf(room)}`, this.folder]))
      throw new Error(`${this.folder} cannot be resized to ${room.bytes} bytes and ${room.files} files`);
  }

  remove(): void {
    spawnSync('umount', [this.folder]);
    rmdirSync(this.folder);
  }
}

const optionsOf = ({ bytes, files }: Room): string => `size=${bytes},nr_inodes=${files}`;

const mount = (args: readonly string[]): boolean => spawnSync('mount', args).status === 0;
