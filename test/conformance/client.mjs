#!/usr/bin/env node
/**
 * The client sets of the official conformance suite: the gateway plays the client of the suite's mock
 * servers, driven by client-driver.mjs.
 *   node client.mjs [--rev 2025-11-25,2026-07-28] [--scenario PART] [--verbose] [--write]
 * `--write` renews its part of docs/conformance.md. Exit 0 only if every scored scenario passes, and a
 * whole run agrees with that page. Details: test-results/conformance-client.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { runClientSuite } from './client-suite.mjs';
import { isFresh, renderClients, tally, write } from './scoreboard.mjs';
import { suiteVersion } from './suite.mjs';

const require = createRequire(import.meta.url);
const { startGateway, token, ROOT } = require('../drive/gateway-process.cjs');
const here = dirname(fileURLToPath(import.meta.url));
const text = { type: 'string' };
const flag = { type: 'boolean' };
const { values } = parseArgs({
  options: { rev: text, scenario: text, verbose: flag, write: flag },
});
const isWhole = values.rev === undefined && values.scenario === undefined;
const PAGE = join(ROOT, 'docs/conformance.md');
const revisions = (values.rev ?? '2025-11-25,2026-07-28').split(',');
const outDir = join(ROOT, 'test-results/conformance-client');

/** The document that the suite expects to be named where a server takes such ids. */
const CLIENT_ID_DOCUMENT = 'https://conformance-test.local/client-metadata.json';

function print(set, results) {
  console.log(`\n${set}`);
  for (const { scenario, scored, status, checks } of results) {
    const mark = status === 'pass' ? 'ok  ' : scored ? 'FAIL' : '--  ';
    console.log(`  ${mark} ${scenario}${scored ? '' : ' [unscored]'}: ${status}`);
    if (!scored && !values.verbose) continue;
    for (const check of checks.filter((c) => c.status === 'FAILURE' || c.status === 'WARNING'))
      console.log(`         ${check.id}: ${check.errorMessage ?? check.description}`);
  }
}

const gateway = await startGateway({
  env: { OAUTH_CLIENT_METADATA_URL: CLIENT_ID_DOCUMENT },
});
const command = `${process.execPath} ${join(here, 'client-driver.mjs')}`;
const env = { ...process.env, GATEWAY_URL: gateway.url, GATEWAY_TOKEN: token() };
const sets = {};
mkdirSync(outDir, { recursive: true });
try {
  for (const revision of revisions) {
    const { scenario, verbose } = values;
    const options = { command, env, revision, outDir, scenario, verbose };
    const set = `client ${revision}`;
    sets[set] = await runClientSuite(options);
    print(set, sets[set]);
  }
} finally {
  await gateway.dispose();
}
writeFileSync(join(outDir, 'summary.json'), JSON.stringify({ sets }, null, 1));
writeFileSync(join(outDir, 'gateway.log'), gateway.output());

let passed = 0;
const faults = [];
for (const [set, results] of Object.entries(sets)) {
  const score = tally(set, results);
  passed += score.passed;
  faults.push(...score.faults);
}
if (isWhole) {
  const page = await renderClients(PAGE, suiteVersion(), sets);
  if (values.write) write(PAGE, page);
  else if (!isFresh(PAGE, page))
    faults.push(
      'docs/conformance.md says otherwise: run `npm run test:conformance:client -- --write`',
    );
}
for (const fault of faults) console.log(`  FAULT ${fault}`);
console.log(`${passed} passed, ${faults.length} failed`);
process.exitCode = faults.length === 0 && passed > 0 ? 0 : 1;
