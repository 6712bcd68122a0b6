import { extname } from 'node:path';
import { type CsvError, parse } from 'csv-parse/sync';
import { parseJson } from '../../files.ts';
import { isImageName } from '../image_files.ts';
import { findNameColumn, type LabelRecord, NAME_COLUMN_CHOICES } from './records.ts';
import { badLabelFile } from './table.ts';

interface ParsedLine {
  readonly record: string[];
  readonly info: { readonly lines: number };
}

/** The records of a CSV file (or one with tabs, `.tsv`). Its first line names the columns, unless it begins with the name of an image.
 *  @throws DataError label_file */
export function readCsv(source: string, text: string): LabelRecord[] {
  const lines = parseLines(source, text);
  const first = lines[0]?.record ?? [];
  const hasHeader = first[0] !== undefined && !isImageName(first[0].slice(first[0].lastIndexOf('/') + 1));
  const columns = hasHeader ? first : first.map((_, i) => (i === 0 ? 'name' : `column ${i + 1}`));
  const nameColumn = findNameColumn(columns) ?? columns[0];
  return lines.slice(hasHeader ? 1 : 0).map(({ record, info }) => {
    const fields = new Map(columns.map((column, i) => [column, record[i]]));
    const name = fields.get(nameColumn as string) ?? '';
    if (name === '') throw badLabelFile(source, info.lines, 'expected the name of an image, but there is none');
    fields.delete(nameColumn as string);
    return { line: info.lines, name, fields };
  });
}

function parseLines(source: string, text: string): ParsedLine[] {
  try {
    const delimiter = extname(source).toLowerCase() === '.tsv' ? '\t' : ',';
    return parse(text, {
      bom: true,
      delimiter,
      trim: true,
      skip_empty_lines: true,
      info: true,
    }) as unknown as ParsedLine[];
  } catch (cause) {
    const { lines, message } = cause as CsvError & { lines?: number };
    throw badLabelFile(source, lines, `is not CSV: ${message}`, cause);
  }
}

/** The records of a file with one JSON object on each line. @throws DataError label_file */
export function readJsonLines(source: string, text: string): LabelRecord[] {
  return text
    .split('\n')
    .flatMap((content, index) => (content.trim() === '' ? [] : [readObject(source, content, index + 1)]));
}

function readObject(source: string, text: string, line: number): LabelRecord {
  let value: unknown;
  try {
    value = parseJson(text);
  } catch (cause) {
    throw badLabelFile(source, line, `is not JSON: ${(cause as Error).message}`, cause);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw badLabelFile(source, line, 'expected a JSON object such as {"name": "1.png", "label": "cat"}');
  }
  const fields = new Map(Object.entries(value));
  const nameColumn = findNameColumn([...fields.keys()]);
  const name = nameColumn === undefined ? undefined : fields.get(nameColumn);
  if (nameColumn === undefined || typeof name !== 'string') {
    throw badLabelFile(source, line, `expected the name of an image under one of ${NAME_COLUMN_CHOICES}`);
  }
  fields.delete(nameColumn);
  return { line, name, fields };
}

/** The records of a text with a name and, behind spaces, a label on each line. @throws DataError label_file */
export function readPlainText(source: string, text: string): LabelRecord[] {
  return text.split('\n').flatMap((content, index) => {
    if (content.trim() === '') return [];
    const [, name, label] = /^(\S+)\s+(.*\S)\s*$/.exec(content.trimStart()) ?? [];
    if (name !== undefined) return [{ line: index + 1, name, fields: new Map([['label', label]]) }];
    throw badLabelFile(source, index + 1, `expected the name of an image and its label, but found '${content.trim()}'`);
  });
}
