import { rm } from 'node:fs/promises';
import type { Device } from '../device/index.ts';
import { replaceBy } from '../durable.ts';
import { CheckpointError } from '../errors.ts';
import { type FileDigest, SafetensorsFile, type TensorSource, writeSafetensors } from '../safetensors/safetensors.ts';
import { storageError } from '../storage.ts';
import { formatShape } from '../tensor/shape.ts';
import type { Variable } from '../tensor/variable.ts';

/** Writes what a device holds of some variables to a safetensors file, by their names; one of the same name is replaced as a whole.
 *  @throws CheckpointError disk_full, not_writable, not_a_file, storage_failed */
export async function saveVariables(path: string, device: Device, variables: readonly Variable[]): Promise<FileDigest> {
  const tensors = variables.map((variable): TensorSource => {
    const { name, dtype, shape } = variable;
    return { name, dtype, shape, data: () => device.read(variable) };
  });
  try {
    return await replaceBy(path, async (temporary) => {
      await rm(temporary, { force: true });
      return writeSafetensors(temporary, tensors);
    });
  } catch (error) {
    throw storageError(error, 'write', path, 'choose another place');
  }
}

/** Gives variables of a device what a safetensors file holds of their names. Nothing is written before all of them fit.
 *  @throws CheckpointError variables_misfit, which lists those that the file lacks or has in another shape; and as `SafetensorsFile` */
export async function loadVariables(path: string, device: Device, variables: readonly Variable[]): Promise<void> {
  const file = await SafetensorsFile.open(path).catch((error: unknown) => {
    throw storageError(error, 'read', path);
  });
  const misfits = variables.flatMap((variable) => describeMisfit(file, variable) ?? []);
  if (misfits.length > 0) {
    throw new CheckpointError(
      'variables_misfit',
      `${path} does not hold these variables:\n${misfits.map((misfit) => `  ${misfit}`).join('\n')}\n  Load it into the variables that were saved.`,
    );
  }
  for (const variable of variables) await device.write(variable, await file.read(variable.name));
}

/** Why a file's tensor cannot become a variable's value; undefined if it can. */
export function describeMisfit(
  file: SafetensorsFile | undefined,
  { name, dtype, shape }: Variable,
): string | undefined {
  const stored = file?.tensors.get(name);
  if (stored && stored.dtype === dtype && formatShape(stored.shape) === formatShape(shape)) return undefined;
  const found = stored ? `${stored.dtype} ${formatShape(stored.shape)}` : 'nothing of that name';
  return `'${name}' should be ${dtype} ${formatShape(shape)}, but the file holds ${found}`;
}
