import { about, find } from './about.ts';
import { make } from './parts.ts';

const { labels } = about.description;

/** What the pictures are told: a 1 for the class or each attribute that is chosen; undefined of a generator that is told nothing. */
export const chosenLabels = labels?.names.map((_, i) => Number(labels.kind === 'classes' && i === 0));

/** Makes a button for each class or attribute. @param onChange called when others are chosen */
export function makeLabelButtons(onChange: () => void): void {
  if (!labels || !chosenLabels) return;
  const place = find('labels');
  place.hidden = false;
  const buttons = labels.names.map((textContent) => make('button', { type: 'button', textContent }));
  const show = () => {
    for (const [i, button] of buttons.entries()) button.ariaPressed = String(chosenLabels[i] === 1);
  };
  for (const [i, button] of buttons.entries()) {
    button.addEventListener('click', () => {
      if (labels.kind === 'classes') chosenLabels.fill(0);
      chosenLabels[i] = 1 - (chosenLabels[i] as number);
      show();
      onChange();
    });
  }
  show();
  place.append(...buttons);
}
