import type { PageAbout } from './about.ts';

/** What a page is made of. */
export interface PageContent {
  readonly about: PageAbout;
  /** Of all weights, one behind the other. */
  readonly weights: Uint8Array;
  readonly script: string;
  readonly style: string;
}

/** A page that draws with a generator, without anything beside it. What page/export finds by an id stands here. */
export function pageText({ about, weights, script, style }: PageContent): string {
  const { recipe, step, gannet, averaged } = about.description;
  const title = escaped(`${recipe}, step ${step}`);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${style}</style>
</head>
<body data-state="loading">
<h1>${title}</h1>
<p>A generator trained by gannet ${escaped(gannet)}${averaged ? ', with averaged weights' : ''}; <span id="backend" role="status">loading</span>.</p>
<main>
<section aria-labelledby="samples">
<h2 id="samples">Samples</h2>
<div class="row"><label>seed <input id="seed" type="number" min="0" step="1" value="1"></label><button id="next" type="button">Next seed</button></div>
<div class="row" id="labels" hidden></div>
<div id="grid"></div>
<p>A click makes a picture A; what was A becomes B. A click with Shift makes it B.</p>
</section>
<section aria-labelledby="change">
<h2 id="change">Change A</h2>
<div id="large"></div>
<div class="row"><label>along <select id="kind"></select></label><label>from <input id="from" type="number" min="0" step="1" value="0"></label><button id="reset" type="button">Reset</button></div>
<div id="sliders"></div>
</section>
<section class="wide" aria-labelledby="between">
<h2 id="between">Between A and B</h2>
<div id="strip"></div>
<div id="middle"></div>
<label>from A to B <input id="t" type="range" min="0" max="1" step="0.01" value="0.5"></label>
</section>
</main>
<script type="application/json" id="about">${JSON.stringify(about).replaceAll('<', '\\u003c')}</script>
<script type="text/plain" id="weights">${Buffer.from(weights).toString('base64')}</script>
<script type="module">${script}</script>
</body>
</html>
`;
}

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');

/** What a page holds of its network, read back. */
export function readPage(text: string): { readonly about: PageAbout; readonly weights: Uint8Array<ArrayBuffer> } {
  const within = (id: string): string => {
    const mark = ` id="${id}">`;
    const begin = text.indexOf(mark) + mark.length;
    return text.slice(begin, text.indexOf('</script>', begin));
  };
  const about = JSON.parse(within('about')) as PageAbout;
  return { about, weights: new Uint8Array(Buffer.from(within('weights'), 'base64')) };
}
