import { type FileHandle, readdir } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { PbfWriter } from 'pbf';
import { openRegularFile } from '../../files.ts';
import { storageError } from '../../storage.ts';
import { crc32c } from './crc32c.ts';
import {
  type CountedValues,
  type EncodedImage,
  type Fields,
  type Hyperparameter,
  histogramSummary,
  imageSummary,
  nested,
  scalarSummary,
  sessionEndSummary,
  sessionStartSummary,
} from './summaries.ts';

// Field numbers of tensorflow/core/util/event.proto.
const EVENT = { wallTime: 1, step: 2, fileVersion: 3, summary: 5, sessionLog: 7 };
const SESSION_LOG = { status: 1 };
const SESSION_START = 1;

const PREFIX = 'events.out.tfevents.';
const NAME = /^events\.out\.tfevents\.(\d{10}\.\d{3})\./;

/** Writes scalars, images, histograms and settings where TensorBoard finds them: an `events.out.tfevents.*` file in the run's folder. */
export class EventWriter {
  private readonly path: string;
  private readonly handle: FileHandle;
  private readonly now: () => number;

  private constructor(path: string, handle: FileHandle, now: () => number) {
    this.path = path;
    this.handle = handle;
    this.now = now;
  }

  /** Starts a new file for what comes after `step`; TensorBoard then forgets what earlier files of the run say of later steps.
   *  @param now milliseconds since 1970
   *  @throws CheckpointError `disk_full`, `not_writable`, `storage_failed` */
  static async open(runFolder: string, step: number, now: () => number = Date.now): Promise<EventWriter> {
    let path = join(runFolder, PREFIX);
    const handle = await nameAfter(runFolder, now())
      .then((name) => {
        path = join(runFolder, name);
        return openRegularFile(path, 'append');
      })
      .catch((error: unknown) => {
        throw storageError(error, 'create', path);
      });
    const writer = new EventWriter(path, handle, now);
    await writer.begin(step);
    return writer;
  }

  private async begin(step: number): Promise<void> {
    await this.append((event) => event.writeStringField(EVENT.fileVersion, 'brain.Event:2'));
    // The first file has one too: TensorBoard forgets nothing at the first that it meets.
    await this.append((event) => {
      event.writeVarintField(EVENT.step, step + 1);
      nested(event, EVENT.sessionLog, (log) => log.writeVarintField(SESSION_LOG.status, SESSION_START));
    });
  }

  /** One point on each of several curves. NaN and infinity are shown as such. */
  scalars(step: number, values: Readonly<Record<string, number>>): Promise<void> {
    return this.summary(step, scalarSummary(values));
  }

  image(step: number, name: string, image: EncodedImage): Promise<void> {
    return this.summary(step, imageSummary(name, image));
  }

  histogram(step: number, name: string, counted: CountedValues): Promise<void> {
    return this.summary(step, histogramSummary(name, counted));
  }

  /** Lets the HParams tab show the run with these settings. */
  sessionStart(settings: Readonly<Record<string, Hyperparameter>>): Promise<void> {
    return this.summary(0, sessionStartSummary(settings, this.now() / 1000));
  }

  /** Lets the HParams tab say how the run ended. TensorBoard keeps what it is told first, so that this is not for a run that may go on. */
  sessionEnd(hasSucceeded: boolean): Promise<void> {
    return this.summary(0, sessionEndSummary(hasSucceeded, this.now() / 1000));
  }

  async close(): Promise<void> {
    await this.handle.close();
  }

  private summary(step: number, summary: Fields): Promise<void> {
    return this.append((event) => {
      event.writeVarintField(EVENT.step, step);
      nested(event, EVENT.summary, summary);
    });
  }

  private async append(write: Fields): Promise<void> {
    const event = new PbfWriter();
    event.writeDoubleField(EVENT.wallTime, this.now() / 1000);
    write(event);
    try {
      await this.handle.writeFile(frameRecord(event.finish()));
    } catch (error) {
      throw storageError(error, 'write', this.path);
    }
  }
}

/** The name of the file that starts at a time. TensorBoard reads files in the order of their names, so the time comes first, in
 *  digits of a fixed number, and is later than that of every file there is, even if the clock was set back. */
async function nameAfter(runFolder: string, milliseconds: number): Promise<string> {
  const earlier = (await readdir(runFolder)).flatMap((name) => NAME.exec(name)?.[1] ?? []);
  const latest = Math.max(0, ...earlier.map((time) => Math.round(Number(time) * 1000)));
  const seconds = (Math.max(milliseconds, latest + 1) / 1000).toFixed(3).padStart(14, '0');
  return `${PREFIX}${seconds}.${hostname()}.${process.pid}`;
}

/** A TFRecord: length (64 bits), its checksum, data, its checksum, little-endian.
 *  @see https://www.tensorflow.org/tutorials/load_data/tfrecord */
export function frameRecord(data: Uint8Array): Uint8Array {
  const record = Buffer.alloc(16 + data.length);
  record.writeBigUInt64LE(BigInt(data.length), 0);
  record.writeUInt32LE(maskedCrc(record.subarray(0, 8)), 8);
  record.set(data, 12);
  record.writeUInt32LE(maskedCrc(data), 12 + data.length);
  return record;
}

// Rotated and shifted by a constant, so that a checksum of data that holds checksums stays meaningful.
function maskedCrc(bytes: Uint8Array): number {
  const crc = crc32c(bytes);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}
