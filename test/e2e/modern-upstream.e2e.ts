import { startFixture, type Fixture } from '../drive/fixture.js';
import { startGateway, token, type GatewayProcess } from '../drive/gateway-process.cjs';
import { HttpClient } from '../drive/http-client.js';
import { restClient, type Loose, type Rest } from '../drive/rest.js';

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
