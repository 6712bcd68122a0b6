import { OPS, type OpName, type ResultType } from './operators.ts';
import { type DType, type Shape, sameShape } from './shape.ts';

// A signature tells what an op takes and gives, such as `table float32 [V,D], indices int32 [I...] -> float32 [I...,D]`.
//
// - Each input has a name and a type, the result a type: float32; int32; `number`, float32 that a device may keep as bfloat16; or `T`, any
//   type, the same wherever T stands.
// - Axes: a capital letter is the same size wherever it stands, and with dots any number of axes. A word is the value of that attribute,
//   with dots all of its values. `H*scale` is a product. Without brackets a tensor may have any shape.
// - `+` behind an op's only input: one or more of it; `*`: any number.

/** An input or the result of an op. */
export interface Operand {
  readonly name: string;
  readonly type: DType | 'number' | 'T';
  /** Undefined: any shape. */
  readonly axes: readonly string[] | undefined;
  readonly repeated: '' | '+' | '*';
}

export interface Signature {
  readonly inputs: readonly Operand[];
  readonly result: Operand;
}

const OPERAND = /^(?:(\w+) )?(float32|int32|number|T)(?: \[([^\]]*)\])?([+*]?)$/;

function parseOperand(text: string, signature: string): Operand {
  const match = OPERAND.exec(text);
  if (!match) throw new SyntaxError(`'${text}' of the signature '${signature}' is no operand`);
  const [, name = 'result', type, axes, repeated] = match;
  return {
    name,
    type: type as Operand['type'],
    axes: axes === undefined ? undefined : axes.split(',').filter((axis) => axis !== ''),
    repeated: repeated as Operand['repeated'],
  };
}

/** Reads a signature. @throws SyntaxError */
export function parseSignature(signature: string): Signature {
  const [inputs, result] = signature.split('->').map((side) => side.trim()) as [string, string];
  const list = inputs === '' ? [] : inputs.split(/, (?=\w+ )/);
  const operands = list.map((input) => parseOperand(input, signature));
  if (operands.length > 1 && operands.some(({ repeated }) => repeated !== ''))
    throw new SyntaxError(`the signature '${signature}' has other inputs beside repeated ones`);
  return { inputs: operands, result: parseOperand(result, signature) };
}

type Attributes = Readonly<Record<string, unknown>>;

/** What the letters of a signature stand for in one call. */
class Letters {
  private readonly sizes = new Map<string, number>();
  private readonly runs = new Map<string, Shape>();

  constructor(private readonly attributes: Attributes) {}

  /** Takes the letters that are new from `shape`; whether it fits. */
  bind(axes: readonly string[], shape: Shape): boolean {
    const dots = axes.findIndex((axis) => axis.endsWith('...'));
    if (dots < 0 ? shape.length !== axes.length : shape.length < axes.length - 1) return false;
    axes.forEach((axis, i) => {
      const place = dots >= 0 && i > dots ? shape.length - axes.length + i : i;
      if (/^[A-Z]$/.test(axis) && !this.sizes.has(axis)) this.sizes.set(axis, shape[place] as number);
      if (/^[A-Z]\.\.\.$/.test(axis) && !this.runs.has(axis))
        this.runs.set(axis, shape.slice(i, shape.length - axes.length + 1 + i));
    });
    return sameShape(this.shapeOf(axes), shape);
  }

  shapeOf(axes: readonly string[]): Shape {
    return axes.flatMap((axis) => (axis.endsWith('...') ? this.run(axis) : [this.size(axis)]));
  }

  private run(axis: string): Shape {
    return this.runs.get(axis) ?? (this.attributes[axis.slice(0, -3)] as Shape);
  }

  private size(axis: string): number {
    const factors = axis.split('*').map((factor) => {
      return this.sizes.get(factor) ?? (/^\d+$/.test(factor) ? Number(factor) : (this.attributes[factor] as number));
    });
    return factors.reduce((product, factor) => product * factor, 1);
  }
}

/** The result of an op whose signature tells all shapes and has no repeated inputs, or the index of the first input that is missing, too
 *  much, or of another type or shape. */
export function matchSignature(
  name: OpName,
  attributes: Attributes,
  inputs: readonly ResultType[],
): ResultType | number {
  const signature = parseSignature(OPS[name].signature as string);
  const letters = new Letters(attributes);
  const any = inputs[signature.inputs.findIndex(({ type }) => type === 'T')]?.dtype;
  const typeOf = ({ type }: Operand): DType => (type === 'T' ? (any as DType) : type === 'number' ? 'float32' : type);
  const misfit = signature.inputs.findIndex((operand, i) => {
    const input = inputs[i];
    return input?.dtype !== typeOf(operand) || !letters.bind(operand.axes as string[], input.shape);
  });
  if (misfit >= 0) return misfit;
  if (inputs.length > signature.inputs.length) return signature.inputs.length;
  return { shape: letters.shapeOf(signature.result.axes as string[]), dtype: typeOf(signature.result) };
}
