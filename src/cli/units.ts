const scaled = (value: number, base: number, units: readonly string[]): string => {
  const power = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log(Math.max(1, value)) / Math.log(base))));
  const number = value / base ** power;
  const digits = power === 0 ? 0 : Math.max(0, 2 - Math.floor(Math.log10(number)));
  return `${number.toFixed(digits)} ${units[power]}`;
};

/** `512 B`, `1.50 KiB`, `139 MiB`. */
export const formatBytes = (bytes: number): string => scaled(bytes, 1024, ['B', 'KiB', 'MiB', 'GiB', 'TiB']);

/** `1.96 TFLOP`: a number of floating-point operations. */
export const formatFlops = (flops: number): string =>
  scaled(flops, 1000, ['FLOP', 'kFLOP', 'MFLOP', 'GFLOP', 'TFLOP', 'PFLOP']);

/** `36,565,764`. */
export const formatCount = (count: number): string => count.toLocaleString('en-US');
