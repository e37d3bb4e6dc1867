#!/usr/bin/env node
/**
 * The official conformance suite through a virtual server of the gateway.
 *   node main.mjs [--era legacy|both|modern] [--rev 2025-11-25] [--scenario NAME] [--verbose] [--direct]
 * `--direct` runs it against the fixture itself. Exit 0 only if every scored scenario passes.
 */
import { mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { startAuthProxy } from './auth-proxy.mjs';
import { runSuite } from './suite.mjs';

const require = createRequire(import.meta.url);
const { startChild } = require('../drive/child.cjs');
const { startGateway, token, ROOT } = require('../drive/gateway-process.cjs');
const here = dirname(fileURLToPath(import.meta.url));
const text = { type: 'string' };
const flag = { type: 'boolean' };
const { values } = parseArgs({
  options: { era: text, rev: text, scenario: text, verbose: flag, direct: flag },
});
const eras = values.era === undefined ? ['legacy', 'both'] : [values.era];
const revision = values.rev ?? '2025-11-25';
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

function print(era, results) {
  console.log(`\n${revision}, upstream ${era}`);
  for (const { scenario, scored, status, checks } of results) {
    const mark = status === 'pass' ? 'ok  ' : scored ? 'FAIL' : '--  ';
    console.log(`  ${mark} ${scenario}${scored ? '' : ' [unscored]'}: ${status}`);
    if (!scored && !values.verbose) continue;
    for (const check of checks.filter((c) => c.status === 'FAILURE'))
      console.log(`         ${check.id}: ${String(check.errorMessage ?? '').slice(0, 400)}`);
  }
}

async function runEra(era) {
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
    const results = await runSuite({ url: proxy.url, revision, outDir: dir, scenario, verbose });
    print(era, results);
    return results.filter((r) => r.scored || scenario);
  } finally {
    proxy?.close();
    await gateway?.dispose();
    await fixture.stop();
  }
}

let passed = 0;
let failed = 0;
for (const era of eras) {
  const scored = await runEra(era);
  const good = scored.filter((r) => r.status === 'pass').length;
  console.log(`  ${era}: ${good}/${scored.length} scored`);
  passed += good;
  failed += scored.length - good;
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
