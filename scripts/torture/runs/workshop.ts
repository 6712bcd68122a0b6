import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { families, makeData } from './families.ts';
import { type Fault, FaultLibrary } from './fault_library.ts';
import { outcomeOf } from './outcome.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
/** Even on a machine with much else to do, a command that takes longer hangs. */
const LIMIT_MS = 600_000;

/** How a command ended. */
export interface Ending {
  readonly exitCode: number | null;
  readonly signal: string | null;
  /** Of its error event. */
  readonly error?: string;
  readonly message?: string;
  /** Steps of the checkpoints that it told of. */
  readonly saved: readonly number[];
  readonly stderr: string;
}

/** A folder in which small runs are trained, by commands in processes of their own that can be made to fail. */
export class Workshop {
  private readonly folder = mkdtempSync(join(tmpdir(), 'gannet-torture-'));
  private readonly data = makeData(this.folder);
  private readonly faults = new FaultLibrary();
  private readonly outcomes = new Map<string, Map<string, string>>();
  private runs = 0;

  /** Where the next run will be. */
  newRun(): string {
    return join(this.folder, `run-${++this.runs}`);
  }

  /** What an unbroken run of a family leaves. */
  async unbroken(family: string): Promise<Map<string, string>> {
    const known = this.outcomes.get(family);
    if (known) return known;
    const run = this.newRun();
    const { exitCode, stderr } = await this.train(family, run);
    if (exitCode !== 0) throw new Error(`an unbroken run of ${family} fails: ${stderr}`);
    const outcome = outcomeOf(run);
    this.outcomes.set(family, outcome);
    return outcome;
  }

  /** Trains a run; `onStep` is told of each step and given a way to kill the process. */
  train(
    family: string,
    run: string,
    fault?: Fault,
    onStep?: (step: number, kill: () => void) => void,
  ): Promise<Ending> {
    const argv = ['train', ...(families[family] as readonly string[]), '--data', this.data, '--out', run];
    return this.command(argv, run, fault, onStep);
  }

  /** Goes on with a run, or trains it anew where nothing of it is there yet. */
  goOn(family: string, run: string, fault?: Fault, onStep?: (step: number, kill: () => void) => void): Promise<Ending> {
    if (!existsSync(join(run, 'config.json'))) return this.train(family, run, fault, onStep);
    return this.command(['resume', run, '--json'], run, fault, onStep);
  }

  remove(): void {
    this.faults.remove();
    rmSync(this.folder, { recursive: true, force: true });
  }

  private command(
    argv: readonly string[],
    run: string,
    fault: Fault | undefined,
    onStep: ((step: number, kill: () => void) => void) | undefined,
  ): Promise<Ending> {
    const child = spawn(process.execPath, ['--import', 'tsx', 'src/cli/main.ts', ...argv], {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: LIMIT_MS,
      killSignal: 'SIGKILL',
      env: { ...process.env, ...(fault && this.faults.environment(run, fault)) },
    });
    let failure: { error?: string; message?: string } = {};
    const saved: number[] = [];
    let stderr = '';
    createInterface(child.stdout).on('line', (line) => {
      const event = JSON.parse(line);
      if (event.type === 'step') onStep?.(event.step, () => child.kill('SIGKILL'));
      if (event.type === 'checkpoint') saved.push(event.step);
      if (event.type === 'error') failure = { error: event.code, message: event.message };
    });
    child.stderr.on('data', (text) => {
      stderr = `${stderr}${text}`.slice(-4000);
    });
    return new Promise((resolve) =>
      child.on('close', (exitCode, signal) => resolve({ exitCode, signal, saved, stderr, ...failure })),
    );
  }
}
