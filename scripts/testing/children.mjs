// Loaded before a bundled test, whose forks read sources in TypeScript: fork() passes these options of Node on.
process.execArgv.push('--import', 'tsx');
