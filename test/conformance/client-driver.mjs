#!/usr/bin/env node
/**
 * What the suite takes for a client: registers the mock server it is given with a running gateway, logs
 * in where that is asked for, and acts through the gateway. `node client-driver.mjs URL`, the gateway in
 * GATEWAY_URL and GATEWAY_TOKEN, the scenario in MCP_CONFORMANCE_*.
 */
import { randomUUID } from 'node:crypto';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { exampleOf } from './example-arguments.mjs';

const { GATEWAY_URL, GATEWAY_TOKEN, MCP_CONFORMANCE_CONTEXT } = process.env;
const scenario = process.env.MCP_CONFORMANCE_SCENARIO ?? '';
const revision = process.env.MCP_CONFORMANCE_PROTOCOL_VERSION ?? '2025-11-25';
const context = MCP_CONFORMANCE_CONTEXT ? JSON.parse(MCP_CONFORMANCE_CONTEXT) : {};
const upstreamUrl = process.argv.at(-1);
const needsLogin = scenario.startsWith('auth/');
const headers = { authorization: `Bearer ${GATEWAY_TOKEN}` };
/** A person who is asked to log in again and again gives up; the gateway must have done so before. */
const MOST_LOGINS = 5;

async function call(method, path, body) {
  const answer = await fetch(GATEWAY_URL + path, {
    method,
    headers: { ...headers, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const said = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${path} answered ${answer.status}: ${said}`);
  return { said: JSON.parse(said), cookie: answer.headers.get('set-cookie')?.split(';')[0] };
}

async function register() {
  const { client_id: clientId, client_secret: clientSecret } = context;
  const oauthConfig = { grantType: 'authorization_code', clientId, clientSecret };
  const auth = needsLogin ? { authType: 'oauth', oauthConfig } : {};
  const name = `conformance ${randomUUID()}`;
  const body = { name, url: upstreamUrl, transport: 'STREAMABLEHTTP', ...auth };
  return (await call('POST', '/gateways', body)).said;
}

/** Logs in as a person with a browser would. */
async function logIn(id) {
  const { said, cookie } = await call('POST', `/gateways/${id}/oauth/login`);
  const redirect = await fetch(said.authorizationUrl, { redirect: 'manual' });
  const callback = redirect.headers.get('location');
  if (callback === null)
    throw new Error(`no redirect: ${redirect.status} ${await redirect.text()}`);
  const answer = await fetch(callback, { headers: { cookie } });
  if (!answer.ok) throw new Error(`callback answered ${answer.status}: ${await answer.text()}`);
}

/** @returns whether somebody had to log in */
async function logInWhileAsked(id, logins) {
  const before = logins.count;
  while ((await call('GET', `/gateways/${id}`)).said.needsLogin === true) {
    if (logins.count++ >= MOST_LOGINS) throw new Error('asked to log in once more');
    await logIn(id);
  }
  return logins.count > before;
}

/** A Server with everything of this Gateway under its original names. */
async function serverOf(gatewayId) {
  const idsOf = async (kind) =>
    (await call('GET', `/${kind}?gateway_id=${gatewayId}`)).said.map((item) => item.id);
  const { said } = await call('POST', '/servers', {
    name: `conformance ${randomUUID()}`,
    nameMode: 'original',
    associatedTools: await idsOf('tools'),
    associatedResources: await idsOf('resources'),
    associatedPrompts: await idsOf('prompts'),
  });
  return said.id;
}

async function connect(serverId) {
  const client = new Client(
    { name: 'conformance-driver', version: '1.0.0' },
    {
      capabilities: { elicitation: { form: { applyDefaults: true } } },
      versionNegotiation: { mode: revision >= '2026-07-28' ? 'auto' : 'legacy' },
    },
  );
  client.setRequestHandler('elicitation/create', () => ({ action: 'accept', content: {} }));
  const url = new URL(`${GATEWAY_URL}/servers/${serverId}/mcp`);
  await client.connect(new StreamableHTTPClientTransport(url, { requestInit: { headers } }));
  return client;
}

/** Failures of calls are for the suite to judge: it knows which ones it provokes. */
async function tolerantly(what, failures) {
  try {
    await what();
  } catch (e) {
    failures.push(e);
    console.error(String(e));
  }
}

/** The gateway holds arguments to the schema of the tool, and none of the suite's takes null. */
function withoutNulls({ name, arguments: all }) {
  const given = Object.entries(all).filter(([, value]) => value !== null);
  return { name, arguments: Object.fromEntries(given) };
}

async function callsOf(client) {
  const { tools = [] } = await client.listTools();
  const example = ({ name, inputSchema }) => ({ name, arguments: exampleOf(inputSchema) });
  return context.toolCalls?.map(withoutNulls) ?? tools.map(example);
}

/** Uses all that the Server offers. @returns what failed */
async function act(serverId) {
  const client = await connect(serverId);
  const failures = [];
  try {
    const { tools, resources, prompts } = client.getServerCapabilities() ?? {};
    for (const params of tools ? await callsOf(client) : [])
      await tolerantly(() => client.callTool(params), failures);
    for (const { uri } of resources ? (await client.listResources()).resources : [])
      await tolerantly(() => client.readResource({ uri }), failures);
    for (const { name } of prompts ? (await client.listPrompts()).prompts : [])
      await tolerantly(() => client.getPrompt({ name }), failures);
  } finally {
    await client.close();
  }
  return failures;
}

/** Acts; where the upstream wants more on the way, logs in and acts once more. */
async function actAsAllowed(gatewayId) {
  const logins = { count: 0 };
  await logInWhileAsked(gatewayId, logins);
  const serverId = await serverOf(gatewayId);
  while ((await act(serverId)).length > 0) {
    if (!needsLogin || !(await logInWhileAsked(gatewayId, logins))) return;
  }
}

const { id } = await register();
try {
  await actAsAllowed(id);
} finally {
  await call('DELETE', `/gateways/${id}`);
}
