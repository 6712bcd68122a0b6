export { BFLOAT16_ELEMENTS, type Bfloat16Storage } from './bfloat16.ts';
export { compile, NATIVE_REDUCTIONS, optimize } from './compile.ts';
export { countFlops, flopsOf } from './flops.ts';
export { gradients } from './gradients.ts';
export { printGraph, printProgram } from './print.ts';
export type { Binding, Program, Slot, Step, StoredType } from './program.ts';
export { verify, verifyProgram } from './verify.ts';
