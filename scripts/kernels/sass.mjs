// The machine code in a cubin: instructions by their operation, and loops. No disassembler is needed: since sm_75 an instruction is 16
// bytes whose low 9 bits name the operation whatever its operands are, and a branch says how far it goes.

/** Names of the operations that products spend their time in, by the low 9 bits of an instruction; others are named by their number. */
const OPERATIONS = {
  2: 'MOV',
  7: 'SEL',
  11: 'FSETP',
  12: 'ISETP',
  16: 'IADD3',
  17: 'LEA',
  18: 'LOP3',
  22: 'PRMT',
  23: 'IMNMX',
  25: 'SHF',
  28: 'PLOP3',
  32: 'FMUL',
  33: 'FADD',
  35: 'FFMA',
  36: 'IMAD',
  37: 'IMAD.WIDE',
  39: 'IMAD.HI',
  54: 'VIADD',
  59: 'LDSM',
  60: 'HMMA',
  62: 'F2FP',
  72: 'VIMNMX',
  280: 'NOP',
  281: 'S2R',
  282: 'DEPBAR',
  285: 'BAR',
  321: 'BSYNC',
  325: 'BSSY',
  327: 'BRA',
  386: 'LDC',
  388: 'LDS',
  392: 'STS',
  430: 'LDGSTS',
  431: 'LDGDEPBAR',
};

const INSTRUCTION_BYTES = 16;
const OPERATION_BITS = 0x1ffn;
const BRANCH = 0x147;
/** The predicate that is always true. */
const ALWAYS = 7n;

/** The instructions of every kernel of a cubin, by mangled name: { operation, target, always }, where `target` is the index of the
 *  instruction that a branch goes to, and `always` says that it goes there without a condition. @throws Error if the bytes are no ELF file */
export function kernelsOf(cubin, architecture) {
  const kernels = new Map();
  for (const { name, bytes } of sections(cubin)) {
    if (name.startsWith('.text.')) kernels.set(name.slice('.text.'.length), instructionsOf(bytes, architecture));
  }
  return kernels;
}

function* sections(file) {
  if (file.toString('latin1', 0, 4) !== '\x7fELF') throw new Error('expected a cubin, an ELF file');
  const headers = Number(file.readBigUInt64LE(0x28));
  const count = file.readUInt16LE(0x3c);
  const header = (i) => {
    const at = headers + 64 * i;
    const [offset, size] = [0x18, 0x20].map((field) => Number(file.readBigUInt64LE(at + field)));
    return { name: file.readUInt32LE(at), offset, size };
  };
  const names = header(file.readUInt16LE(0x3e)).offset;
  for (let i = 0; i < count; i++) {
    const { name, offset, size } = header(i);
    const end = file.indexOf(0, names + name);
    yield { name: file.toString('latin1', names + name, end), bytes: file.subarray(offset, offset + size) };
  }
}

function instructionsOf(code, architecture) {
  const instructions = [];
  for (let at = 0; at + INSTRUCTION_BYTES <= code.length; at += INSTRUCTION_BYTES) {
    const low = code.readBigUInt64LE(at);
    const number = Number(low & OPERATION_BITS);
    const operation = OPERATIONS[number] ?? `0x${number.toString(16)}`;
    const target =
      number === BRANCH
        ? instructions.length + 1 + distance(low, code.readBigUInt64LE(at + 8), architecture)
        : undefined;
    instructions.push({ operation, target, always: number === BRANCH && ((low >> 12n) & 0xfn) === ALWAYS });
  }
  return instructions;
}

/** Instructions from the one behind a branch to its target: a signed number of words of 4 bytes, whose low 8 bits stand apart from sm_90
 *  on. */
function distance(low, high, architecture) {
  const field = BigInt.asIntN(48, (low >> 34n) | ((high & 0x3ffffn) << 30n));
  const words = architecture >= 90 ? (field << 8n) | ((low >> 16n) & 0xffn) : field;
  return Number(words * 4n) / INSTRUCTION_BYTES;
}

/** Every loop, the instructions `first` to `last` of a branch backwards; outer ones contain inner ones. */
export function loopsOf(instructions) {
  return instructions.flatMap(({ target }, last) =>
    target !== undefined && target >= 0 && target <= last ? [{ first: target, last }] : [],
  );
}

/** How often each operation stands in instructions `first` to `last`, most frequent first. */
export function mixOf(instructions, { first, last }) {
  const counts = {};
  for (let i = first; i <= last; i++) counts[instructions[i].operation] = (counts[instructions[i].operation] ?? 0) + 1;
  return Object.fromEntries(Object.entries(counts).sort(([, a], [, b]) => b - a));
}
