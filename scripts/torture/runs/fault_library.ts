import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** What goes wrong while a command runs. */
export interface Fault {
  /** Which system call on the files of a folder, from 1. */
  readonly at: number;
  /** What it fails with; 0: the process is killed before it, -1: after it. */
  readonly errno: number;
}

/** The library that lets a system call of a process fail (fault.c), compiled. It needs a C compiler. */
export class FaultLibrary {
  private readonly folder = mkdtempSync(join(tmpdir(), 'gannet-fault-'));
  private readonly library = join(this.folder, 'fault.so');

  constructor() {
    const source = fileURLToPath(new URL('fault.c', import.meta.url));
    execFileSync('cc', ['-shared', '-fPIC', '-O1', '-w', '-o', this.library, source, '-ldl']);
  }

  /** The environment of a process that meets with a fault on the files of `folder`. */
  environment(folder: string, { at, errno }: Fault): Readonly<Record<string, string>> {
    return { LD_PRELOAD: this.library, FAULT_FOLDER: folder, FAULT_AT: String(at), FAULT_ERRNO: String(errno) };
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
