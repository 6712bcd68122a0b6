/** A table of Markdown. The first row is the heading; `right` are the columns that are set to the right, such as numbers. */
export function markdownTable(rows: readonly (readonly string[])[], right: readonly number[] = []): string {
  const [heading = [], ...rest] = rows;
  const rule = heading.map((_, column) => (right.includes(column) ? '---:' : '---'));
  return [heading.map(escaped), rule, ...rest.map((row) => row.map(escaped))]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n');
}

/** Text that Markdown takes as it is, on one line. */
export const escaped = (text: string): string => text.replaceAll(/[\\`*_|<>[\]]/g, '\\$&').replaceAll(/\s+/g, ' ');
