import type { PbfWriter } from 'pbf';
import type { BinCounts } from '../histogram.ts';

/** An encoded picture. */
export interface EncodedImage {
  readonly png: Uint8Array;
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  /** What TensorBoard says of the pictures of this name, in Markdown; it keeps what came with the first. */
  readonly caption?: string | undefined;
}

/** Numbers counted in bins. */
export interface CountedValues {
  readonly values: ArrayLike<number>;
  readonly bins: BinCounts;
  /** Of all bins, rising. */
  readonly edges: readonly number[];
}

/** A setting of a run, as TensorBoard's HParams tab shows it. */
export type Hyperparameter = number | boolean | string;

/** Writes the fields of a message. */
export type Fields = (message: PbfWriter) => void;

// Field numbers of tensorflow/core/framework/summary.proto and tensor.proto, of tensorboard/plugins/hparams/plugin_data.proto, and of
// google/protobuf/struct.proto.
const SUMMARY = { value: 1 };
const VALUE = { tag: 1, simpleValue: 2, image: 4, histogram: 5, tensor: 8, metadata: 9 };
const IMAGE = { height: 1, width: 2, channels: 3, encoded: 4 };
const HISTOGRAM = { min: 1, max: 2, count: 3, sum: 4, sumOfSquares: 5, limits: 6, counts: 7 };
const METADATA = { plugin: 1, description: 3, dataClass: 4 };
const PLUGIN = { name: 1, content: 2 };
const TENSOR_CLASS = 2;
const IMAGE_CLASS = 3;
const TENSOR = { type: 1, shape: 2, floats: 5 };
const FLOAT = 1;
const SHAPE = { dimension: 2 };
const DIMENSION = { size: 1 };
const HYPERPARAMETERS = { sessionStart: 3, sessionEnd: 4 };
const SESSION_START = { hyperparameters: 1, startSeconds: 5 };
const SESSION_END = { status: 1, endSeconds: 2 };
const STATUS = { success: 1, failure: 2 };
const MAP_ENTRY = { key: 1, value: 2 };
const ANY_VALUE = { number: 2, text: 3, boolean: 4 };

/** A message within another. */
export const nested = (message: PbfWriter, field: number, fields: Fields): void =>
  message.writeMessage(field, apply, fields);
const apply = (fields: Fields, message: PbfWriter): void => fields(message);

const named = (tag: string, fields: Fields): Fields => {
  const value: Fields = (message) => {
    message.writeStringField(VALUE.tag, tag);
    fields(message);
  };
  return (summary) => nested(summary, SUMMARY.value, value);
};

/** A summary of one point on each of several curves. */
export const scalarSummary =
  (values: Readonly<Record<string, number>>): Fields =>
  (summary) => {
    for (const [name, number] of Object.entries(values))
      named(name, (value) => value.writeFloatField(VALUE.simpleValue, number))(summary);
  };

/** A summary of a picture. */
export const imageSummary = (name: string, { png, width, height, channels, caption }: EncodedImage): Fields =>
  named(name, (value) => {
    nested(value, VALUE.image, (image) => {
      image.writeVarintField(IMAGE.height, height);
      image.writeVarintField(IMAGE.width, width);
      image.writeVarintField(IMAGE.channels, channels);
      image.writeBytesField(IMAGE.encoded, png);
    });
    if (caption === undefined) return;
    nested(value, VALUE.metadata, (metadata) => {
      nested(metadata, METADATA.plugin, (plugin) => plugin.writeStringField(PLUGIN.name, 'images'));
      metadata.writeStringField(METADATA.description, caption);
      // Without it, TensorBoard's own reader takes no notice of the rest.
      metadata.writeVarintField(METADATA.dataClass, IMAGE_CLASS);
    });
  });

/** A summary of how numbers are distributed. */
export const histogramSummary = (name: string, { values, bins: { first, counts }, edges }: CountedValues): Fields =>
  named(name, (value) => {
    const numbers = Array.from(values);
    nested(value, VALUE.histogram, (histogram) => {
      histogram.writeDoubleField(
        HISTOGRAM.min,
        numbers.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY),
      );
      histogram.writeDoubleField(
        HISTOGRAM.max,
        numbers.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY),
      );
      histogram.writeDoubleField(HISTOGRAM.count, numbers.length);
      histogram.writeDoubleField(
        HISTOGRAM.sum,
        numbers.reduce((sum, x) => sum + x, 0),
      );
      histogram.writeDoubleField(
        HISTOGRAM.sumOfSquares,
        numbers.reduce((sum, x) => sum + x * x, 0),
      );
      histogram.writePackedDouble(HISTOGRAM.limits, edges.slice(first + 1, first + 1 + counts.length));
      histogram.writePackedDouble(HISTOGRAM.counts, [...counts]);
    });
  });

/** The summary with which the HParams tab shows a run and its settings. */
export const sessionStartSummary = (settings: Readonly<Record<string, Hyperparameter>>, startSeconds: number): Fields =>
  hyperparameterSummary('session_start_info', HYPERPARAMETERS.sessionStart, (start) => {
    for (const [key, setting] of Object.entries(settings)) {
      nested(start, SESSION_START.hyperparameters, (entry) => {
        entry.writeStringField(MAP_ENTRY.key, key);
        nested(entry, MAP_ENTRY.value, (value) => writeSetting(value, setting));
      });
    }
    start.writeDoubleField(SESSION_START.startSeconds, startSeconds);
  });

function writeSetting(value: PbfWriter, setting: Hyperparameter): void {
  if (typeof setting === 'number') value.writeDoubleField(ANY_VALUE.number, setting);
  else if (typeof setting === 'boolean') value.writeBooleanField(ANY_VALUE.boolean, setting);
  else value.writeStringField(ANY_VALUE.text, setting);
}

/** The summary by which the HParams tab knows how a run ended. */
export const sessionEndSummary = (hasSucceeded: boolean, endSeconds: number): Fields =>
  hyperparameterSummary('session_end_info', HYPERPARAMETERS.sessionEnd, (end) => {
    end.writeVarintField(SESSION_END.status, hasSucceeded ? STATUS.success : STATUS.failure);
    end.writeDoubleField(SESSION_END.endSeconds, endSeconds);
  });

/** What the tab reads stands in the metadata; TensorBoard wants a tensor beside it, whose number nobody reads. */
const hyperparameterSummary = (name: string, field: number, info: Fields): Fields =>
  named(`_hparams_/${name}`, (value) => {
    nested(value, VALUE.tensor, (tensor) => {
      tensor.writeVarintField(TENSOR.type, FLOAT);
      nested(tensor, TENSOR.shape, (shape) =>
        nested(shape, SHAPE.dimension, (dimension) => dimension.writeVarintField(DIMENSION.size, 1)),
      );
      tensor.writePackedFloat(TENSOR.floats, [0]);
    });
    nested(value, VALUE.metadata, (metadata) => {
      nested(metadata, METADATA.plugin, (plugin) => {
        plugin.writeStringField(PLUGIN.name, 'hparams');
        nested(plugin, PLUGIN.content, (content) => nested(content, field, info));
      });
      metadata.writeVarintField(METADATA.dataClass, TENSOR_CLASS);
    });
  });
