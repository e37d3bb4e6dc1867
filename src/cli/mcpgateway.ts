#!/usr/bin/env node
import { run } from './program.js';

void run(process.argv.slice(2), {
  env: process.env,
  cwd: process.cwd(),
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
}).then((code) => {
  if (code === undefined) return;
  // A start that failed half-way leaves open what would keep the process alive.
  process.stdout.write('', () => {
    process.stderr.write('', () => process.exit(code));
  });
});
