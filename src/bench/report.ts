import type { DcganBench } from './dcgan.ts';
import type { Spread } from './statistics.ts';

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(0)} MB`;
const milliseconds = ({ median, lowest, highest }: Spread): string =>
  `${median.toFixed(0)} ms (${lowest.toFixed(0)}-${highest.toFixed(0)})`;

/** The benchmark as a Markdown table and a few lines beneath it. */
export function formatBench({ machine, batch, sgemmGflops, gannet, pytorch, timerDelayMs }: DcganBench): string {
  const memory = gannet.arenaBytes + gannet.workspaceBytes + gannet.variableBytes;
  const rows = [
    ['', 'step', 'images/s', 'GFLOP/s', 'memory'],
    ['---', '---', '---', '---', '---'],
    ['gannet cpu', milliseconds(gannet.stepMs), gannet.imagesPerSecond.toFixed(1), gannet.gflops.toFixed(0), megabytes(memory)],
    ...(pytorch
      ? [
          [
            `PyTorch ${pytorch.torchVersion} (${pytorch.memoryFormat}, ${pytorch.blas})`,
            milliseconds(pytorch.stepMs),
            ((1000 * batch) / pytorch.stepMs.median).toFixed(1),
            ((gannet.gflops * gannet.stepMs.median) / pytorch.stepMs.median).toFixed(0),
            megabytes(pytorch.peakRssBytes),
          ],
        ]
      : []),
  ];
  return [
    `DCGAN training step, 64x64x3, batch ${batch}, on ${machine}`,
    '',
    ...rows.map((row) => `| ${row.join(' | ')} |`),
    '',
    `- SGEMM of oneDNN in the same rounds: ${sgemmGflops.median.toFixed(0)} GFLOP/s (${sgemmGflops.lowest.toFixed(0)}-${sgemmGflops.highest.toFixed(0)}); the whole step reaches ${(100 * gannet.ofSgemm).toFixed(0)} % of it`,
    ...(pytorch ? [`- ${pytorch.speedup.toFixed(2)} times the images per second of PyTorch`] : ['- PyTorch: not installed']),
    `- Node-API crossings per step: ${gannet.crossingsPerStep}; time outside native code: ${(100 * gannet.outsideNative).toFixed(2)} %`,
    `- memory: arena ${megabytes(gannet.arenaBytes)}, workspace ${megabytes(gannet.workspaceBytes)}, variables ${megabytes(gannet.variableBytes)}`,
    `- delay of a 10 ms timer, 99th percentile: ${timerDelayMs.idle.toFixed(1)} ms idle, ${timerDelayMs.training.toFixed(1)} ms while training`,
  ].join('\n');
}
