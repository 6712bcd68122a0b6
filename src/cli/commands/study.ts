import type { Command } from 'commander';
import { type Outcome, type StudyEvent, study } from '../../study/index.ts';
import type { Context } from '../context.ts';
import { examples } from '../examples.ts';
import { EXIT } from '../exit_codes.ts';
import { isAbort, listenForInterrupt } from '../interrupt.ts';
import { type Io, printJson, printLine } from '../io.ts';
import { TrainingDisplay } from '../watch.ts';

interface StudyCommandOptions {
  readonly out?: string;
  readonly json?: boolean;
}

/** `gannet study`: several runs that differ in some settings, and a report that compares them. */
export const addStudyCommand = (program: Command, context: Context): Command =>
  program
    .command('study')
    .description('train the runs of a study one after another and compare them; stopped, the same command goes on')
    .argument('<file>', 'a JSON file that says which settings the runs have (docs/formats.md)')
    .option('--out <folder>', 'where the runs and the report go (default: runs/study- and the name of the file)')
    .option('--json', 'print one JSON event per line in place of progress')
    .addHelpText(
      'after',
      examples({
        'gannet study kernels.json': 'every run of it, then runs/study-kernels/report.md',
        'gannet study kernels.json --out first': 'with its runs in another folder',
      }),
    )
    .action(async (file: string, { out, json = false }: StudyCommandOptions) => {
      context.exitCode = await carryOut(context.io, file, { out, json });
    });

async function carryOut(
  io: Io,
  file: string,
  options: Required<Pick<StudyCommandOptions, 'json'>> & { out?: string | undefined },
) {
  const { out, json } = options;
  const interrupt = listenForInterrupt(io);
  const display = new StudyDisplay(io);
  try {
    let exitCode: number = EXIT.ok;
    const events = study(file, {
      out,
      signal: interrupt.signal,
      onDataProgress: (done, total) => json || display.showReading(done, total),
    });
    for await (const event of events) {
      if (json) printJson(io.stdout, event);
      else display.show(event);
      if (event.type === 'row' && event.ended) exitCode = worse(exitCode, EXIT_OF_STATE[event.ended]);
      if (event.type === 'outcome') exitCode = worse(exitCode, EXIT_OF_STATE[event.state]);
      if (event.type === 'end' && event.reason === 'interrupted') return EXIT.interrupted;
    }
    return exitCode;
  } catch (error) {
    if (!isAbort(error, interrupt.signal)) throw error;
    return EXIT.interrupted;
  } finally {
    display.finish();
    interrupt.dispose();
  }
}

const EXIT_OF_STATE: Readonly<Record<Outcome['state'], number>> = {
  finished: EXIT.ok,
  collapsed: EXIT.diverged,
  diverged: EXIT.diverged,
  failed: EXIT.failure,
};

/** A failure counts more than a run that diverged. */
const worse = (before: number, now: number): number =>
  [EXIT.failure, EXIT.diverged].find((code) => code === before || code === now) ?? EXIT.ok;

/** Shows a study to a person: a line for each row, and between them the trainings. */
class StudyDisplay {
  private readonly io: Io;
  private rows = 0;
  private report = '';
  private training: TrainingDisplay | undefined;

  constructor(io: Io) {
    this.io = io;
  }

  showReading(done: number, total: number): void {
    this.training?.showReading(done, total);
  }

  show(event: StudyEvent): void {
    switch (event.type) {
      case 'study':
        this.rows = event.rows.length;
        this.line(`${event.rows.length} runs in ${event.folder}`);
        break;
      case 'row':
        this.line(`[${event.number}/${this.rows}] ${event.row}: ${STATES[event.state]}`);
        this.training = new TrainingDisplay(this.io, []);
        break;
      case 'training':
        this.training?.show(event.event);
        break;
      case 'outcome':
        this.finish();
        this.line(`${event.row}: ${event.state}${event.problem === undefined ? '' : `: ${event.problem}`}`);
        break;
      case 'report':
        this.report = event.markdown;
        break;
      case 'end':
        this.finish();
        if (event.reason === 'finished') printLine(this.io.stdout, `report in ${this.report}`);
        else printLine(this.io.stdout, 'Stopped; the same command goes on.');
    }
  }

  /** Leaves the cursor on a line of its own. */
  finish(): void {
    this.training?.finish();
    this.training = undefined;
  }

  private line(text: string): void {
    printLine(this.io.stderr, text);
  }
}

const STATES = { new: 'begins', resumed: 'goes on', kept: 'has ended before' };
