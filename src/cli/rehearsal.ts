import type { Config } from '../config/index.ts';
import { summariseSkipped } from '../data/index.ts';
import type { DeviceListener, Ranks } from '../device/index.ts';
import {
  createModel,
  formatWeights,
  planWeights,
  prepareTraining,
  summarize,
  TrainingSession,
  type WeightSource,
} from '../train/index.ts';
import { ProcessGroup } from '../train/ranks/process_group.ts';
import { type Io, printJson, printLine } from './io.ts';
import { readingProgress } from './reading_progress.ts';
import { formatSummary } from './summary_table.ts';
import { formatTable } from './table.ts';
import { formatCount } from './units.ts';

/** How a rehearsal tells what it found. */
export interface RehearsalOptions {
  /** As one JSON object. */
  readonly json: boolean;
  /** Lines to show beside the plan. */
  readonly notes: readonly string[];
  /** Whose weights the run would begin with. */
  readonly from?: WeightSource | undefined;
  /** The processes that would train together. */
  readonly ranks?: Ranks | undefined;
}

/** Does everything that training does before its first step, and writes nothing: opens the data, loads the step's programs on
 *  the device, prints the plan. @throws what training would throw */
export async function rehearse(asked: Config, io: Io, { json, notes, from, ranks }: RehearsalOptions): Promise<void> {
  const reading = readingProgress(io, { silent: json });
  let deviceReason = '';
  const onDevice: DeviceListener = ({ reason }) => {
    deviceReason = reason;
  };
  const preparing = prepareTraining(asked, { onDataProgress: reading.onProgress, onDevice, ranks });
  const prepared = await preparing.finally(reading.finish);
  const { config, dataset, device } = prepared;
  try {
    const group = ranks && (await ProcessGroup.of(ranks, prepared));
    const { model } = await TrainingSession.open(createModel(config, group?.share), device, group?.share);
    const weights = from && (await planWeights(from, model)).weights;
    const summary = summarize(config);
    const { name, count, skipped, notes: dataNotes = [] } = dataset;
    if (json)
      return printJson(io.stdout, {
        type: 'plan',
        ...summary,
        device: `${device.kind}: ${device.description}`,
        data: { name, count, skipped },
        notes: [...notes, ...dataNotes],
        ...(weights && { weights }),
        config,
      });
    const rows = [
      ['device', deviceReason],
      ['data', `${name}, ${formatCount(count)} images`],
      ...(weights ? [['weights', formatWeights(weights)]] : []),
      ['training', `${formatCount(config.steps)} steps, seed ${config.seed}`],
    ];
    printLine(io.stdout, formatSummary(summary, config));
    printLine(io.stdout, formatTable(rows));
    for (const note of [...notes, ...dataNotes]) printLine(io.stdout, note);
    if (skipped.length > 0) printLine(io.stdout, summariseSkipped(skipped));
    printLine(io.stdout, 'Everything is ready; nothing was trained or written.');
  } finally {
    device.close();
  }
}
