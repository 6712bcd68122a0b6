import { PbfWriter } from 'pbf';
import { ConfigError } from '../../errors.ts';
import { type OnnxAttribute, type OnnxGraph, type OnnxNode, type OnnxTensor, type OnnxValue, OPSET } from './model.ts';

// Numbers of the fields of the messages that a model is made of, and of their enumerations.
// See https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
const MODEL = { irVersion: 1, producer: 2, producerVersion: 3, graph: 7, opsetImport: 8, metadata: 14 };
const OPSET_ID = { version: 2 };
const METADATA = { key: 1, value: 2 };
const GRAPH = { node: 1, name: 2, initializer: 5, input: 11, output: 12 };
const NODE = { input: 1, output: 2, name: 3, operator: 4, attribute: 5 };
const ATTRIBUTE = { name: 1, real: 2, whole: 3, text: 4, wholes: 8, type: 20 };
const ATTRIBUTE_TYPE = { real: 1, whole: 2, text: 3, wholes: 7 };
const TENSOR = { dims: 1, type: 2, name: 8, raw: 9 };
const ELEMENT_TYPE = { float: 1, int64: 7 };
const VALUE = { name: 1, type: 2 };
const TYPE = { tensor: 1 };
const TENSOR_TYPE = { element: 1, shape: 2 };
const SHAPE = { dimension: 1 };
const DIMENSION = { value: 1, parameter: 2 };

/** The version of the format that brought opset 13. */
const IR_VERSION = 7;

/** What a message of the encoding may hold at most. */
const MOST_BYTES = 2 ** 31 - 1;

/** What a model says of itself beside its graph. */
export interface OnnxAbout {
  readonly producer: string;
  readonly producerVersion: string;
  /** The model's metadata. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** A model as the bytes of an .onnx file. @throws ConfigError export_too_large above 2 GiB */
export function encodeModel(graph: OnnxGraph, { producer, producerVersion, metadata }: OnnxAbout): Uint8Array {
  const bytes = graph.tensors.reduce((sum, { data }) => sum + data.byteLength, 0);
  if (bytes > MOST_BYTES)
    throw new ConfigError(
      'export_too_large',
      `an .onnx file holds at most 2 GiB, but the weights take ${(bytes / 2 ** 30).toFixed(1)} GiB; export to pytorch`,
    );
  const writer = new PbfWriter();
  writer.writeVarintField(MODEL.irVersion, IR_VERSION);
  writer.writeStringField(MODEL.producer, producer);
  writer.writeStringField(MODEL.producerVersion, producerVersion);
  writer.writeMessage(MODEL.graph, writeGraph, graph);
  writer.writeMessage(MODEL.opsetImport, (version, pbf) => pbf.writeVarintField(OPSET_ID.version, version), OPSET);
  for (const [key, value] of Object.entries(metadata))
    writer.writeMessage(MODEL.metadata, writeMetadata, { key, value });
  return writer.finish();
}

function writeMetadata({ key, value }: { readonly key: string; readonly value: string }, pbf: PbfWriter): void {
  pbf.writeStringField(METADATA.key, key);
  pbf.writeStringField(METADATA.value, value);
}

function writeGraph({ name, nodes, tensors, inputs, outputs }: OnnxGraph, pbf: PbfWriter): void {
  for (const node of nodes) pbf.writeMessage(GRAPH.node, writeNode, node);
  pbf.writeStringField(GRAPH.name, name);
  for (const tensor of tensors) pbf.writeMessage(GRAPH.initializer, writeTensor, tensor);
  for (const value of inputs) pbf.writeMessage(GRAPH.input, writeValue, value);
  for (const value of outputs) pbf.writeMessage(GRAPH.output, writeValue, value);
}

function writeNode({ operator, inputs, output, attributes = {} }: OnnxNode, pbf: PbfWriter): void {
  for (const input of inputs) pbf.writeStringField(NODE.input, input);
  pbf.writeStringField(NODE.output, output);
  pbf.writeStringField(NODE.name, output);
  pbf.writeStringField(NODE.operator, operator);
  for (const attribute of Object.entries(attributes)) pbf.writeMessage(NODE.attribute, writeAttribute, attribute);
}

function writeAttribute([name, value]: [string, OnnxAttribute], pbf: PbfWriter): void {
  pbf.writeStringField(ATTRIBUTE.name, name);
  if (typeof value === 'number') {
    pbf.writeVarintField(ATTRIBUTE.whole, value);
    pbf.writeVarintField(ATTRIBUTE.type, ATTRIBUTE_TYPE.whole);
  } else if (typeof value === 'string') {
    pbf.writeStringField(ATTRIBUTE.text, value);
    pbf.writeVarintField(ATTRIBUTE.type, ATTRIBUTE_TYPE.text);
  } else if ('real' in value) {
    pbf.writeFloatField(ATTRIBUTE.real, value.real);
    pbf.writeVarintField(ATTRIBUTE.type, ATTRIBUTE_TYPE.real);
  } else {
    for (const whole of value) pbf.writeVarintField(ATTRIBUTE.wholes, whole);
    pbf.writeVarintField(ATTRIBUTE.type, ATTRIBUTE_TYPE.wholes);
  }
}

function writeTensor({ name, shape, data }: OnnxTensor, pbf: PbfWriter): void {
  for (const size of shape) pbf.writeVarintField(TENSOR.dims, size);
  pbf.writeVarintField(TENSOR.type, data instanceof Float32Array ? ELEMENT_TYPE.float : ELEMENT_TYPE.int64);
  pbf.writeStringField(TENSOR.name, name);
  pbf.writeBytesField(TENSOR.raw, new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
}

function writeValue({ name, shape }: OnnxValue, pbf: PbfWriter): void {
  pbf.writeStringField(VALUE.name, name);
  pbf.writeMessage(VALUE.type, writeType, shape);
}

const writeType = (shape: OnnxValue['shape'], pbf: PbfWriter): void =>
  pbf.writeMessage(TYPE.tensor, writeTensorType, shape);

function writeTensorType(shape: OnnxValue['shape'], pbf: PbfWriter): void {
  pbf.writeVarintField(TENSOR_TYPE.element, ELEMENT_TYPE.float);
  pbf.writeMessage(TENSOR_TYPE.shape, writeShape, shape);
}

function writeShape(shape: OnnxValue['shape'], pbf: PbfWriter): void {
  for (const size of shape) pbf.writeMessage(SHAPE.dimension, writeDimension, size);
}

function writeDimension(size: number | string, pbf: PbfWriter): void {
  if (typeof size === 'number') pbf.writeVarintField(DIMENSION.value, size);
  else pbf.writeStringField(DIMENSION.parameter, size);
}
