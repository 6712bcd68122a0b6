import { DataError } from '../../errors.ts';
import { orderedNames } from './labels.ts';
import { badLabelFile, chosenAttributes, type LabelTable, RowCollector, truthOf } from './table.ts';

/** What a line of a CSV or JSON-lines file says of one image. */
export interface LabelRecord {
  /** From 1 on. */
  readonly line: number;
  readonly name: string;
  /** Column -> value, without the image's name. */
  readonly fields: ReadonlyMap<string, unknown>;
}

const NAME_COLUMNS = ['name', 'file', 'filename', 'file_name', 'path', 'image', 'image_id'];
const CLASS_COLUMNS = ['label', 'labels', 'class', 'category'];

const isOneOf = (columns: readonly string[]) => (column: string) => columns.includes(column.trim().toLowerCase());

/** The column that holds the names of images, by its own name; undefined if none is called like that. */
export const findNameColumn = (columns: readonly string[]): string | undefined => columns.find(isOneOf(NAME_COLUMNS));

/** The names that a column of image names may have, for messages. */
export const NAME_COLUMN_CHOICES = NAME_COLUMNS.join(', ');

/** Records as a table of labels: the column `label` (or `class`, `category`, or the only one) holds classes, a list of labels for each image
 *  becomes attributes, and so do the columns `asked` for, or all if each holds yes or no.
 *  @throws DataError label_file, label_columns, attribute_unknown */
export function tableOfRecords(source: string, records: readonly LabelRecord[], asked?: readonly string[]): LabelTable {
  const columns = [...new Set(records.flatMap(({ fields }) => [...fields.keys()]))];
  const classColumn = columns.find(isOneOf(CLASS_COLUMNS)) ?? (columns.length === 1 ? columns[0] : undefined);
  if (classColumn !== undefined && records.some(({ fields }) => Array.isArray(fields.get(classColumn)))) {
    return tableOfLists(source, records, classColumn, asked);
  }
  if (asked) return tableOfTruths(source, records, columns, asked);
  if (classColumn !== undefined) return tableOfClasses(source, records, classColumn);
  const areTruths = records.every(({ fields }) => columns.every((column) => truthOf(fields.get(column)) !== undefined));
  if (areTruths) return tableOfTruths(source, records, columns);
  throw new DataError(
    'label_columns',
    `${source}: expected one column of labels, but found ${columns.length} (${columns.join(', ')}); call one \`label\`, or choose columns of yes and no with --attributes`,
  );
}

const asText = (value: unknown): string => (value === null || value === undefined ? '' : String(value).trim());

/** Images with an empty class have no label. */
function tableOfClasses(source: string, records: readonly LabelRecord[], column: string): LabelTable {
  const labelled = records.flatMap(({ line, name, fields }) => {
    const label = asText(fields.get(column));
    return label === '' ? [] : [{ line, name, label }];
  });
  const names = orderedNames(labelled.map(({ label }) => label));
  const indices = new Map(names.map((name, index) => [name, index]));
  const collector = new RowCollector(source);
  for (const { line, name, label } of labelled) collector.add(name, [indices.get(label) as number], line);
  return { source, kind: 'classes', names, rows: collector.rows };
}

function tableOfTruths(
  source: string,
  records: readonly LabelRecord[],
  columns: readonly string[],
  asked?: readonly string[],
): LabelTable {
  const names = chosenAttributes(source, columns, asked).map((place) => columns[place] as string);
  const collector = new RowCollector(source);
  for (const { line, name, fields } of records) {
    const numbers = names.map((column) => {
      const truth = truthOf(fields.get(column));
      if (truth !== undefined) return truth;
      throw badLabelFile(
        source,
        line,
        `expected 1, 0, -1, true, false, yes or no for the attribute ${column}, but found '${asText(fields.get(column))}'`,
      );
    });
    collector.add(name, numbers, line);
  }
  return { source, kind: 'attributes', names, rows: collector.rows };
}

/** Each image has a list of labels, which may be empty; one that has none at all has no label. */
function tableOfLists(
  source: string,
  records: readonly LabelRecord[],
  column: string,
  asked?: readonly string[],
): LabelTable {
  const listed = records.flatMap(({ line, name, fields }) => {
    const value = fields.get(column);
    if (value === null || value === undefined) return [];
    return [{ line, name, list: new Set((Array.isArray(value) ? value : [value]).map(asText)) }];
  });
  const known = orderedNames(listed.flatMap(({ list }) => [...list]));
  const names = chosenAttributes(source, known, asked).map((place) => known[place] as string);
  const collector = new RowCollector(source);
  for (const { line, name, list } of listed)
    collector.add(
      name,
      names.map((label) => Number(list.has(label))),
      line,
    );
  return { source, kind: 'attributes', names, rows: collector.rows };
}
