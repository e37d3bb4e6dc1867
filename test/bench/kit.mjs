/** What all parts of the benchmark use: what they start, and the rounds of A and B in turns. */
import { compare, line } from './report.mjs';
import { REST, startGateway, startScript, SUBJECT, token } from './rig.mjs';

export const quick = process.argv.includes('--quick');
export const plan = quick
  ? { processes: 2, rounds: 2, ms: 1000, starts: 2, warmMs: 2500, sessions: 1000 }
  : { processes: 3, rounds: 3, ms: 3000, starts: 5, warmMs: 6000, sessions: 2000 };
export const CONNECTIONS = [1, 16, 64];
const ENV = { MAX_TOOL_CALLS_PER_MINUTE: '100000000', ACCESS_LOG: 'off' };
export const authorization = `Bearer ${token('bench')}`;
/** The first message of a client. */
export const HELLO = JSON.stringify({
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: {
    protocolVersion: '2025-11-25',
    capabilities: {},
    clientInfo: { name: 'bench', version: '1' },
  },
});

/** Ends what was started, last first. */
const stops = [];
export async function stopAll() {
  for (const stop of stops.reverse()) await stop();
}

export async function started(promise, stop = (x) => x.stop()) {
  const thing = await promise;
  stops.push(() => stop(thing));
  return thing;
}
export const startGatewayProcess = () =>
  startGateway({ env: ENV, ...(SUBJECT.length ? { prefix: SUBJECT } : {}) });
export const gatewayProcess = () => started(startGatewayProcess(), (g) => g.dispose());

export async function register(gateway, name, url) {
  const answer = await fetch(`${gateway.url}/gateways`, {
    method: 'POST',
    headers: { authorization, 'content-type': 'application/json' },
    body: JSON.stringify({ name, url, transport: 'STREAMABLEHTTP' }),
  });
  if (answer.status !== 200)
    throw new Error(`registration answered ${answer.status}: ${await answer.text()}`);
  await answer.arrayBuffer();
}

/** The smallest upstream, with so many tools. */
export const startUpstream = (tools) =>
  started(startScript('upstream.mjs', { TOOLS: String(tools) }, REST));

/** @returns the id of a new session */
export async function initialized(url) {
  const headers = {
    authorization,
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
  };
  const answer = await fetch(url, { method: 'POST', headers, body: HELLO });
  await answer.arrayBuffer();
  if (answer.status !== 200) throw new Error(`initialize answered ${answer.status}`);
  return answer.headers.get('mcp-session-id');
}

/** All rounds against one set of processes, and what came of them. */
export async function rounds(load, subjects, spec, note) {
  return told(note, await measured(load, subjects, spec));
}

/** `taskset` becomes node itself, so its pid is the one to measure. */
export async function measured(load, subjects, spec) {
  const done = [];
  for (let round = 0; round < plan.rounds; round++) {
    const result = {};
    for (const [name, { pid, url }] of Object.entries(subjects))
      result[name] = await load.measure(pid, { authorization, ...spec, url, ms: plan.ms });
    done.push(result);
  }
  return done;
}

export function told(note, done) {
  const compared = compare(done);
  console.log(line(note, compared));
  return compared;
}

export async function warmUp(load, subjects, spec) {
  for (const { pid, url } of Object.values(subjects))
    await load.measure(pid, { authorization, ...spec, url, connections: 16, ms: plan.warmMs });
}

export async function metric(gateway, name) {
  const text = await (await fetch(`${gateway.url}/metrics`)).text();
  const found = new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)`, 'm').exec(text)?.[1];
  return found === undefined ? null : Number(found);
}
