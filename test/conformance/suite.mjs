import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parse } from 'yaml';

const here = dirname(fileURLToPath(import.meta.url));
const PACKAGE = join(here, '../../node_modules/@modelcontextprotocol/conformance');
const SHIM = pathToFileURL(join(here, 'node20-shim.mjs')).href;

/** Version of the official suite. */
export const suiteVersion = () =>
  JSON.parse(readFileSync(join(PACKAGE, 'package.json'), 'utf8')).version;

/** The requirement set of a revision. */
export function requirementsOf(revision) {
  return parse(readFileSync(join(PACKAGE, 'requirements', `${revision}.yaml`), 'utf8'));
}

/** Runs the official command and waits for its end. */
export function runOfficial(args, { cwd, log, timeoutMs, verbose, env = process.env }) {
  return new Promise((resolve) => {
    const main = join(PACKAGE, 'dist/index.js');
    const child = spawn(process.execPath, ['--import', SHIM, main, ...args], { cwd, env });
    let output = '';
    const keep = (chunk) => {
      output += chunk;
      if (verbose) process.stdout.write(chunk);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
    child.on('exit', (code) => {
      clearTimeout(timer);
      writeFileSync(log, output);
      resolve(code);
    });
  });
}

function checksOf(dir, scenario) {
  const prefix = `server-${scenario}-`;
  const found = (existsSync(dir) ? readdirSync(dir) : []).find(
    (name) => name.startsWith(prefix) && /^\d{4}-\d\d-\d\dT/.test(name.slice(prefix.length)),
  );
  const file = found === undefined ? undefined : join(dir, found, 'checks.json');
  return file !== undefined && existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : [];
}

/** A pass needs one check beyond `wire-schema`, which an unreachable server earns too. */
function verdict(checks) {
  if (checks.length === 0) return 'not run';
  if (checks.some((c) => c.status === 'FAILURE')) return 'fail';
  const isProof = (c) => c.status === 'SUCCESS' && !c.id.startsWith('wire-schema');
  return checks.some(isProof) ? 'pass' : 'no evidence';
}

/**
 * Runs one requirement set against a server.
 * @returns {Promise<{scenario: string, scored: boolean, status: string, checks: object[]}[]>}
 */
export async function runSuite({ url, revision, outDir, scenario, verbose, timeoutMs = 240_000 }) {
  const requirements = requirementsOf(revision);
  const dir = join(outDir, revision);
  rmSync(dir, { recursive: true, force: true });
  const chosen = scenario
    ? ['--scenario', scenario, '--spec-version', revision]
    : ['--requirements', revision];
  const log = join(outDir, `${revision}.log`);
  const options = { cwd: outDir, log, timeoutMs, verbose };
  await runOfficial(['server', '--url', url, ...chosen, '-o', dir], options);
  const unscored = (requirements.not_scored ?? [])
    .filter((entry) => entry.leg === 'server')
    .map((entry) => entry.scenario);
  const names = scenario ? [scenario] : [...requirements.server, ...unscored];
  return names.map((name) => {
    const checks = checksOf(dir, name);
    return {
      scenario: name,
      scored: requirements.server.includes(name),
      status: verdict(checks),
      checks,
    };
  });
}
