#!/usr/bin/env node
import { runWrapper } from './wrapper/main.js';
import { processIo } from './wrapper/process-io.js';

void runWrapper(process.argv.slice(2), processIo()).then((code) => {
  // What was written is on its way out of the process before it ends.
  process.stdout.write('', () => {
    process.stderr.write('', () => process.exit(code));
  });
});
