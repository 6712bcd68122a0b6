/** A running mean in which a value weighs half of the one `halfLife` places behind it, free of the bias towards its start: the first
 *  result is the first value. D. P. Kingma, J. Ba, "Adam", 2015, section 3, corrects its averages in the same way. */
export function smooth(values: readonly number[], halfLife: number): number[] {
  const keep = 0.5 ** (1 / halfLife);
  let sum = 0;
  let weight = 0;
  return values.map((value) => {
    sum = keep * sum + value;
    weight = keep * weight + 1;
    return sum / weight;
  });
}
