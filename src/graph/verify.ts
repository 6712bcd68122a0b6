import { GraphError } from '../errors.ts';
import type { Rule } from '../ops/op.ts';
import { ops } from '../ops/rules.ts';
import { overwrittenInputs } from '../ops/update.ts';
import { ALIGNMENT_BYTES, type OpName } from '../tensor/operators.ts';
import { formatShape } from '../tensor/shape.ts';
import { isOp, type Tensor } from '../tensor/tensor.ts';
import type { Graph } from '../tensor/trace.ts';
import { type Program, type Slot, type Step, storedBytes } from './program.ts';
import { ancestors, roots } from './walk.ts';

const MADE_ELSEWHERE: ReadonlySet<OpName> = new Set<OpName>([
  'feed',
  'variable',
  'constant',
  'elementwise',
  'reduce',
  'reduceSums',
  'reduceMoments',
]);

/** Checks every invariant of a graph: shapes follow from the rules, leaves are declared, nothing is overwritten twice.
 *  @throws GraphError naming the node */
export function verify(graph: Graph): void {
  const feeds = new Set<string>(graph.feeds.map((feed) => feed.attributes.name));
  const variables = new Set<string>(graph.variables.map(({ name }) => name));
  const overwritten = new Set<Tensor>();
  const fail = (node: Tensor, problem: string): never => {
    throw new GraphError('invalid_graph', `${graph.name}: ${node.op} %${node.id} in '${node.scope}' ${problem}`);
  };
  for (const node of ancestors(roots(graph))) {
    if (isOp(node, 'feed') && !feeds.has(node.attributes.name))
      fail(node, `reads the undeclared feed '${node.attributes.name}'`);
    if (isOp(node, 'variable') && !variables.has(node.attributes.name))
      fail(node, `reads the undeclared variable '${node.attributes.name}'`);
    if (!MADE_ELSEWHERE.has(node.op)) {
      const rule = ops[node.op].rule as unknown as Rule<OpName>;
      const { shape, dtype } = rule.result(node.attributes, ...node.inputs);
      if (formatShape(shape) !== formatShape(node.shape) || dtype !== node.dtype) {
        fail(node, `has ${node.dtype} ${formatShape(node.shape)}, but its rule gives ${dtype} ${formatShape(shape)}`);
      }
    }
    for (const state of overwrittenInputs(node)) {
      if (!isOp(state, 'variable') && overwrittenInputs(state).length === 0)
        fail(node, `overwrites ${state.op} %${state.id}, which is no variable`);
      if (overwritten.has(state)) fail(node, `overwrites %${state.id}, which another update overwrites too`);
      overwritten.add(state);
    }
  }
}

/** Checks a program by running it on labels instead of numbers: every arena slot lies within the arena, and every read finds
 *  what was last written there by the step that the plan meant. @throws GraphError naming the step */
export function verifyProgram(program: Program): void {
  const memory = new Memory(program);
  program.steps.forEach((step, i) => {
    step.inputs.forEach((slot, operand) => {
      memory.expectWritten(slot, `${program.name}: step ${i} ${step.op} in '${step.scope}' reads operand ${operand}`);
    });
    expectNoOverlap(step, i, program);
    memory.write(step.output, i);
  });
  for (const { name, slot } of program.outputs) memory.expectWritten(slot, `${program.name}: output '${name}'`);
}

function expectNoOverlap(step: Step, index: number, program: Program): void {
  if (step.op === 'elementwise' || step.output.storage !== 'arena') return;
  const { offset } = step.output;
  const clash = step.inputs.find(
    (s) => s.storage === 'arena' && s.offset < offset + storedBytes(step.output) && offset < s.offset + storedBytes(s),
  );
  if (clash)
    throw new GraphError(
      'invalid_plan',
      `${program.name}: step ${index} ${step.op} in '${step.scope}' overwrites its own input`,
    );
}

/** Which step last wrote each stretch of the arena. A read is good if its whole stretch was written by one step: a view reads a
 *  part of that. */
class Memory {
  private readonly written: { begin: number; end: number; step: number }[] = [];
  private readonly arenaBytes: number;

  constructor(program: Program) {
    this.arenaBytes = program.arenaBytes;
  }

  write(slot: Slot, step: number): void {
    if (slot.storage !== 'arena') return;
    const begin = slot.offset;
    const end = begin + storedBytes(slot);
    if (begin % ALIGNMENT_BYTES !== 0 || end > this.arenaBytes) {
      throw new GraphError(
        'invalid_plan',
        `step ${step} writes bytes ${begin} to ${end} of an arena of ${this.arenaBytes}`,
      );
    }
    const kept = this.written.filter((w) => w.end <= begin || w.begin >= end);
    this.written.splice(0, this.written.length, ...kept, { begin, end, step });
  }

  expectWritten(slot: Slot, reader: string): void {
    if (slot.storage !== 'arena') return;
    const end = slot.offset + storedBytes(slot);
    if (!this.written.some((w) => w.begin <= slot.offset && w.end >= end)) {
      throw new GraphError(
        'invalid_plan',
        `${reader} from bytes ${slot.offset} to ${end}, where no live value of that size is`,
      );
    }
  }
}
