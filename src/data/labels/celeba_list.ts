import { badLabelFile, chosenAttributes, type LabelTable, RowCollector, truthOf } from './table.ts';

/** Whether a text begins like CelebA's `list_attr_celeba.txt`: the number of images alone on a line. */
export const isAttributeList = (text: string): boolean => /^\s*\d+[ \t]*\r?\n/.test(text);

/** CelebA's list of attributes: the number of images, a line of names, then for each image its name and 1 or -1 for every attribute.
 *  @param asked attributes to keep, in this order; all if not given
 *  @throws DataError label_file, attribute_unknown. @see arXiv:1411.7766 */
export function readAttributeList(source: string, text: string, asked?: readonly string[]): LabelTable {
  const [count = '', header = '', ...lines] = text.split('\n').map((line) => line.trim());
  const known = header.split(/\s+/);
  const chosen = chosenAttributes(source, known, asked);
  const collector = new RowCollector(source);
  for (const [index, line] of lines.entries()) {
    if (line === '') continue;
    const [name = '', ...values] = line.split(/\s+/);
    const number = index + 3;
    if (values.length !== known.length) {
      throw badLabelFile(source, number, `expected ${known.length} values for ${name}, but found ${values.length}`);
    }
    const numbers = Uint8Array.from(
      chosen,
      (place) => truthOf(values[place]) ?? badValue(source, number, values[place]),
    );
    collector.add(name, numbers, number);
  }
  const { rows } = collector;
  if (rows.size !== Number(count)) {
    throw badLabelFile(
      source,
      1,
      `promises ${count} images, but ${rows.size} follow; fetch the file again, or correct the number if you shortened it`,
    );
  }
  return { source, kind: 'attributes', names: chosen.map((place) => known[place] as string), rows };
}

function badValue(source: string, line: number, value: string | undefined): never {
  throw badLabelFile(source, line, `expected 1 or -1, but found '${value}'`);
}
