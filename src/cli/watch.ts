import type { DeviceListener } from '../device/index.ts';
import { formatChange, formatSurroundings, formatWeights, type TrainEvent, type TrainOptions } from '../train/index.ts';
import { closingLines } from './closing.ts';
import { EXIT } from './exit_codes.ts';
import { isAbort, listenForInterrupt } from './interrupt.ts';
import { type Io, printJson, printLine } from './io.ts';
import { createProgress, type Progress, type ProgressUpdate } from './progress.ts';

/** What a training is given so that it can be watched and stopped. */
export type TrainingControls = Required<Pick<TrainOptions, 'signal' | 'onDataProgress' | 'onDevice'>>;

export interface WatchOptions {
  /** Events as JSON lines on stdout in place of progress. */
  readonly json: boolean;
  /** Lines to show once the training has started. */
  readonly notes?: readonly string[];
}

/** Runs a training to its end, showing its events as progress or as JSON lines. Returns the exit code.
 *  @throws what the training throws */
export async function watchTraining(
  io: Io,
  { json, notes = [] }: WatchOptions,
  start: (controls: TrainingControls) => AsyncIterable<TrainEvent>,
): Promise<number> {
  const interrupt = listenForInterrupt(io);
  const display = json ? undefined : new TrainingDisplay(io, notes);
  const onDataProgress = (done: number, total: number): void => display?.showReading(done, total);
  const onDevice: DeviceListener = ({ reason }) => display?.showFirst(`Device: ${reason}`);
  try {
    let last: TrainEvent | undefined;
    for await (const event of start({ signal: interrupt.signal, onDataProgress, onDevice })) {
      if (display) display.show(event);
      else printJson(io.stdout, event);
      last = event;
    }
    return last?.type === 'end' ? EXIT_OF_END[last.reason] : EXIT.ok;
  } catch (error) {
    if (!isAbort(error, interrupt.signal)) throw error;
    printLine(io.stderr, 'Stopped before the first step; there was nothing to save yet.');
    return EXIT.interrupted;
  } finally {
    display?.finish();
    interrupt.dispose();
  }
}

const EXIT_OF_END = { finished: EXIT.ok, interrupted: EXIT.interrupted, collapsed: EXIT.diverged };

/** Shows a training to a person. */
export class TrainingDisplay {
  private readonly io: Io;
  private readonly notes: readonly string[];
  /** Lines above the notes. */
  private readonly first: string[] = [];
  private readonly startedMs = performance.now();
  private readonly seen = new Map<TrainEvent['type'], TrainEvent>();
  private progress: Progress;
  private state: ProgressUpdate = { step: 0, total: 0, imagesPerSecond: 0, values: {} };
  private isReading = false;
  private monitors: Extract<TrainEvent, { type: 'start' }>['monitors'] = {};

  constructor(io: Io, notes: readonly string[]) {
    this.io = io;
    this.notes = notes;
    this.progress = this.newProgress();
  }

  /** Images being decoded or resized, which takes a while for large folders. */
  showReading(done: number, total: number): void {
    if (!this.isReading) this.progress.message('Reading the images');
    this.isReading = true;
    if (!this.io.stderr.isTTY) return;
    const seconds = (performance.now() - this.startedMs) / 1000;
    this.progress.update({ step: done, total, imagesPerSecond: done / seconds, values: {} });
  }

  /** A line to show once the training has started, before all notes. */
  showFirst(line: string): void {
    this.first.push(line);
  }

  show(event: TrainEvent): void {
    this.seen.set(event.type, event);
    switch (event.type) {
      case 'start':
        this.finish();
        this.progress = this.newProgress();
        this.monitors = event.monitors;
        for (const note of [...this.first, ...this.notes]) this.progress.message(note);
        this.progress.message(`Training ${event.folder} on ${event.device}, steps ${event.step} to ${event.steps}`);
        break;
      case 'weights':
        this.progress.message(`begins with ${formatWeights(event)}`);
        break;
      case 'change':
        this.progress.message(`from step ${event.step + 1} on: ${formatChange(event)}`);
        break;
      case 'surroundings':
        this.progress.message(`from step ${event.step + 1} on ${formatSurroundings(event.changes)}`);
        break;
      case 'step': {
        const { step, steps: total, imagesPerSecond } = event;
        this.update({ step, total, imagesPerSecond });
        break;
      }
      case 'metrics':
        this.update({ values: { ...this.state.values, ...this.labelled(event.values) } });
        break;
      case 'sample':
      case 'checkpoint':
        this.progress.message(`${event.type} ${event.path}`);
        break;
      case 'warning':
        this.progress.message(`warning at step ${event.step}: ${event.message}`);
        break;
      case 'rollback':
        this.progress.message(
          `step ${event.step}: went back to the weights of step ${event.to}, at lower learning rates`,
        );
        break;
      case 'end':
        this.finish();
        for (const line of closingLines(this.seen)) printLine(this.io.stdout, line);
        break;
    }
  }

  /** Leaves the cursor on a line of its own. */
  finish(): void {
    this.progress.finish();
  }

  private update(change: Partial<ProgressUpdate>): void {
    this.state = { ...this.state, ...change };
    this.progress.update(this.state);
  }

  /** Metrics by what a bar calls them, in the order of their monitors. */
  private labelled(values: Readonly<Record<string, number | null>>): Record<string, number> {
    return Object.fromEntries(
      Object.entries(this.monitors).flatMap(([name, { label }]) => {
        const value = values[name];
        return typeof value === 'number' ? [[label, value]] : [];
      }),
    );
  }

  private newProgress(): Progress {
    return createProgress({ stream: this.io.stderr, environment: this.io.environment });
  }
}
