import type { Latent } from '../../src/explore/vectors.ts';
import { about, find, latentSize } from './about.ts';
import { make } from './parts.ts';

const COUNT = 8;

const kind = find<HTMLSelectElement>('kind');
const from = find<HTMLInputElement>('from');

interface Slider {
  readonly label: HTMLLabelElement;
  readonly name: HTMLSpanElement;
  readonly input: HTMLInputElement;
  readonly value: HTMLOutputElement;
}

let sliders: readonly Slider[] = [];

/** Makes the sliders, along directions where the generator has some, or along the numbers of the latent.
 *  @param onChange called when a latent is moved */
export function makeSliders(onChange: () => void): void {
  const kinds = { ...(about.directions && { directions: 'directions' }), numbers: 'numbers of the latent' };
  for (const [value, textContent] of Object.entries(kinds)) kind.append(make('option', { value, textContent }));
  from.max = String(Math.max(0, latentSize - COUNT));
  sliders = Array.from({ length: Math.min(COUNT, latentSize) }, () => makeSlider(onChange));
  for (const control of [kind, from]) {
    control.addEventListener('change', () => {
      resetSliders();
      nameSliders();
      onChange();
    });
  }
  find('reset').addEventListener('click', () => {
    resetSliders();
    onChange();
  });
  nameSliders();
}

function makeSlider(onChange: () => void): Slider {
  const label = make('label');
  const name = make('span');
  const input = make('input', { type: 'range', min: '-3', max: '3', step: '0.05', value: '0' });
  const value = make('output', { textContent: '0' });
  input.addEventListener('input', () => {
    value.textContent = input.value;
    onChange();
  });
  label.append(name, input, value);
  find('sliders').append(label);
  return { label, name, input, value };
}

/** Puts all sliders to 0. */
export function resetSliders(): void {
  for (const { input, value } of sliders) {
    input.value = '0';
    value.textContent = '0';
  }
}

/** The first direction, or number of the latent, that a slider moves. */
const firstIndex = (): number => Math.min(Math.max(0, Math.floor(Number(from.value)) || 0), Number(from.max));

function nameSliders(): void {
  const what = kind.value === 'directions' ? 'direction ' : 'z';
  for (const [i, { name }] of sliders.entries()) name.textContent = `${what}${firstIndex() + i}`;
}

/** A latent as the sliders move it; one unit along a direction is a standard deviation. */
export function movedBySliders(latent: Latent): Latent {
  const moved = latent.slice();
  for (const [i, { input }] of sliders.entries()) {
    const amount = Number(input.value);
    const at = firstIndex() + i;
    if (kind.value === 'directions') {
      const { vector, deviation } = about.directions?.[at] ?? { vector: [], deviation: 0 };
      for (const [j, value] of vector.entries()) moved[j] = (moved[j] as number) + amount * deviation * value;
    } else {
      moved[at] = (moved[at] as number) + amount;
    }
  }
  return moved;
}
