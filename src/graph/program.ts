import type { OpAttributes, OpName } from '../tensor/operators.ts';
import { BYTES_PER_ELEMENT, type DType, elements, type Shape } from '../tensor/shape.ts';

/** What a value is in memory: a device may keep float32 numbers of the arena as bfloat16. A variable that is read as bfloat16 stands for
 *  a rounded copy, which the device keeps up to date whatever writes the variable. */
export type StoredType = DType | 'bfloat16';

/** Where a value lives while a program runs: at a byte offset of the arena, in the feed or the variable with that index. */
export interface Slot {
  readonly storage: 'arena' | 'feed' | 'variable';
  /** Bytes from the start of the arena, or the index of the feed or variable. */
  readonly offset: number;
  readonly shape: Shape;
  readonly dtype: StoredType;
}

/** Bytes that a value takes in memory. */
export const storedBytes = ({ shape, dtype }: Pick<Slot, 'shape' | 'dtype'>): number =>
  elements(shape) * (dtype === 'bfloat16' ? 2 : BYTES_PER_ELEMENT);

/** One op of a program. Update ops write in place: their output slot is that of their first input. An `elementwise` op's
 *  output may share the slot of an input that it reads with access `full`; no other op's output overlaps its inputs. */
export interface Step<K extends OpName = OpName> {
  readonly op: K;
  readonly attributes: OpAttributes[K];
  readonly inputs: readonly Slot[];
  readonly output: Slot;
  /** The layer it belongs to, for messages and profiles. */
  readonly scope: string;
}

/** The name and type of a feed, variable or output. */
export interface Binding {
  readonly name: string;
  readonly shape: Shape;
  readonly dtype: DType;
}

/** A graph made ready for a device: ops in execution order, every value at a fixed place. Plain data, handed to the
 *  native addon as it is. */
export interface Program {
  readonly name: string;
  readonly arenaBytes: number;
  readonly feeds: readonly Binding[];
  readonly variables: readonly Binding[];
  readonly outputs: readonly { readonly name: string; readonly slot: Slot }[];
  readonly steps: readonly Step[];
}
