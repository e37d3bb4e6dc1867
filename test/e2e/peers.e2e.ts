import { aBlackHole } from '../drive/black-hole.js';
import { startGateway, token, type GatewayProcess } from '../drive/gateway-process.cjs';
import { ModernClient } from '../drive/modern-client.js';
import { restClient, type Loose, type Rest, type RestAnswer } from '../drive/rest.js';
import { eventually } from '../drive/wait.js';
import { aWorld, type World } from '../drive/world.js';

/** SECURITY.md S66: gateways that have each other as upstreams do not go round in circles. */
describe('gateways that register each other', () => {
  let a: World;
  let b: World;
  let c: GatewayProcess;
  let far: Rest;
  beforeAll(async () => {
    a = await aWorld({ upstream: { only: ['echo'] }, gateway: { name: 'near' } });
    b = await aWorld({ upstream: { only: ['ok'], era: 'modern' }, gateway: { name: 'own' } });
    c = await startGateway();
    far = restClient(c.url, token());
  });
  afterAll(async () => {
    await c.dispose();
    await a.end();
    await b.end();
  });

  const register = (at: Rest, name: string, url: string, more: Loose = {}): Promise<RestAnswer> =>
    at('POST', '/gateways', { name, url: `${url}/mcp`, authToken: token(), ...more });
  const toolsOf = async (rest: Rest): Promise<string[]> =>
    ((await rest('GET', '/tools')).json() as Loose[]).map((t) => t.name as string).sort();

  it('are refused when the other one is themselves, by another address', async () => {
    const door = await aBlackHole(a.url);
    for (const [path, more] of [
      ['/mcp', {}],
      ['/sse', { transport: 'SSE' }],
      ['/mcp', { allowOffline: true }],
    ] as const) {
      const body = { name: 'self', url: door.url + path, authToken: token(), ...more };
      const answer = await a.rest('POST', '/gateways', body);
      expect([answer.status, answer.json()]).toEqual([
        508,
        expect.objectContaining({ detail: "Loop: 'self' is this gateway itself" }),
      ]);
    }
    expect((await a.rest('GET', '/gateways')).json()).toHaveLength(1);
    await door.close();
  });

  it('show each other what is their own, and nothing that they have from each other', async () => {
    expect((await register(a.rest, 'b', b.url)).status).toBe(200);
    expect((await register(b.rest, 'a', a.url)).status).toBe(200);
    const inA = ['b-own-ok', 'near-echo'];
    const inB = ['a-near-echo', 'own-ok'];
    for (let i = 0; i < 3; i++) {
      await a.rest('POST', '/gateways/b/refresh');
      await b.rest('POST', '/gateways/a/refresh');
      expect([await toolsOf(a.rest), await toolsOf(b.rest)]).toEqual([inA, inB]);
    }
    const client = a.client();
    await client.initialize();
    const { answer } = await client.call('b-own-ok');
    expect(answer?.result.isError ?? false).toBe(false);
  });

  it('show a third one only their own', async () => {
    expect((await register(far, 'a', a.url)).status).toBe(200);
    expect(await toolsOf(far)).toEqual(['a-near-echo']);
    // A client of that gateway sees all of it.
    const client = new ModernClient(`${a.url}/mcp`, a.token);
    await eventually('all tools', async () => {
      const { answer } = await client.request('tools/list');
      return (answer?.result.tools as Loose[]).length === 2;
    });
  });

  it('are refused a list that comes back to where it was asked for', async () => {
    const client = new ModernClient(`${a.url}/mcp`, a.token);
    const { answer } = await client.request('server/discover');
    const info = answer?.result._meta['io.modelcontextprotocol/serverInfo'];
    const via = { 'io.mcpgateway/via': [info['io.mcpgateway/instance']] };
    const list = await client.request('tools/list', {}, { meta: via });
    expect(list.answer?.error).toMatchObject({
      message: 'Loop: MCP_Gateway is this gateway itself',
    });
  });
});
