/** What the x of a curve counts. `time` is training time in seconds. */
export type Axis = 'step' | 'images' | 'time';

/** The metric that every run has beside those of its game. */
export const SPEED = 'imagesPerSecond';

/** Metrics of the machine: processors that the process of a run keeps busy, and memory in GiB, of the process and in use on its GPU. */
export const PROCESSORS = 'system/processors';
export const MEMORY = 'system/memory';
export const GPU_MEMORY = 'system/gpuMemory';

const GIB = 2 ** 30;

const FIRST_CAPACITY = 1024;

/** The numbers of a run's metrics, a column for each, row by row in the order of steps. A value that is missing or was no number is NaN. */
export class Columns {
  /** Rows in use of every column. */
  rows = 0;
  private capacity = FIRST_CAPACITY;
  private readonly axes: Record<Axis, Float64Array> = {
    step: new Float64Array(FIRST_CAPACITY),
    images: new Float64Array(FIRST_CAPACITY),
    time: new Float64Array(FIRST_CAPACITY),
  };
  private readonly metrics = new Map<string, Float64Array>();

  get names(): string[] {
    return [...this.metrics.keys()];
  }

  get bytes(): number {
    return 8 * this.capacity * (3 + this.metrics.size);
  }

  axis(axis: Axis): Float64Array {
    return this.axes[axis].subarray(0, this.rows);
  }

  /** Where a step lies on every axis, by the first line at or behind it, or else the last one. */
  placeOf(step: number): Record<Axis, number> {
    const steps = this.axis('step');
    const row = steps.findIndex((each) => each >= step);
    const at = row < 0 ? this.rows - 1 : row;
    return { step, images: this.axes.images[at] ?? 0, time: this.axes.time[at] ?? 0 };
  }

  /** Undefined for a metric that no line has told of. */
  metric(name: string): Float64Array | undefined {
    return this.metrics.get(name)?.subarray(0, this.rows);
  }

  clear(): void {
    this.rows = 0;
    this.metrics.clear();
  }

  /** Takes a line of metrics.jsonl; one that is damaged is passed over. Where a run was taken up from an earlier step, or logs a step
   *  again, what stood for that step and later ones goes. */
  add(line: string): void {
    const record = parse(line);
    if (!record) return;
    const { step, imagesSeen, elapsedMs, imagesPerSecond, system, values } = record;
    while (this.rows > 0 && (this.axes.step[this.rows - 1] as number) >= step) this.rows--;
    if (this.rows === this.capacity) this.grow();
    const row = this.rows++;
    this.axes.step[row] = step;
    this.axes.images[row] = numberOf(imagesSeen);
    this.axes.time[row] = numberOf(elapsedMs) / 1000;
    for (const column of this.metrics.values()) column[row] = Number.NaN;
    this.set(row, SPEED, imagesPerSecond);
    if (system) {
      this.set(row, PROCESSORS, system.processors);
      this.set(row, MEMORY, numberOf(system.memoryBytes) / GIB);
      if (system.gpuMemoryBytes !== undefined) this.set(row, GPU_MEMORY, numberOf(system.gpuMemoryBytes) / GIB);
    }
    for (const name in values) this.set(row, name, values[name]);
  }

  private set(row: number, name: string, value: unknown): void {
    let column = this.metrics.get(name);
    if (!column) {
      column = new Float64Array(this.capacity).fill(Number.NaN);
      this.metrics.set(name, column);
    }
    column[row] = numberOf(value);
  }

  private grow(): void {
    this.capacity = Math.ceil(this.capacity * 1.5);
    const longer = (column: Float64Array): Float64Array => {
      const copy = new Float64Array(this.capacity);
      copy.set(column);
      return copy;
    };
    for (const axis of ['step', 'images', 'time'] as const) this.axes[axis] = longer(this.axes[axis]);
    for (const [name, column] of this.metrics) this.metrics.set(name, longer(column));
  }
}

interface Line {
  readonly step: number;
  readonly imagesSeen?: unknown;
  readonly elapsedMs?: unknown;
  readonly imagesPerSecond?: unknown;
  readonly system?: {
    readonly processors?: unknown;
    readonly memoryBytes?: unknown;
    readonly gpuMemoryBytes?: unknown;
  } | null;
  readonly values: Readonly<Record<string, unknown>>;
}

// By hand, since a schema's check takes longer than the parsing of a hundred thousand lines.
function parse(text: string): Line | undefined {
  try {
    const line = JSON.parse(text);
    const isLine = Number.isSafeInteger(line?.step) && typeof line.values === 'object' && line.values !== null;
    return isLine ? line : undefined;
  } catch {
    return undefined;
  }
}

const numberOf = (value: unknown): number => (typeof value === 'number' ? value : Number.NaN);

/** The last line of metrics that is whole, of some lines; undefined if none is. */
export function lastRecord(lines: readonly string[]) {
  for (const line of lines.toReversed()) {
    const record = parse(line);
    if (record)
      return {
        step: record.step,
        imagesSeen: numberOf(record.imagesSeen),
        elapsedMs: numberOf(record.elapsedMs),
        imagesPerSecond: numberOf(record.imagesPerSecond),
      };
  }
  return undefined;
}
