import type { Deviation } from '../oracle/compare.ts';
import type { ParityResult } from './judge.ts';

/** What a JUnit report is made from. */
export interface JunitReport {
  /** Name of the suite, such as `cpu against tfjs`. */
  readonly name: string;
  /** What it ran on, by name. */
  readonly properties: Readonly<Record<string, string>>;
  readonly results: readonly ParityResult[];
}

/** A JUnit XML document with one test case per result, its class the precision and the op. */
export function junitXml({ name, properties, results }: JunitReport): string {
  const count = (status: ParityResult['status']) => results.filter((result) => result.status === status).length;
  const counts = {
    tests: String(results.length),
    failures: String(count('failed')),
    errors: '0',
    skipped: String(count('skipped')),
    time: seconds(results.reduce((sum, { elapsedMs }) => sum + elapsedMs, 0)),
  };
  const about = Object.entries(properties).map(([name, value]) => element('property', { name, value }));
  const suite = element('testsuite', { name, ...counts }, [element('properties', {}, about), ...results.map(testCase)]);
  return `<?xml version="1.0" encoding="UTF-8"?>\n${element('testsuites', counts, [suite])}\n`;
}

function testCase({ name, subject, precision, status, elapsedMs, ...found }: ParityResult): string {
  const attributes = { classname: `gannet.parity.${precision}.${subject}`, name, time: seconds(elapsedMs) };
  if (status === 'passed') return element('testcase', attributes);
  const type = { failed: 'failure', skipped: 'skipped' }[status];
  return element('testcase', attributes, [element(type, { message: explain(found) })]);
}

/** One line about why a result did not pass. */
export function explain({ problem, worst, tolerance }: Pick<ParityResult, 'problem' | 'worst' | 'tolerance'>): string {
  if (problem !== undefined) return problem;
  const { result, error } = worst as Deviation;
  if (!Number.isFinite(error)) return `${result} is missing on a side, or not finite`;
  return `${result} is off by ${error.toExponential(2)}, the tolerance is ${tolerance}`;
}

const seconds = (milliseconds: number): string => (milliseconds / 1000).toFixed(3);

function element(name: string, attributes: Readonly<Record<string, string>>, children: readonly string[] = []): string {
  const start = [name, ...Object.entries(attributes).map(([key, value]) => `${key}="${escaped(value)}"`)].join(' ');
  if (children.length === 0) return `<${start}/>`;
  const inner = children.join('\n').replaceAll(/^/gm, '  ');
  return `<${start}>\n${inner}\n</${name}>`;
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** Text for an attribute: markup and line breaks as references, characters that XML forbids as a question mark. */
const escaped = (text: string): string =>
  text
    .replaceAll(/[&<>"]/g, (character) => ENTITIES[character] as string)
    .replaceAll(/[\n\r\t]/g, (character) => `&#${character.charCodeAt(0)};`)
    .replaceAll(/[\p{Cc}\p{Cs}\ufffe\uffff]/gu, '?');
