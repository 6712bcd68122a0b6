import { type Config, conditionedOn, isConditional } from '../config/index.ts';
import { chooseLabel, everyLabel, expectConditional, type LabelChoice, labelsInTurn } from '../train/index.ts';

/** What a command line says of how many images of which classes to draw. */
export interface ClassOptions {
  readonly count?: number;
  readonly class?: string;
  readonly classes?: string;
  readonly columns?: number;
}

/** Images to draw. */
export interface ImageRequest {
  /** How many latents to draw. */
  readonly latents: number;
  /** Of each image; only of a conditional run. */
  readonly labels?: readonly LabelChoice[];
  /** One for each row; the images of every row have the same latents. Else each image has a latent of its own. */
  readonly rows?: readonly LabelChoice[];
  /** Images in a row; the nearest to a square if not given. */
  readonly columns?: number | undefined;
}

const USUAL_COUNT = 64;
/** Of each class, where there is a row for each. */
const USUAL_ROW = 8;
/** Columns beyond which a picture is no longer looked through. */
const MOST_COLUMNS = 20;

/** The images that are asked for: of one class, in rows by class, or of each class in turn where a conditional run is asked for none.
 *  @throws ConfigError run_unconditional, class_unknown */
export function requestOf(config: Config, options: ClassOptions): ImageRequest {
  const { class: one, classes, count = USUAL_COUNT, columns } = options;
  if (classes !== undefined) return rowsOf(config, classes, options.count ?? USUAL_ROW);
  if (one !== undefined) {
    const label = chooseLabel(expectConditional(config), one);
    return { latents: count, columns, labels: Array<LabelChoice>(count).fill(label) };
  }
  if (!isConditional(config)) return { latents: count, columns };
  const on = conditionedOn(config);
  const ofEach = on.names.length <= Math.min(count, MOST_COLUMNS) ? on.names.length : undefined;
  return { latents: count, columns: columns ?? ofEach, labels: labelsInTurn(on, count) };
}

function rowsOf(config: Config, classes: string, each: number): ImageRequest {
  const on = expectConditional(config);
  const rows = classes === 'all' ? everyLabel(on) : classes.split(',').map((name) => chooseLabel(on, name));
  const labels = rows.flatMap((label) => Array<LabelChoice>(each).fill(label));
  return { latents: each, columns: each, rows, labels };
}
