import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startFixture, type Fixture } from '../drive/fixture.js';
import { startGateway, token, type GatewayProcess } from '../drive/gateway-process.cjs';
import { HttpClient } from '../drive/http-client.js';
import { restClient, type Loose, type Rest } from '../drive/rest.js';
import { eventually } from '../drive/wait.js';

const STDIO = join(__dirname, '../fakes/modern-stdio.mjs');

/** A server of the official SDK that speaks 2026-07-28 and nothing else, behind legacy clients. */
describe('an upstream of the modern era', () => {
  let fixture: Fixture;
  let gateway: GatewayProcess;
  let rest: Rest;
  let client: HttpClient;

  beforeAll(async () => {
    fixture = await startFixture('modern');
    gateway = await startGateway();
    rest = restClient(gateway.url, token());
    const made = await rest('POST', '/gateways', { name: 'm', url: fixture.url });
    expect([made.status, made.text]).toEqual([200, expect.any(String)]);
    client = new HttpClient(`${gateway.url}/mcp`, token());
    await client.initialize();
  });
  afterAll(async () => {
    await gateway.dispose();
    await fixture.stop();
  });

  it('is registered with what it says of itself', async () => {
    const view = (await rest('GET', '/gateways/m')).json();
    expect(view).toMatchObject({
      transport: 'STREAMABLEHTTP',
      protocolEra: 'modern',
      protocolVersion: '2026-07-28',
      serverInfo: { name: 'own-conformance-fixture' },
      reachable: true,
    });
    expect(view.capabilities.tools).toEqual({ listChanged: true });
    expect((await rest('GET', '/gateways/m/health?probe=true')).json().error).toBeNull();
  });

  it('serves tools, resources and prompts to a legacy client without a word of its own era', async () => {
    const tools = (await client.request('tools/list')).answer?.result.tools as Loose[];
    expect(tools.map((t: Loose) => t.name)).toContain('m-test-simple-text');
    const call = await client.call('m-test-simple-text');
    expect(call.answer?.result.content[0].type).toBe('text');
    expect(call.raw).not.toContain('resultType');
    const read = await client.request('resources/read', { uri: 'test://static-text' });
    expect(read.answer?.result.contents[0].text).toContain('static text resource');
    expect(read.raw).not.toMatch(/ttlMs|cacheScope|resultType/);
    const prompt = await client.request('prompts/get', { name: 'm-test-simple-prompt' });
    expect(prompt.answer?.result.messages[0].content.text).toContain('simple prompt');
  });

  it('passes its progress on under the token of the client', async () => {
    const params = {
      name: 'm-test-tool-with-progress',
      arguments: {},
      _meta: { progressToken: 'mine' },
    };
    const call = await client.request('tools/call', params);
    const tokens = call.before.map((m) => m.params.progressToken);
    expect(tokens.length).toBeGreaterThan(0);
    expect(new Set(tokens)).toEqual(new Set(['mine']));
  });

  it('is told the level of the session, and its log messages arrive', async () => {
    await client.request('logging/setLevel', { level: 'debug' });
    const call = await client.call('m-test-tool-with-logging');
    expect(call.before.map((m) => m.method)).toContain('notifications/message');
    await client.request('logging/setLevel', { level: 'emergency' });
    const quiet = await client.call('m-test-tool-with-logging');
    expect(quiet.before).toEqual([]);
  });
});

/** A server of the official SDK on stdio. */
describe('a modern upstream on stdio', () => {
  let gateway: GatewayProcess;
  let rest: Rest;
  let client: HttpClient;
  let journal: string;
  const lines = (): string[] => readFileSync(journal, 'utf8').split('\n').slice(0, -1);

  beforeAll(async () => {
    gateway = await startGateway({
      env: {
        STDIO_UPSTREAMS_ENABLED: 'true',
        STDIO_ALLOWED_COMMANDS: `${process.execPath} ${STDIO}`,
      },
    });
    journal = join(gateway.dir, 'processes');
    rest = restClient(gateway.url, token());
    const made = await rest('POST', '/gateways', {
      ...{ name: 's', transport: 'STDIO' },
      ...{ command: process.execPath, args: [STDIO, journal] },
    });
    expect([made.status, made.text]).toEqual([200, expect.stringContaining('"modern"')]);
    client = new HttpClient(`${gateway.url}/mcp`, token());
    await client.initialize();
  });
  afterAll(() => gateway.dispose());

  it('answers calls of several clients through one process', async () => {
    const other = new HttpClient(`${gateway.url}/mcp`, token());
    await other.initialize({ sampling: {} });
    const answers = await Promise.all([
      client.call('s-echo', { message: 'a' }),
      other.call('s-echo', { message: 'b' }),
    ]);
    expect(answers.map((a) => a.answer?.result.content[0].text)).toEqual(['a', 'b']);
    // One that was asked what it is and thrown away, one for the lists, one for all calls.
    expect(new Set(lines()).size).toBe(3);
  });

  it('passes progress on, and cancels with a notification', async () => {
    const params = { name: 's-progress', arguments: {}, _meta: { progressToken: 7 } };
    const call = await client.request('tools/call', params);
    expect(call.before.map((m) => m.params)).toMatchObject([
      { progressToken: 7, progress: 1 },
      { progressToken: 7, progress: 2 },
    ]);
    const waiting = client.send(
      '{"jsonrpc":"2.0","id":"w","method":"tools/call","params":{"name":"s-wait","arguments":{}}}',
    );
    await client.call('s-echo', { message: 'in between' });
    await client.notify('notifications/cancelled', { requestId: 'w' });
    await waiting;
    await eventually('it hears of it', () => lines().includes('cancelled'));
  });
});
