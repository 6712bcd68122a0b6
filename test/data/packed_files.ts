/** The bytes of an IDX file of unsigned bytes. */
export function idx(shape: readonly number[], data: ArrayLike<number>, type = 0x08): Uint8Array {
  const header = Buffer.alloc(4 + 4 * shape.length);
  header.set([0, 0, type, shape.length]);
  for (const [axis, side] of shape.entries()) header.writeUInt32BE(side, 4 + 4 * axis);
  return Buffer.concat([header, Uint8Array.from(data)]);
}

/** A folder of IDX files as MNIST names them: `count` pictures of height x width, pixel i of picture n = n + i. */
export function idxFolder(count: number, height: number, width: number): Record<string, Uint8Array> {
  const area = height * width;
  const pixels = Array.from({ length: count * area }, (_, i) => Math.floor(i / area) + (i % area));
  const labels = Array.from({ length: count }, (_, n) => n % 10);
  return {
    'train-images-idx3-ubyte': idx([count, height, width], pixels),
    'train-labels-idx1-ubyte': idx([count], labels),
  };
}

/** CIFAR-10's five training files of `count` pictures each: red = picture's number over all files, green = 100, blue = 200
 *  but for its first pixel, 7. */
export function cifar10Folder(count: number): Record<string, Uint8Array> {
  const files: Record<string, Uint8Array> = {};
  for (let file = 0; file < 5; file++) {
    const bytes = new Uint8Array(count * 3073);
    for (let n = 0; n < count; n++) {
      const record = bytes.subarray(n * 3073, (n + 1) * 3073);
      const number = file * count + n;
      record[0] = number % 10;
      record.fill(number, 1, 1025).fill(100, 1025, 2049).fill(200, 2049);
      record[2049] = 7;
    }
    files[`data_batch_${file + 1}.bin`] = bytes;
  }
  return files;
}
