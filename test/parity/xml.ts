/** An element of a parsed document. */
export interface Element {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly Element[];
}

const DECLARATION = /^<\?xml version="1\.0" encoding="UTF-8"\?>\s*/;
const TAG = /\s*<(\/?)([\w.-]+)((?:\s+[\w.-]+="[^"<]*")*)\s*(\/?)>\s*/y;
const ATTRIBUTE = /([\w.-]+)="([^"<]*)"/g;
const REFERENCE = /&(?:(amp|lt|gt|quot|apos)|#(\d+));|&/g;
const NAMED: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/** Parses XML of elements and attributes, without text between them. Throws where it is not well-formed. */
export function parseXml(text: string): Element {
  if (!DECLARATION.test(text)) throw new Error('no XML declaration');
  const body = text.replace(DECLARATION, '');
  const document = { name: '', attributes: {}, children: [] as Element[] };
  const open: { name: string; children: Element[] }[] = [document];
  for (TAG.lastIndex = 0; TAG.lastIndex < body.length; ) {
    const at = TAG.lastIndex;
    const [, closes, name = '', attributes = '', empty] = TAG.exec(body) ?? [];
    if (name === '') throw new Error(`no tag at '${body.slice(at, at + 60)}'`);
    if (closes) {
      if (open.pop()?.name !== name) throw new Error(`</${name}> closes nothing`);
      continue;
    }
    const element = { name, attributes: parseAttributes(attributes), children: [] as Element[] };
    open.at(-1)?.children.push(element);
    if (!empty) open.push(element);
  }
  if (open.length > 1 || document.children.length !== 1) throw new Error('not one element around everything');
  return document.children[0] as Element;
}

function parseAttributes(text: string): Record<string, string> {
  const pairs = [...text.matchAll(ATTRIBUTE)].map(([, key = '', value = '']) => [key, resolve(value)]);
  if (new Set(pairs.map(([key]) => key)).size !== pairs.length) throw new Error(`an attribute twice in '${text}'`);
  return Object.fromEntries(pairs);
}

const resolve = (text: string): string =>
  text.replaceAll(REFERENCE, (reference, name, code) => {
    if (reference === '&') throw new Error(`a bare & in '${text}'`);
    return name ? (NAMED[name] as string) : String.fromCodePoint(Number(code));
  });
