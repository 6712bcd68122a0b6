import type { Block, Document, Drawing, Picture, Png, Section } from './document.ts';

/** A document as one HTML page that holds its pictures, needs no script and loads nothing. */
export function toHtml({ title, sections }: Document): string {
  const links = sections.map((section) => `<a href="#${anchorOf(section)}">${escapeHtml(section.title)}</a>`);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<title>${escapeHtml(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>${escapeHtml(title)}</h1>
<nav aria-label="Sections">${links.join('\n')}</nav>
${sections.map(sectionHtml).join('\n')}
</main>
</body>
</html>
`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (character) => ENTITIES[character] as string);

const anchorOf = ({ title }: Section): string => title.toLowerCase();

const sectionHtml = (section: Section): string =>
  `<section id="${anchorOf(section)}">\n<h2>${escapeHtml(section.title)}</h2>\n${section.blocks.map(blockHtml).join('\n')}\n</section>`;

function blockHtml(block: Block): string {
  switch (block.kind) {
    case 'heading':
      return `<h3>${escapeHtml(block.text)}</h3>`;
    case 'text':
      return `<p>${escapeHtml(block.text)}</p>`;
    case 'commands':
      return `<pre tabindex="0"><code>${escapeHtml(block.lines.join('\n'))}</code></pre>`;
    case 'table':
      return `<div class="wide" tabindex="0"><table>\n<thead>${rowHtml(block.head, 'th scope="col"')}</thead>\n<tbody>${block.rows.map((row) => rowHtml(row, 'td')).join('\n')}</tbody>\n</table></div>`;
    case 'pictures':
      return `<div class="pictures">\n${block.pictures.map(pictureHtml).join('\n')}\n</div>`;
  }
}

const rowHtml = (cells: readonly string[], tag: string): string =>
  `<tr>${cells.map((cell) => `<${tag}>${escapeHtml(cell)}</${tag.split(' ')[0]}>`).join('')}</tr>`;

const pictureHtml = ({ caption, image }: Picture): string =>
  `<figure>${imageHtml(image, escapeHtml(caption))}<figcaption>${escapeHtml(caption)}</figcaption></figure>`;

function imageHtml(image: Drawing | Png, alt: string): string {
  if ('png' in image) return `<img class="grid" alt="${alt}" src="${dataUrl('image/png', image.png)}">`;
  const [light, dark] = [image.light, image.dark].map((svg) => dataUrl('image/svg+xml', Buffer.from(svg)));
  return `<picture><source media="(prefers-color-scheme: dark)" srcset="${dark}"><img alt="${alt}" src="${light}"></picture>`;
}

const dataUrl = (type: string, bytes: Uint8Array): string =>
  `data:${type};base64,${Buffer.from(bytes).toString('base64')}`;

const STYLE = `
:root { color-scheme: light dark; --page: #fff; --text: #222; --soft: #5c6570; --line: #e3e5e8; --code: #f4f5f6; --accent: #0b63a5;
  --checks: repeating-conic-gradient(#c9ccd0 0% 25%, #f4f5f6 0% 50%) 0 0 / 16px 16px; }
@media (prefers-color-scheme: dark) {
  :root { --page: #16181d; --text: #eee; --soft: #a8a8a8; --line: #33363d; --code: #20242b; --accent: #6bb7f2;
    --checks: repeating-conic-gradient(#3a3f45 0% 25%, #55595f 0% 50%) 0 0 / 16px 16px; }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--text); font: 15px/1.5 system-ui, "DejaVu Sans", sans-serif; }
main { max-width: 1100px; margin: 0 auto; padding: 16px; }
h1 { font-size: 1.5rem; overflow-wrap: anywhere; }
h2 { font-size: 1.2rem; margin: 2rem 0 0.5rem; border-bottom: 1px solid var(--line); }
h3 { font-size: 1rem; margin: 1.2rem 0 0.4rem; overflow-wrap: anywhere; }
p { overflow-wrap: anywhere; }
nav { display: flex; flex-wrap: wrap; gap: 4px 14px; }
a { color: var(--accent); }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: 0.9rem; }
th, td { text-align: left; vertical-align: top; padding: 4px 14px 4px 0; border-bottom: 1px solid var(--line); }
td { max-width: 46em; overflow-wrap: break-word; }
pre { background: var(--code); padding: 10px; overflow-x: auto; white-space: pre-wrap; overflow-wrap: anywhere; }
.pictures { display: flex; flex-wrap: wrap; gap: 16px; }
figure { margin: 0; max-width: 100%; }
figure img { display: block; max-width: 100%; height: auto; }
.grid { width: 320px; background: var(--checks); image-rendering: pixelated; }
figcaption { color: var(--soft); font-size: 0.85rem; max-width: 480px; overflow-wrap: anywhere; }
@media print { section { break-inside: auto; } figure { break-inside: avoid; } }
`;
