// @ts-check
/**
 * What `npm ci` does besides installing: builds the product, and sets the git hooks up where somebody
 * works on it. Does nothing where it is installed as a package or without development dependencies.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

/** @param {string} command @param {string[]} args */
const run = (command, args) =>
  spawnSync(command, args, { stdio: 'inherit', shell: process.platform === 'win32' }).status ?? 1;

const canBuild = existsSync('src/main.ts') && existsSync('node_modules/@nestjs/cli');
if (canBuild) process.exitCode = run('npm', ['run', '--silent', 'build']);

const wantsHooks = existsSync('.git') && !process.env.CI && existsSync('node_modules/lefthook');
// Hooks are a convenience: a missing one must not fail an installation.
if (wantsHooks) run('npx', ['--no-install', 'lefthook', 'install']);
