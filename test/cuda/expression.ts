import type { Access, Expression, Instruction } from '../../src/tensor/operators.ts';

const LETTERS: Record<string, Access> = { f: 'full', c: 'channel', s: 'sample', '1': 'scalar' };

/** An expression from how it reads its operands, a letter each, and its instructions: `fc`, `add 0 1`, `leakyRelu 2 = 0.2`. */
export function expression(reads: string, ...lines: string[]): Expression {
  const instructions = lines.map((line): Instruction => {
    const [call = '', value] = line.split(' = ');
    const [fn, ...args] = call.split(' ');
    return { fn: fn as Instruction['fn'], args: args.map(Number), ...(value && { value: Number(value) }) };
  });
  return { access: [...reads].map((letter) => LETTERS[letter] as Access), instructions };
}
