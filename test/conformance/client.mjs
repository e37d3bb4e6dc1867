#!/usr/bin/env node
/**
 * The client sets of the official conformance suite: the gateway plays the client of the suite's mock
 * servers, driven by client-driver.mjs.
 *   node client.mjs [--rev 2025-11-25,2026-07-28] [--scenario PART] [--verbose]
 * Exit 0 only if every scored scenario passes. Details: test-results/conformance-client.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { runClientSuite } from './client-suite.mjs';

const require = createRequire(import.meta.url);
const { startGateway, token, ROOT } = require('../drive/gateway-process.cjs');
const here = dirname(fileURLToPath(import.meta.url));
const text = { type: 'string' };
const { values } = parseArgs({
  options: { rev: text, scenario: text, verbose: { type: 'boolean' } },
});
const revisions = (values.rev ?? '2025-11-25,2026-07-28').split(',');
const outDir = join(ROOT, 'test-results/conformance-client');

/** The document that the suite expects to be named where a server takes such ids. */
const CLIENT_ID_DOCUMENT = 'https://conformance-test.local/client-metadata.json';

function print(revision, results) {
  console.log(`\nclient set ${revision}`);
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
    sets[revision] = await runClientSuite(options);
    print(revision, sets[revision]);
  }
} finally {
  await gateway.dispose();
}
writeFileSync(join(outDir, 'summary.json'), JSON.stringify({ sets }, null, 1));
writeFileSync(join(outDir, 'gateway.log'), gateway.output());

const counted = Object.values(sets)
  .flat()
  .filter((result) => result.scored);
const passed = counted.filter((result) => result.status === 'pass').length;
const failed = counted.length - passed;
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
