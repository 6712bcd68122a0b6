import type { Config, Spec } from 'vega';
import { FONT, INK, type Theme } from './theme.ts';

/** Draws what a specification of Vega (https://vega.github.io/vega/docs/specification) describes as SVG. */
export async function drawSpec(spec: Spec): Promise<string> {
  const { parse, View, Error: ErrorsOnly } = await import('vega');
  const svg = await new View(parse(spec), { renderer: 'none', logLevel: ErrorsOnly }).toSVG();
  return svg.replace(NO_XML, '\ufffd');
}

/** What XML cannot hold, such as a control character in the name of a metric. */
const NO_XML = /(?![\t\n\r])\p{Cc}|\p{Cs}|[\ufffe\uffff]/gu;

/** How Vega draws axes, titles and legends. */
export function configOf(theme: Theme): Config {
  const { text, faint, grid, line } = INK[theme];
  return {
    axis: {
      labelFont: FONT,
      titleFont: FONT,
      labelColor: faint,
      labelFontSize: 11,
      titleColor: faint,
      titleFontSize: 11,
      titleFontWeight: 'normal',
      gridColor: grid,
      domainColor: line,
      tickColor: line,
    },
    legend: { labelFont: FONT, labelColor: text, labelFontSize: 11 },
    title: { font: FONT, color: text, fontSize: 13 },
    text: { font: FONT, fill: text },
  };
}
