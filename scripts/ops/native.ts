import {
  ACCESSES,
  ALIGNMENT_BYTES,
  type AttributeKind,
  LIMITS,
  OPS,
  type OpRow,
  SCALAR_FUNCTIONS,
} from '../../src/tensor/operators.ts';
import { type Operand, parseSignature } from '../../src/tensor/signature.ts';

const NOTE = '// Written by `npm run generate` from src/tensor/operators.ts: change that.';

const snake = (name: string): string => name.replaceAll(/(?<=[a-z0-9])[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
const enumerator = (name: string): string => `k${name[0]?.toUpperCase()}${name.slice(1)}`;

/** What the addon and the kernels know of expressions: cuda/expressions/functions.h. */
export function functionsHeader(): string {
  const names = [...Object.keys(SCALAR_FUNCTIONS), 'constant'];
  const functions = Object.entries(SCALAR_FUNCTIONS).map(
    ([name, { arity, immediate = false }]) =>
      `X(${enumerator(name)}, ${snake(name)}, "${name}", ${arity}, ${immediate})`,
  );
  return `#pragma once

#include <cstdint>

${NOTE}
namespace gannet::kernels {

/** A scalar function, or kConstant, a number of its own. */
enum class Function : uint8_t { ${names.map(enumerator).join(', ')} };
inline constexpr int kFunctionCount = ${names.length};

/** X(enumerator, name, name in TypeScript, registers that it reads, whether it carries a number), in the order of Function. */
#define GANNET_EACH_FUNCTION(X) \\
${[...functions, `X(kConstant, constant, "constant", 0, true)`].join(' \\\n')}

/** How element i of \`total\` reads an operand of \`size\`: i, i mod size, i div (total / size), or 0. */
enum class Access : uint8_t { ${ACCESSES.map(enumerator).join(', ')} };

/** What one kernel takes at most: tensors that an expression reads, its instructions, and sums of a reduction. */
inline constexpr int kMaxOperands = ${LIMITS.operands};
inline constexpr int kMaxInstructions = ${LIMITS.instructions};
inline constexpr int kMaxSums = ${LIMITS.sums};

}  // namespace gannet::kernels
`;
}

/** What each kind of attribute is in C++. \`text\` reaches no device. */
const MEMBERS: Readonly<Record<Exclude<AttributeKind, 'text'>, string>> = {
  flag: 'bool',
  number: 'double',
  natural: 'int64_t',
  positive: 'int64_t',
  word: 'int64_t',
  naturals: 'std::vector<int64_t>',
  positives: 'std::vector<int64_t>',
  pair: 'std::vector<int64_t>',
  sides: 'std::vector<int64_t>',
  extent: 'std::vector<int64_t>',
  shape: 'std::vector<int64_t>',
  expression: 'Expression',
  reduction: 'ReduceKind',
};

interface NativeOp {
  readonly name: string;
  readonly inputs: readonly Operand[];
  readonly result: Operand;
  readonly attributes: readonly (readonly [name: string, kind: keyof typeof MEMBERS])[];
  readonly overwrites: number;
}

/** The ops that programs hold. */
const nativeOps = Object.entries(OPS).flatMap(
  ([name, { signature, attributes = {}, overwrites = 0 }]: [string, OpRow]): NativeOp[] =>
    signature === undefined
      ? []
      : [
          {
            name,
            ...parseSignature(signature),
            attributes: Object.entries(attributes) as NativeOp['attributes'],
            overwrites,
          },
        ],
);

const most = (count: (op: NativeOp) => number): number => Math.max(...nativeOps.map(count));

function members(): string {
  const types = new Map(
    nativeOps.flatMap(({ attributes }) => attributes.map(([name, kind]) => [name, MEMBERS[kind]] as const)),
  );
  return [...types].map(([name, type]) => `${type} ${snake(name)} = {};`).join('\n');
}

const TYPES = { float32: 'kFloat32', int32: 'kInt32', number: 'kNumber', T: 'kAny' } as const;

function operand({ name, type, axes }: Operand): string {
  const shape = axes && `.has_axes = true, .axes = "${axes.join(',')}"`;
  return `{${[`.name = "${name}"`, `.type = ElementRule::${TYPES[type]}`, shape].filter(Boolean).join(', ')}}`;
}

function row({ name, inputs, result, attributes, overwrites }: NativeOp): string {
  const repeated = inputs.find((input) => input.repeated !== '')?.repeated;
  const attribute = ([key, kind]: NativeOp['attributes'][number]) =>
    `{.name = "${key}", .kind = AttributeKind::${enumerator(kind)}, .member = &Attributes::${snake(key)}}`;
  const fields = [
    `.name = "${name}"`,
    inputs.length > 0 && `.inputs = {{${inputs.map(operand).join(', ')}}}`,
    `.input_count = ${inputs.length}`,
    repeated !== undefined && `.fewest_inputs = ${repeated === '+' ? 1 : 0}, .repeated = true`,
    repeated === undefined && `.fewest_inputs = ${inputs.length}`,
    `.result = ${operand(result)}`,
    attributes.length > 0 && `.attributes = {{${attributes.map(attribute).join(', ')}}}`,
    attributes.length > 0 && `.attribute_count = ${attributes.length}`,
    overwrites > 0 && `.overwritten = ${overwrites}`,
  ];
  return `{${fields.filter(Boolean).join(', ')}}`;
}

/** What the addon knows of the ops: binding/generated/ops.h. */
export function opsHeader(): string {
  return `#pragma once

#include <array>

#include "expression.h"
#include "op_row.h"

${NOTE}
namespace gannet {

/** Every op that programs hold. */
enum class Op { ${nativeOps.map(({ name }) => enumerator(name)).join(', ')} };

/** Every attribute that any op has; an op's row says which of them are read and checked. */
struct Attributes {
${members()}
};

/** Every arena slot starts at a multiple of this. */
inline constexpr int64_t kAlignmentBytes = ${ALIGNMENT_BYTES};

/** In the order of Op. */
inline constexpr std::array<OpRow<${most(({ inputs }) => inputs.length)}, ${most(({ attributes }) => attributes.length)}>, ${nativeOps.length}> kOps = {{
${nativeOps.map(row).join(',\n')},
}};

}  // namespace gannet
`;
}

/** Path -> text of every generated file. */
export const generatedHeaders = (): ReadonlyMap<string, string> =>
  new Map([
    ['cuda/expressions/functions.h', functionsHeader()],
    ['binding/generated/ops.h', opsHeader()],
  ]);
