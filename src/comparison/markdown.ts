/** A table of Markdown. The first row is the heading; `right` are the columns that are set to the right, such as numbers. */
export function markdownTable(rows: readonly (readonly string[])[], right: readonly number[] = []): string {
  const [heading = [], ...rest] = rows;
  const rule = heading.map((_, column) => (right.includes(column) ? '---:' : '---'));
  return [heading.map(escapeMarkdown), rule, ...rest.map((row) => row.map(escapeMarkdown))]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n');
}

/** Text that Markdown takes as it is, on one line: line ends would end a cell or begin a block, and a backslash before punctuation takes its
 *  meaning away. */
export const escapeMarkdown = (text: string): string =>
  text.replace(/\s+/g, ' ').replace(/[\\`*_[\]<>#|~&@]|^[-+=]|:(?=\/\/)/g, '\\$&');
