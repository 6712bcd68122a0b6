/** Command lines that a command's help ends with, each with what it does. */
export const examples = (lines: Readonly<Record<string, string>>): string =>
  `\nExamples:\n${Object.entries(lines)
    .map(([command, what]) => `  # ${what}\n  ${command}`)
    .join('\n')}`;
