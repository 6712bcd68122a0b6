export * from '../src/parity/cases/index.ts';
