import { Command, Help, type Option } from 'commander';
import { packageVersion } from '../package.ts';
import { addBenchCommand } from './commands/bench.ts';
import { addBuildCommand } from './commands/build.ts';
import { addCacheCommand } from './commands/cache.ts';
import { addClassifierCommand } from './commands/classifier.ts';
import { addCurvesCommand } from './commands/curves.ts';
import { addDataCommand } from './commands/data.ts';
import { addDoctorCommand } from './commands/doctor.ts';
import { addEvaluateCommand } from './commands/evaluate.ts';
import { addExploreCommand } from './commands/explore.ts';
import { addExportCommand } from './commands/export.ts';
import { addExtractorCommand } from './commands/extractor.ts';
import { addImportCommand } from './commands/import.ts';
import { addParityCommand } from './commands/parity.ts';
import { addPlanCommand } from './commands/plan.ts';
import { addProjectCommand } from './commands/project.ts';
import { addRecipesCommand } from './commands/recipes.ts';
import { addReportCommand } from './commands/report.ts';
import { addResumeCommand } from './commands/resume.ts';
import { addSampleCommand } from './commands/sample.ts';
import { addSchemaCommand } from './commands/schema.ts';
import { addStudyCommand } from './commands/study.ts';
import { addTrainCommand } from './commands/train.ts';
import { addWatchCommand } from './commands/watch.ts';
import type { Context } from './context.ts';
import { EXIT } from './exit_codes.ts';
import type { Io } from './io.ts';
import { reportError } from './report_error.ts';

const COMMANDS = [
  addTrainCommand,
  addResumeCommand,
  addStudyCommand,
  addWatchCommand,
  addSampleCommand,
  addExploreCommand,
  addProjectCommand,
  addEvaluateCommand,
  addExportCommand,
  addImportCommand,
  addClassifierCommand,
  addExtractorCommand,
  addDataCommand,
  addCacheCommand,
  addPlanCommand,
  addCurvesCommand,
  addReportCommand,
  addRecipesCommand,
  addSchemaCommand,
  addBenchCommand,
  addParityCommand,
  addDoctorCommand,
  addBuildCommand,
];

const EXIT_CODES = `
Exit codes: 0 done, 1 failure, 2 wrong usage or configuration, 3 device,
4 data, 5 training diverged, 130 interrupted and saved.`;

/** Runs one command line, such as ['train', 'dcgan-digits', '--data', 'mnist'], and returns its exit code. It throws nothing. */
export async function run(argv: readonly string[], io: Io): Promise<number> {
  const context: Context = { io, exitCode: EXIT.ok };
  try {
    await createProgram(context).parseAsync(argv, { from: 'user' });
    return context.exitCode;
  } catch (error) {
    return reportError(error, io, { json: argv.includes('--json') });
  }
}

/** Commander tells every default, even that of an option which may be repeated or is off. */
function describeOption(option: Option): string {
  const { defaultValue } = option;
  const isNothing = defaultValue === false || (Array.isArray(defaultValue) && defaultValue.length === 0);
  return isNothing ? option.description : new Help().optionDescription(option);
}

/** All commands with their options, as Commander holds them. */
export function createProgram(context: Context): Command {
  const { stdout, stderr } = context.io;
  const program = new Command('gannet')
    .description('Train image GANs.')
    .version(packageVersion(), '-V, --version', 'print the version')
    .configureHelp({ optionDescription: describeOption })
    .exitOverride()
    .configureOutput({
      writeOut: (text) => stdout.write(text),
      writeErr: (text) => stderr.write(text),
      // Errors are printed in one place, with those of the commands themselves.
      outputError: () => {},
    })
    .addHelpText('after', EXIT_CODES);
  for (const add of COMMANDS) add(program, context);
  return program;
}
