import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Random } from '../random.ts';
import { mutateBytes, mutateJson } from './mutate.ts';

/** How a file is built, so that accidents reach what lies behind its outermost check. */
export type FileFormat = 'bytes' | 'json' | 'lines' | 'safetensors';

/** One accident to a file of this format: to its bytes, or to what they mean. */
export function mutateFile(bytes: Buffer, format: FileFormat, random: Random): Buffer {
  if (format === 'bytes' || random.below(3) === 0) return mutateBytes(bytes, random);
  return MEANINGS[format](bytes, random);
}

const MEANINGS: Readonly<Record<Exclude<FileFormat, 'bytes'>, (bytes: Buffer, random: Random) => Buffer>> = {
  json: (bytes, random) => toJson(mutateJson(JSON.parse(String(bytes)), random)),
  lines(bytes, random) {
    const lines = String(bytes).trimEnd().split('\n');
    const at = random.below(lines.length);
    lines[at] = JSON.stringify(mutateJson(JSON.parse(lines[at] as string), random)) ?? '';
    return Buffer.from(`${lines.join('\n')}\n`);
  },
  safetensors(bytes, random) {
    const end = 8 + Number(bytes.readBigUInt64LE(0));
    const header = toJson(mutateJson(JSON.parse(String(bytes.subarray(8, end))), random));
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(header.length));
    return Buffer.concat([length, header, bytes.subarray(end)]);
  },
};

const toJson = (value: unknown): Buffer => Buffer.from(JSON.stringify(value) ?? '');

const MANIFEST = 'trainer_state.json';

const sha256 = (content: string | Buffer): string => createHash('sha256').update(content).digest('hex');

/** Gives a checkpoint the checksums of what it holds now, as if it had been written so. What is no longer JSON stays as it is. */
export function signCheckpoint(folder: string): void {
  const path = join(folder, MANIFEST);
  let manifest: unknown;
  try {
    manifest = JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return;
  }
  if (typeof manifest !== 'object' || manifest === null || Array.isArray(manifest)) return;
  const { sha256: _, ...content } = manifest as { sha256?: unknown; files?: unknown };
  for (const [name, digest] of Object.entries(Object(content.files))) {
    const file = join(folder, name);
    if (!/^[\w-]+\.safetensors$/.test(name) || !existsSync(file) || typeof digest !== 'object' || !digest) continue;
    const bytes = readFileSync(file);
    Object.assign(digest, { bytes: bytes.length, sha256: sha256(bytes) });
  }
  writeFileSync(path, JSON.stringify({ sha256: sha256(JSON.stringify(content)), ...content }));
}
