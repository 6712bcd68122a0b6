/** `[ 37/99]` of ninja and `[ 37%]` of make. */
const STEP = /^\[ *(\d+)(?:\/(\d+)|%)\]/;
const EVERY_PERCENT = 20;

/** A function for the output of a build that shows all of it but the line of each file compiled, in whose place a line tells from time to
 *  time how far the build is. `show` receives text. */
export function condense(show) {
  let rest = '';
  let told = 0;
  return (chunk) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop();
    for (const line of lines) {
      const [, done, all] = STEP.exec(line) ?? [];
      if (done === undefined) {
        show(`${line}\n`);
        continue;
      }
      const percent = Math.floor((100 * Number(done)) / Number(all ?? 100));
      if (percent < told + EVERY_PERCENT) continue;
      told = percent - (percent % EVERY_PERCENT);
      show(`Building the native addon: ${percent} %\n`);
    }
  };
}
