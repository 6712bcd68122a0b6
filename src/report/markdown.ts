import { escapeMarkdown, markdownTable } from '../comparison/index.ts';
import type { Block, Document, Picture } from './document.ts';

/** A document as Markdown, with the files of its pictures by their names. */
export interface MarkdownReport {
  readonly text: string;
  readonly files: ReadonlyMap<string, Uint8Array>;
}

/** A document as Markdown whose pictures lie in a folder beside it. @param folder that folder's name */
export function toMarkdown({ title, sections }: Document, folder: string): MarkdownReport {
  const parts = sections.flatMap((section) => [
    `## ${escapeMarkdown(section.title)}`,
    ...section.blocks.map((block) => blockMarkdown(block, folder)),
  ]);
  const pictures = sections.flatMap(({ blocks }) =>
    blocks.flatMap((block) => (block.kind === 'pictures' ? block.pictures : [])),
  );
  return {
    text: `${[`# ${escapeMarkdown(title)}`, ...parts].join('\n\n')}\n`,
    files: new Map(pictures.map((picture) => [fileName(picture), bytesOf(picture)])),
  };
}

function blockMarkdown(block: Block, folder: string): string {
  switch (block.kind) {
    case 'heading':
      return `### ${escapeMarkdown(block.text)}`;
    case 'text':
      return escapeMarkdown(block.text);
    case 'commands':
      return block.lines.map((line) => `    ${line}`).join('\n');
    case 'table':
      return markdownTable([block.head, ...block.rows]);
    case 'pictures':
      return block.pictures
        .map((picture) => {
          const caption = escapeMarkdown(picture.caption);
          return `![${caption}](<${encodeURI(folder)}/${fileName(picture)}>)\n\n${caption}`;
        })
        .join('\n\n');
  }
}

const fileName = ({ name, image }: Picture): string => `${name}.${'png' in image ? 'png' : 'svg'}`;

// A drawing brings its own white page, so the light one can be read everywhere.
const bytesOf = ({ image }: Picture): Uint8Array => ('png' in image ? image.png : Buffer.from(image.light));
