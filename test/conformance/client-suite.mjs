import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { requirementsOf, runOfficial } from './suite.mjs';

/** A driver and a suite each: more at a time than this, and their timeouts measure the machine. */
const AT_A_TIME = 2;

/** The checks lie one level deeper for names with a slash: `auth/basic-cimd-2026-…`. */
function checksIn(dir) {
  if (!existsSync(dir)) return [];
  if (existsSync(join(dir, 'checks.json')))
    return JSON.parse(readFileSync(join(dir, 'checks.json'), 'utf8'));
  return readdirSync(dir, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap((entry) => checksIn(join(dir, entry.name)));
}

/** The exit code counts what the checks do not show: warnings, a client that timed out or gave up. */
function verdict(code, checks) {
  if (checks.length === 0) return 'not run';
  if (code !== 0) return 'fail';
  return checks.some((c) => c.status === 'SUCCESS') ? 'pass' : 'no evidence';
}

async function runScenario(name, { command, env, revision, outDir, verbose }) {
  const dir = join(outDir, revision, name.replaceAll('/', '_'));
  const args = ['--scenario', name, '--spec-version', revision, '-o', dir];
  const code = await runOfficial(['client', '--command', command, ...args], {
    ...{ cwd: outDir, log: `${dir}.log`, env, verbose, timeoutMs: 60_000 },
  });
  const checks = checksIn(dir);
  return { scenario: name, status: verdict(code, checks), checks };
}

/**
 * Runs one client requirement set, each scenario by itself: the suite would start all at once.
 * @returns {Promise<{scenario: string, scored: boolean, status: string, checks: object[]}[]>}
 */
export async function runClientSuite(options) {
  const { revision, scenario, outDir } = options;
  const { client: scored, not_scored: others = [] } = requirementsOf(revision);
  const dir = join(outDir, revision);
  rmSync(dir, { recursive: true, force: true });
  mkdirSync(dir, { recursive: true });
  const unscored = others.filter(({ leg }) => leg === 'client').map((entry) => entry.scenario);
  const names = [...scored, ...unscored].filter((name) => !scenario || name.includes(scenario));
  const results = [];
  const rest = names.entries();
  const work = async () => {
    for (const [i, name] of rest) {
      const result = await runScenario(name, options);
      results[i] = { ...result, scored: scored.includes(name) };
    }
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, work));
  return results;
}
