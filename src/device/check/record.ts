import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder } from '../../files.ts';
import { packageVersion } from '../../package.ts';
import { addonFile } from '../addon.ts';
import type { NativeDeviceInfo } from '../native.ts';

/** What a self-check holds for: this card with this driver, and this build of the addon. */
function subject({ kind, description, details }: NativeDeviceInfo): string {
  const { size, mtimeMs } = statSync(addonFile());
  return JSON.stringify({
    kind,
    description,
    details,
    gannet: packageVersion(),
    addon: { bytes: size, modified: mtimeMs },
  });
}

const fileOf = (checked: string): string =>
  join(cacheFolder(), `self-check-${createHash('sha256').update(checked).digest('hex').slice(0, 16)}.json`);

/** Whether this very device has passed before. Where that cannot be read, it has not. */
export function hasPassed(info: NativeDeviceInfo): boolean {
  try {
    const checked = subject(info);
    return readFileSync(fileOf(checked), 'utf8') === checked;
  } catch {
    return false;
  }
}

/** Remembers that a device has passed. Where nothing can be written, it will be checked again. */
export function rememberPassed(info: NativeDeviceInfo): void {
  try {
    const checked = subject(info);
    const file = fileOf(checked);
    mkdirSync(cacheFolder(), { recursive: true });
    const temporary = `${file}.${process.pid}`;
    writeFileSync(temporary, checked);
    renameSync(temporary, file);
  } catch {
    // A cache is a convenience: a home that cannot be written to, or none at all, is no reason not to train.
  }
}
