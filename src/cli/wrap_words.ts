/** A text in lines no wider than `columns`, broken between words; what follows the first line of a paragraph is indented as it is. */
export function wrapWords(text: string, columns: number): string {
  return text
    .split('\n')
    .flatMap((paragraph) => wrapParagraph(paragraph, columns))
    .join('\n');
}

function wrapParagraph(paragraph: string, columns: number): string[] {
  const indent = /^ */.exec(paragraph)?.[0] ?? '';
  const lines: string[] = [];
  let line = indent;
  for (const word of paragraph.trimStart().split(' ')) {
    const longer = line === indent ? indent + word : `${line} ${word}`;
    if (longer.length <= columns || line === indent) line = longer;
    else {
      lines.push(line);
      line = indent + word;
    }
  }
  return [...lines, line];
}
