/** A running mean in which a value weighs half of the one `halfLife` places behind it, free of the bias towards its start: the first
 *  result is the first value. D. P. Kingma, J. Ba, "Adam", 2015, section 3, corrects its averages in the same way. */
export function smooth(values: ArrayLike<number>, halfLife: number): number[] {
  const keep = 0.5 ** (1 / halfLife);
  let sum = 0;
  let weight = 0;
  return Array.from(values, (value) => {
    sum = keep * sum + value;
    weight = keep * weight + 1;
    return sum / weight;
  });
}

/** Fewer points are no crowd: their lines are drawn as they are. */
const WORTH_SMOOTHING = 100;
const SMOOTHED_PART = 1 / 50;

/** The half-life by which a curve of `count` points is smoothed where nothing else is asked for: a fiftieth of it, or 0, which means not at all. */
export const usualHalfLife = (count: number): number => (count < WORTH_SMOOTHING ? 0 : count * SMOOTHED_PART);
