import { dirname } from 'node:path';
import type { TrainEvent } from '../train/index.ts';
import { openWatch, type Watch } from '../watch/index.ts';

/** What is told of a page that is being served. */
export function describeWatch({ url, isOpen, runCount }: Watch, folder: string): string[] {
  const runs = runCount === 1 ? '1 run' : `${runCount} runs`;
  const none = `There is no run in ${folder} yet; one that begins there appears on the page.`;
  return [
    `${runCount === 0 ? none : `${runs} in ${folder}.`} Open`,
    '',
    `    ${url}`,
    '',
    ...(isOpen ? [OPEN_WARNING] : []),
    'Ctrl-C closes it.',
  ];
}

const OPEN_WARNING =
  'Warning: other machines reach this page. Whoever has the address sees the runs and can stop them, and the connection is not encrypted.';

/** A training with a page over its folder and those beside it, open as long as it lasts. A page that cannot be opened keeps nobody from training.
 *  @param tell is given the page's address before anything else is told, or why there is none */
export async function* withPage(
  training: AsyncIterable<TrainEvent>,
  tell: (page: { readonly url: string } | { readonly problem: string }) => void,
): AsyncGenerator<TrainEvent, void> {
  let watch: Watch | undefined;
  try {
    for await (const event of training) {
      if (event.type === 'start') {
        try {
          watch = await openWatch(dirname(event.folder));
          tell(watch);
        } catch (error) {
          tell({ problem: (error as Error).message });
        }
      }
      yield event;
    }
  } finally {
    await watch?.close();
  }
}
