import type { Expression, Instruction } from '../tensor/operators.ts';
import { formatShape } from '../tensor/shape.ts';
import { isOp, type Tensor } from '../tensor/tensor.ts';
import type { Graph } from '../tensor/trace.ts';
import type { Program, Slot } from './program.ts';
import { ancestors, roots } from './walk.ts';

/** The graph as text, one line per node: `%12 = conv2d(%3, %w) stride=2,2  [64,32,32,128]  # discriminator.layer1`. */
export function printGraph(graph: Graph): string {
  const nodes = ancestors(roots(graph));
  const names = new Map(nodes.map((node, i) => [node, nameOf(node, i)]));
  const name = (node: Tensor) => names.get(node) as string;
  const lines = nodes
    .filter((node) => !isLeaf(node))
    .map((node) => {
      const call = describe(node.op, node.attributes, node.inputs.map(name));
      return `  ${name(node)} = ${call}  ${formatShape(node.shape)}${comment(node.scope)}`;
    });
  const outputs = Object.entries(graph.outputs).map(([key, node]) => `${key}: ${name(node)}`);
  return [`graph '${graph.name}' {`, ...lines, `  return { ${outputs.join(', ')} }`, '}'].join('\n');
}

/** The program as text, one line per step, with the place of every value: `@4096` in the arena, `feed0`, `$generator.w`. */
export function printProgram(program: Program): string {
  const place = ({ storage, offset, shape, dtype }: Slot): string => {
    const where =
      storage === 'arena'
        ? `@${offset}`
        : storage === 'feed'
          ? `<${program.feeds[offset]?.name}>`
          : `$${program.variables[offset]?.name}`;
    return `${where}${formatShape(shape)}${dtype === 'bfloat16' ? ' bfloat16' : ''}`;
  };
  const lines = program.steps.map(
    (step, i) =>
      `${String(i).padStart(5)}  ${place(step.output)} = ${describe(step.op, step.attributes, step.inputs.map(place))}${comment(step.scope)}`,
  );
  const outputs = program.outputs.map(({ name, slot }) => `  ${name}: ${place(slot)}`);
  return [`program '${program.name}', arena ${program.arenaBytes} bytes`, ...lines, 'outputs', ...outputs].join('\n');
}

const isLeaf = (node: Tensor): boolean => isOp(node, 'feed') || isOp(node, 'variable');

const nameOf = (node: Tensor, index: number): string =>
  isOp(node, 'feed') ? `<${node.attributes.name}>` : isOp(node, 'variable') ? `$${node.attributes.name}` : `%${index}`;

const comment = (scope: string): string => (scope === '' ? '' : `  # ${scope}`);

function describe(op: string, attributes: object, inputs: readonly string[]): string {
  const { expression, ...rest } = attributes as { expression?: Expression };
  const notes = Object.entries(rest).map(([key, value]) => ` ${key}=${value}`);
  if (!expression) return `${op}(${inputs.join(', ')})${notes.join('')}`;
  const operands = inputs.map((input, i) =>
    expression.access[i] === 'full' ? input : `${expression.access[i]} ${input}`,
  );
  return `${op} ${printExpression(expression, operands)}${notes.join('')}`;
}

/** An expression as nested calls, such as `mul(sub(%3, channel %7), 0.5)`. */
export function printExpression({ instructions }: Expression, operands: readonly string[]): string {
  const registers = [...operands];
  for (const instruction of instructions) registers.push(printInstruction(instruction, registers));
  return registers.at(-1) ?? '';
}

function printInstruction({ fn, args, value }: Instruction, registers: readonly string[]): string {
  if (fn === 'constant') return String(value);
  const parameters = [
    ...args.map((register) => registers[register] as string),
    ...(value === undefined ? [] : [String(value)]),
  ];
  return `${fn}(${parameters.join(', ')})`;
}
