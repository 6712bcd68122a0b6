/** One row of a table; cells are text. */
export type Row = readonly string[];

/** Rows as lines with aligned columns, two spaces between them. Columns in `right` end at the same place, others begin there. */
export function formatTable(rows: readonly Row[], { right = [] }: { readonly right?: readonly number[] } = {}): string {
  const columns = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? '').length)),
  );
  const pad = (cell: string, column: number): string => {
    const width = widths[column] ?? 0;
    return right.includes(column) ? cell.padStart(width) : cell.padEnd(width);
  };
  return rows.map((row) => row.map(pad).join('  ').trimEnd()).join('\n');
}
