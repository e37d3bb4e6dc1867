#!/usr/bin/env node
/**
 * The official conformance suite through a virtual server of the gateway: both sets of requirements,
 * over upstreams of both eras and of either alone.
 *   node main.mjs [--era both|legacy|modern] [--rev 2025-11-25|2026-07-28] [--scenario NAME] [--verbose]
 *     [--direct] [--write]
 * `--direct` runs it against the fixture itself; `--write` renews docs/conformance.md. Exit 0 only if
 * every scored scenario passes that can, and a whole run agrees with that page.
 */
import { mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { startAuthProxy } from './auth-proxy.mjs';
import { isFresh, reasonOf, render, tally, write } from './scoreboard.mjs';
import { runSuite, suiteVersion } from './suite.mjs';

const require = createRequire(import.meta.url);
const { startChild } = require('../drive/child.cjs');
const { startGateway, token, ROOT } = require('../drive/gateway-process.cjs');
const here = dirname(fileURLToPath(import.meta.url));
const text = { type: 'string' };
const flag = { type: 'boolean' };
const { values } = parseArgs({
  options: { era: text, rev: text, scenario: text, verbose: flag, direct: flag, write: flag },
});
const eras = values.era === undefined ? ['both', 'legacy', 'modern'] : [values.era];
const revisions = values.rev === undefined ? ['2025-11-25', '2026-07-28'] : [values.rev];
const isWhole = !['era', 'rev', 'scenario', 'direct'].some((name) => values[name] !== undefined);
const PAGE = join(ROOT, 'docs/conformance.md');
const outDir = join(ROOT, 'test-results/conformance');

async function post(gateway, path, body) {
  const answer = await fetch(gateway.url + path, {
    method: 'POST',
    headers: { authorization: `Bearer ${token()}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const said = await answer.text();
  if (!answer.ok) throw new Error(`POST ${path} answered ${answer.status}: ${said}`);
  return JSON.parse(said);
}

async function idsOf(gateway, kind) {
  const answer = await fetch(`${gateway.url}/${kind}`, {
    headers: { authorization: `Bearer ${token()}` },
  });
  return (await answer.json()).map((item) => item.id);
}

/** A Server with everything of one fixture under its original names: the only fair target. */
async function virtualServer(gateway, fixtureUrl) {
  const transport = 'STREAMABLEHTTP';
  await post(gateway, '/gateways', {
    ...{ name: 'fixture', url: fixtureUrl, transport, nameMode: 'original' },
  });
  const [associatedTools, associatedResources, associatedPrompts] = await Promise.all(
    ['tools', 'resources', 'prompts'].map((kind) => idsOf(gateway, kind)),
  );
  const server = await post(gateway, '/servers', {
    ...{ name: 'conformance', nameMode: 'original' },
    ...{ associatedTools, associatedResources, associatedPrompts },
  });
  return `${gateway.url}/servers/${server.id}/mcp`;
}

function print(set, results) {
  console.log(`\n${set}`);
  for (const { scenario, scored, status, checks } of results) {
    const why = reasonOf(set, scenario);
    const mark = status === 'pass' ? 'ok  ' : scored && !why ? 'FAIL' : '--  ';
    console.log(
      `  ${mark} ${scenario}${scored ? '' : ' [unscored]'}: ${status}${why ? ` (${why})` : ''}`,
    );
    if (!scored && !values.verbose) continue;
    for (const check of checks.filter((c) => c.status === 'FAILURE'))
      console.log(`         ${check.id}: ${String(check.errorMessage ?? '').slice(0, 400)}`);
  }
}

async function runEra(era, sets) {
  const fixture = await startChild(process.execPath, [join(here, 'fixture/fixture.mjs')], {
    env: { ...process.env, PORT: '0', ERA: era },
    ready: (line) => /^READY (\S+)/.exec(line)?.[1],
  });
  const gateway = values.direct ? undefined : await startGateway();
  let proxy;
  try {
    const target = gateway ? await virtualServer(gateway, fixture.value) : fixture.value;
    proxy = await startAuthProxy(target, gateway ? { Authorization: `Bearer ${token()}` } : {});
    const dir = join(outDir, era);
    mkdirSync(dir, { recursive: true });
    const { scenario, verbose } = values;
    for (const revision of revisions) {
      const set = `${era} ${revision}`;
      const results = await runSuite({ url: proxy.url, revision, outDir: dir, scenario, verbose });
      print(set, results);
      sets[set] = scenario ? results.map((r) => ({ ...r, scored: true })) : results;
    }
  } finally {
    proxy?.close();
    await gateway?.dispose();
    await fixture.stop();
  }
}

const sets = {};
for (const era of eras) await runEra(era, sets);
console.log('');
let passed = 0;
const faults = [];
for (const [set, results] of Object.entries(sets)) {
  const score = tally(set, results);
  console.log(`  ${set}: ${score.passed}/${score.total} scored`);
  passed += score.passed;
  faults.push(...score.faults);
}
if (isWhole) {
  const page = await render(PAGE, suiteVersion(), sets);
  if (values.write) write(PAGE, page);
  else if (!isFresh(PAGE, page))
    faults.push('docs/conformance.md says otherwise: run `npm run test:conformance -- --write`');
}
for (const fault of faults) console.log(`  FAULT ${fault}`);
console.log(`${passed} passed, ${faults.length} failed`);
process.exitCode = faults.length === 0 && passed > 0 ? 0 : 1;
