// A page by itself that draws with an exported generator: `gannet export RUN --to html`.

import type { Latent } from '../../src/explore/vectors.ts';
import { find } from './about.ts';
import { chosenLabels, makeLabelButtons } from './labels.ts';
import { between, latentsOf } from './latents.ts';
import { generate, nextFrame, openNetwork } from './network.ts';
import { make, makeCanvas, paint } from './parts.ts';
import { makeSliders, movedBySliders, resetSliders } from './sliders.ts';
import './style.css';

const COUNT = 16;
/** Pictures that are computed between two frames of the browser. */
const AT_ONCE = 4;
const FRAMES = 9;

let seed = 1;
let latents: readonly Latent[] = [];
/** The picture that is changed, and the one to which the way between leads. */
let [first, second] = [0, 1];

const cells = Array.from({ length: COUNT }, (_, i) => {
  const button = make('button', { type: 'button', className: 'cell', ariaLabel: `choose picture ${i}` });
  const canvas = makeCanvas(`picture ${i}`);
  const mark = make('span');
  button.append(canvas, mark);
  button.addEventListener('click', (event) => choose(i, event.shiftKey));
  find('grid').append(button);
  return { button, canvas, mark };
});
const large = makeCanvas('picture A, changed');
find('large').append(large);
const frames = Array.from({ length: FRAMES }, (_, i) => makeCanvas(`frame ${i} of the way from A to B`));
find('strip').append(...frames);
const middle = makeCanvas('a picture between A and B');
find('middle').append(middle);

function choose(i: number, asSecond: boolean): void {
  if (asSecond) second = i;
  else if (i !== first) [first, second] = [i, first];
  resetSliders();
  refresh('marks', 'large', 'strip');
}

const latentAt = (i: number): Latent => latents[i] as Latent;

async function draw(canvases: readonly HTMLCanvasElement[], of: readonly Latent[]): Promise<void> {
  for (let i = 0; i < canvases.length; i += AT_ONCE) {
    const pictures = await generate(of.slice(i, i + AT_ONCE), chosenLabels);
    for (const [j, bytes] of pictures.entries()) paint(canvases[i + j] as HTMLCanvasElement, bytes);
    await nextFrame();
  }
}

/** The parts of the page, each with what draws it. */
const PARTS = {
  marks: async () => {
    for (const [i, { button, mark }] of cells.entries()) {
      const name = i === first ? 'A' : i === second ? 'B' : '';
      button.dataset.mark = name;
      mark.textContent = name;
    }
  },
  grid: () =>
    draw(
      cells.map(({ canvas }) => canvas),
      latents,
    ),
  large: () => draw([large], [movedBySliders(latentAt(first))]),
  strip: async () => {
    await draw(frames, between(latentAt(first), latentAt(second), FRAMES));
    await PARTS.middle();
  },
  middle: () => {
    // 101 latents from A to B, of which the slider chooses one.
    const path = between(latentAt(first), latentAt(second), 101);
    return draw([middle], [path[Math.round(100 * Number(find<HTMLInputElement>('t').value))] as Latent]);
  },
};
type Part = keyof typeof PARTS;

const waiting = new Set<Part>();
let isDrawing = false;

/** Draws parts of the page anew; what is asked for meanwhile is drawn once, afterwards. */
async function refresh(...parts: readonly Part[]): Promise<void> {
  for (const part of parts) waiting.add(part);
  if (isDrawing) return;
  isDrawing = true;
  document.body.dataset.state = 'drawing';
  try {
    for (const part of waiting) {
      waiting.delete(part);
      await PARTS[part]();
    }
    document.body.dataset.state = 'ready';
  } catch (error) {
    fail(error as Error);
  } finally {
    isDrawing = false;
  }
}

function redraw(next: number): void {
  seed = Math.min(Math.max(0, Math.floor(next) || 0), Number.MAX_SAFE_INTEGER);
  find<HTMLInputElement>('seed').value = String(seed);
  latents = latentsOf(seed, COUNT);
  resetSliders();
  refresh('marks', 'grid', 'large', 'strip');
}

function fail({ message }: Error): void {
  document.body.dataset.state = 'failed';
  find('backend').textContent = `the network does not run in this browser: ${message}`;
}

async function begin(): Promise<void> {
  find('backend').textContent = `computed here, by ${await openNetwork()}`;
  makeSliders(() => refresh('large'));
  makeLabelButtons(() => refresh('grid', 'large', 'strip'));
  const field = find<HTMLInputElement>('seed');
  field.addEventListener('change', () => redraw(Number(field.value)));
  find('next').addEventListener('click', () => redraw(seed + 1));
  find('t').addEventListener('input', () => refresh('middle'));
  redraw(1);
}

begin().catch(fail);
