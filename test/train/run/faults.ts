import promises, { type FileHandle } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';

/** Runs `body` while the file system fails: every write once `bytes` have been written, or every `mkdir` with bytes 0. */
export async function withFailingDisk<T>(code: string, bytes: number, body: () => Promise<T>): Promise<T> {
  const { open, mkdir } = promises;
  let left = bytes;
  const fail = (syscall: string): never => {
    throw Object.assign(new Error(`${code}: ${syscall}`), { code, syscall });
  };
  promises.open = async (...args: Parameters<typeof open>) => {
    const handle = await open(...args);
    const write = handle.writeFile.bind(handle);
    handle.writeFile = async (data: Parameters<FileHandle['writeFile']>[0]) => {
      left -= (data as string | Uint8Array).length;
      return left < 0 ? fail('write') : write(data);
    };
    return handle;
  };
  if (bytes === 0) promises.mkdir = (async () => fail('mkdir')) as unknown as typeof mkdir;
  syncBuiltinESMExports();
  try {
    return await body();
  } finally {
    Object.assign(promises, { open, mkdir });
    syncBuiltinESMExports();
  }
}
