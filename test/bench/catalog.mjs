/** What a large catalog costs. */
import {
  authorization,
  gatewayProcess,
  initialized,
  register,
  rounds,
  started,
  startUpstream,
  warmUp,
} from './kit.mjs';
import { startScript, SUBJECT } from './rig.mjs';

const LISTED_TOOLS = 1000;
const SCALE = { gateways: 200, toolsEach: 50 };

/** `tools/list` against one constant body as large (O4). */
export async function benchLists(load) {
  const upstream = await startUpstream(LISTED_TOOLS);
  const gateway = await gatewayProcess();
  await register(gateway, 'bench', upstream.value);
  const answer = await fetch(`${gateway.url}/mcp`, {
    method: 'POST',
    headers: {
      authorization,
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'mcp-session-id': await initialized(`${gateway.url}/mcp`),
    },
    body: '{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{}}',
  });
  const bytes = (await answer.arrayBuffer()).byteLength;
  const floor = await started(startScript('constant.mjs', { BYTES: String(bytes) }, SUBJECT));
  const subjects = {
    floor: { pid: floor.pid, url: floor.value },
    gateway: { pid: gateway.pid, url: `${gateway.url}/mcp` },
  };
  const spec = { kind: 'list', connections: 16, minBytes: bytes * 0.9 };
  await warmUp(load, subjects, spec);
  return rounds(load, subjects, spec, `tools/list of ${LISTED_TOOLS} tools, ${bytes} bytes`);
}

/** What a call costs in a large catalog, against the same call in a small one (O6). */
export async function benchScale(load) {
  const upstream = await startUpstream(SCALE.toolsEach);
  const small = await gatewayProcess();
  await register(small, 'bench', upstream.value);
  const large = await gatewayProcess();
  for (let i = 0; i < SCALE.gateways; i++)
    await register(large, i === 0 ? 'bench' : `bench${i}`, upstream.value);
  const subjects = {
    floor: { pid: small.pid, url: `${small.url}/mcp` },
    gateway: { pid: large.pid, url: `${large.url}/mcp` },
  };
  const spec = { kind: 'call', tool: 'bench-echo', connections: 16 };
  await warmUp(load, subjects, spec);
  const { gateways, toolsEach } = SCALE;
  return rounds(load, subjects, spec, `tools/call among ${gateways * toolsEach} tools`);
}
