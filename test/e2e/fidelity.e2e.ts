import { HttpClient } from '../drive/http-client.js';
import { everywhere } from '../drive/over.js';
import { aWorld, type World } from '../drive/world.js';

const resultOf = (raw: string) => raw.slice(raw.indexOf('"result":') + '"result":'.length, -1);

describe('what passes through is what was sent', () => {
  let world: World;
  let direct: HttpClient;
  beforeAll(async () => {
    world = await aWorld({ env: { TOOL_TIMEOUT: '5' } });
    direct = new HttpClient(world.upstream.urls.http, null);
    await direct.initialize();
  });
  afterAll(() => world.end());

  everywhere(
    'gives a result byte for byte',
    () => world,
    async (client) => {
      const wanted = resultOf((await direct.call('structured')).raw);
      const got = resultOf((await client.call('kit-structured')).raw);
      expect(got).toBe(wanted);
      expect(got).toContain('12345678901234567890');
    },
  );

  everywhere(
    'sends arguments up as they were written',
    () => world,
    async (client, way) => {
      const args = `{"nonce":"exact-${way}","z":12345678901234567890,"a":1.0,"\\u0061b":"\\/ä","o":{"b":null,"a":[1e2]}}`;
      const answer = await client.send(
        `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"kit-ok","arguments":${args}}}`,
      );
      expect(answer.answer?.result.content[0].text).toBe('ok');
      expect(world.upstream.journal.bytes(`exact-${way}`)).toContain(args);
    },
  );

  everywhere(
    'passes errors of the tool and of the upstream on',
    () => world,
    async (client) => {
      const failed = await client.call('kit-iserror');
      expect(failed.answer?.result).toEqual({
        content: [{ type: 'text', text: 'it failed' }],
        isError: true,
      });
      const own = await client.call('kit-rpcerror', { code: -32055, nonce: 'n' });
      expect(own.answer?.error).toMatchObject({ code: -32055, message: 'as you wished' });
    },
  );

  it('takes nothing that the gateway says of itself from a client', async () => {
    const client = world.client();
    await client.initialize();
    const meta = '"io.mcpgateway/hop":1,"com.example/own":{"a":1.0}';
    await client.send(
      `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"kit-ok","arguments":{"nonce":"meta"},"_meta":{${meta}}}}`,
    );
    const sent = world.upstream.journal.bytes('meta');
    expect(sent).toContain('"_meta":{"com.example/own":{"a":1.0}}');
    expect(sent).not.toContain('io.mcpgateway');
  });

  it('sends the caller nothing of the gateway, and the upstream nothing of the caller', async () => {
    const client = world.client();
    await client.initialize();
    const headers = { 'x-canary': 'never-goes-up', cookie: 'a=b' };
    const answer = await client.call('kit-headers', { nonce: 'h' }, { headers });
    const seen = JSON.parse(answer.answer?.result.content[0].text) as Record<string, string>;
    expect(seen['authorization']).toBeUndefined();
    expect(seen['cookie']).toBeUndefined();
    expect(seen['x-canary']).toBeUndefined();
  });

  it('gives a hundred calls with one id on one session each its own answer', async () => {
    const client = world.client();
    await client.initialize();
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, i) =>
        client.send(
          JSON.stringify({
            jsonrpc: '2.0',
            id: 1,
            method: 'tools/call',
            params: { name: 'kit-echo', arguments: { message: `m${String(i)}` } },
          }),
        ),
      ),
    );
    expect(answers.map((a) => a.answer?.result.content[0].text)).toEqual(
      Array.from({ length: 100 }, (_, i) => `m${String(i)}`),
    );
    expect(answers.every((a) => a.answer?.id === 1)).toBe(true);
  });
});
