// The few parts of the protocol buffer encoding that TensorBoard's messages use.
// See https://protobuf.dev/programming-guides/encoding

const VARINT = 0;
const FIXED64 = 1;
const LENGTH_DELIMITED = 2;
const FIXED32 = 5;

/** Base-128 digits, least significant first. @param value an integer from 0 to 2^53 - 1 */
function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 0x80) {
    bytes.push((rest % 0x80) | 0x80);
    rest = Math.floor(rest / 0x80);
  }
  return Buffer.from([...bytes, rest]);
}

const tag = (field: number, wireType: number): Buffer => varint(field * 8 + wireType);

/** An int32, int64 or enum field. @param value an integer from 0 to 2^53 - 1 */
export const integerField = (field: number, value: number): Buffer =>
  Buffer.concat([tag(field, VARINT), varint(value)]);

/** A double field. */
export function doubleField(field: number, value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(value);
  return Buffer.concat([tag(field, FIXED64), bytes]);
}

/** A float field. */
export function floatField(field: number, value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return Buffer.concat([tag(field, FIXED32), bytes]);
}

/** A string, bytes or message field; several parts are one after the other the content of the message. */
export function bytesField(field: number, ...content: readonly (string | Uint8Array)[]): Buffer {
  const bytes = Buffer.concat(content.map((part) => (typeof part === 'string' ? Buffer.from(part) : part)));
  return Buffer.concat([tag(field, LENGTH_DELIMITED), varint(bytes.length), bytes]);
}
