import type { Mark, RunState } from '../protocol.ts';

/** What the log tells of a mark. */
export type LogMark = Omit<Mark, 'at'>;

/** A line of log.txt: its time, and what happened. */
const LINE = /^(\d{4}-\d\d-\d\dT[\d:.]+Z) (.*)$/s;

/** Words that log lines of a sitting's end begin with, and what they say of the run. */
const ENDS: readonly { readonly begins: RegExp; readonly state: RunState; readonly detail: string }[] = [
  { begins: /^finished at step/, state: 'finished', detail: '' },
  { begins: /^interrupted at step/, state: 'stopped', detail: 'stopped and saved' },
  { begins: /^collapsed at step/, state: 'stopped', detail: 'the samples became alike' },
  { begins: /^diverged/, state: 'diverged', detail: 'a number became NaN or infinite' },
];

const BEGINNING = /^(started on|resumed at step)/;

/** How the last sitting of a run ended, by the last lines of its log; undefined where they do not say. */
export function endOf(lines: readonly string[]): { readonly state: RunState; readonly detail: string } | undefined {
  for (const line of lines.toReversed()) {
    const message = messageOf(line);
    if (BEGINNING.test(message)) return undefined;
    const end = ENDS.find(({ begins }) => begins.test(message));
    if (end) return end;
  }
  return undefined;
}

const messageOf = (line: string): string => LINE.exec(line)?.[2] ?? '';

const MARKS: readonly { readonly kind: Mark['kind']; readonly pattern: RegExp }[] = [
  { kind: 'warning', pattern: /^warning at step (\d+): (.*)$/s },
  { kind: 'resume', pattern: /^(?=resumed at step (\d+))(.*)$/s },
  { kind: 'change', pattern: /^changed after step (\d+): (.*)$/s },
  { kind: 'note', pattern: /^note at step (\d+): (.*)$/s },
];

const ROLLBACK = /^rolled back to the weights of step \d+$/;
const STEP = /(?:step[ -])0*(\d+)/;

/** What happened to a run and at which steps, found in its log line by line. */
export class LogReader {
  readonly marks: LogMark[] = [];
  /** The last lines. */
  readonly tail: string[] = [];
  private readonly tailLength: number;
  private step = 0;

  /** @param tailLength how many lines are kept */
  constructor(tailLength: number) {
    this.tailLength = tailLength;
  }

  restart(): void {
    this.marks.length = 0;
    this.tail.length = 0;
    this.step = 0;
  }

  line(text: string): void {
    if (this.tail.push(text) > this.tailLength) this.tail.shift();
    const message = messageOf(text);
    // A line about going back names the step that it went back to; it happened at that of the line before.
    if (ROLLBACK.test(message)) this.marks.push({ kind: 'rollback', step: this.step, text: message });
    else this.step = Number(STEP.exec(message)?.[1] ?? this.step);
    for (const { kind, pattern } of MARKS) {
      const [, step, told] = pattern.exec(message) ?? [];
      if (step !== undefined && told !== undefined) this.marks.push({ kind, step: Number(step), text: told });
    }
  }
}
