import { startGateway, token, type GatewayProcess } from '../drive/gateway-process.cjs';
import { HttpClient } from '../drive/http-client.js';
import { ModernClient } from '../drive/modern-client.js';
import { type Loose, restClient, type Rest } from '../drive/rest.js';
import type { SseReader } from '../drive/sse.js';
import { eventually } from '../drive/wait.js';
import { type ProtectedUpstream, startProtectedUpstream } from '../fakes/authorization-server.js';

const PERSONS = ['alice', 'bob'] as const;
const OPENS_PAGES = { elicitation: { url: {} } };
const bearer = (name: string) => ({ authorization: `Bearer ${token(name)}` });

/** Each person who calls an upstream is logged in to it for itself. */
describe('an upstream where each person logs in', () => {
  let gateway: GatewayProcess;
  let rest: Rest;
  let upstream: ProtectedUpstream;
  let names = 0;

  beforeAll(async () => {
    gateway = await startGateway();
    rest = restClient(gateway.url, token('alice'));
  });
  afterEach(async () => {
    await rest('DELETE', `/gateways/own${String(names)}`);
    await upstream.close();
  });
  afterAll(() => gateway.dispose());

  /** A registered upstream whose lists have been read with the gateway's own login. */
  async function aGateway(
    options: Parameters<typeof startProtectedUpstream>[0] = {},
    more: { readonly transport?: 'SSE' | 'WEBSOCKET'; readonly sessionMode?: string } = {},
    scopes: readonly string[] = ['read', 'write'],
  ): Promise<string> {
    upstream = await startProtectedUpstream(options);
    const name = `own${String(++names)}`;
    const oauthConfig = { perUser: true, scopes };
    const { sse: SSE, ws: WEBSOCKET } = upstream.urls;
    const { transport } = more;
    const url = transport === undefined ? upstream.url : { SSE, WEBSOCKET }[transport];
    const body = { name, url, authType: 'oauth', oauthConfig, ...more };
    const made = await rest('POST', '/gateways', body);
    expect([made.status, made.text]).toEqual([200, expect.any(String)]);
    await finish(await rest('POST', `/gateways/${name}/oauth/login`), 'service');
    const view = (await rest('GET', `/gateways/${name}`)).json();
    expect(view).toMatchObject({ needsLogin: false, toolCount: 1 });
    expect(view.oauthConfig).toMatchObject({ perUser: true });
    return name;
  }

  type Begun = { readonly status: number; readonly headers: Headers; json(): Loose };

  /** What the authorization server is sent back with, once `person` has said yes there. */
  async function consent(begun: Begun, person: string) {
    const cookie = begun.headers.get('set-cookie')?.split(';')[0] ?? '';
    const to = begun.status === 303 ? begun.headers.get('location') : begun.json().authorizationUrl;
    const url = new URL(to as string);
    url.searchParams.set('login_hint', person);
    const sentBack = await fetch(url, { redirect: 'manual' });
    return { callback: new URL(sentBack.headers.get('location') ?? ''), cookie };
  }

  async function finish(begun: Begun, person: string): Promise<string> {
    const { callback, cookie } = await consent(begun, person);
    const answer = await fetch(callback, { headers: { cookie } });
    const text = await answer.text();
    expect([answer.status, text]).toEqual([200, expect.stringMatching(/logged in/i)]);
    return text;
  }

  const restOf = (person: string) => restClient(gateway.url, token(person));
  const logIn = async (name: string, person: string): Promise<string> =>
    finish(await restOf(person)('POST', `/oauth/logins/${name}`), person);

  async function clientOf(person: string, capabilities: object = {}): Promise<HttpClient> {
    const client = new HttpClient(`${gateway.url}/mcp`, token(person));
    await client.initialize(capabilities);
    return client;
  }

  function modernOf(person: string, capabilities: object = {}): ModernClient {
    const client = new ModernClient(`${gateway.url}/mcp`, token(person));
    client.capabilities = capabilities;
    return client;
  }

  /** As the person's browser, which brings its credential along. */
  const open = async (link: string, person: string): Promise<Begun & { text: string }> => {
    const response = await fetch(link, { headers: bearer(person), redirect: 'manual' });
    const text = await response.text();
    return { status: response.status, headers: response.headers, text, json: () => ({}) };
  };

  const linkIn = (text: string): string =>
    /http:\S+\/oauth\/login\?ticket=[\w-]+/.exec(text)?.[0] ?? '';

  describe.each([
    ['a legacy upstream', {}, {}],
    ['a legacy upstream with sessions', { keepsSessions: true }, {}],
    ['a legacy upstream that is to be shared', { keepsSessions: true }, { sessionMode: 'shared' }],
    ['a session of each client', { keepsSessions: true }, { sessionMode: 'per-session' }],
    ['a modern upstream', { isModern: true }, {}],
    ['a stream of HTTP+SSE', {}, { transport: 'SSE' }],
    ['a socket', {}, { transport: 'WEBSOCKET' }],
  ] as const)('as %s', (_what, options, more) => {
    it('gets with each request the token of who makes it, however many do at once', async () => {
      const name = await aGateway(options, more);
      for (const person of PERSONS) await logIn(name, person);
      const clients = await Promise.all(
        PERSONS.map(async (person) => ({ person, client: await clientOf(person) })),
      );
      const all = [...clients, ...PERSONS.map((person) => ({ person, client: modernOf(person) }))];
      const before = upstream.requests.length;
      const calls = all.flatMap(({ person, client }) =>
        Array.from({ length: 10 }, () => client.call(`${name}-echo`, { me: person })),
      );
      for (const { raw } of await Promise.all(calls)) expect(raw).toContain('served');
      const made = upstream.requests.slice(before);
      const served = made.filter(({ method }) => method === 'tools/call');
      expect(served).toHaveLength(40);
      expect(served.filter(({ person, me }) => person !== me)).toEqual([]);
      const inOwn = made.filter(({ sessionOf }) => sessionOf !== undefined);
      expect(inOwn.filter(({ person, sessionOf }) => person !== sessionOf)).toEqual([]);
      if ('keepsSessions' in options) expect(inOwn.length).toBeGreaterThanOrEqual(40);
    });
  });

  it('renews the token of each person once for all calls, and with no other', async () => {
    const name = await aGateway();
    for (const person of PERSONS) await logIn(name, person);
    const clients = { alice: await clientOf('alice'), bob: await clientOf('bob') };
    const call = (person: (typeof PERSONS)[number]) =>
      clients[person].call(`${name}-echo`, { me: person });
    await Promise.all(PERSONS.map(call));
    upstream.expire();
    const before = { tokens: upstream.tokenRequests.length, calls: upstream.requests.length };
    const answers = await Promise.all(PERSONS.flatMap((p) => [call(p), call(p), call(p)]));
    for (const { raw } of answers) expect(raw).toContain('served');
    const grants = upstream.tokenRequests.slice(before.tokens).map((f) => f.get('grant_type'));
    expect(grants).toEqual(['refresh_token', 'refresh_token']);
    const made = upstream.requests.slice(before.calls);
    expect(made.filter(({ person, me }) => me !== undefined && person !== me)).toEqual([]);
  });

  it('survives a restart of the gateway with the logins of all', async () => {
    const name = await aGateway();
    for (const person of PERSONS) await logIn(name, person);
    await gateway.stop();
    gateway = await startGateway({ dir: gateway.dir });
    rest = restClient(gateway.url, token('alice'));
    for (const person of PERSONS) {
      const { raw } = await (await clientOf(person)).call(`${name}-echo`, { me: person });
      expect(raw).toContain('served');
    }
    expect(upstream.requests.filter(({ person, me }) => me && person !== me)).toEqual([]);
  });

  describe('from a person who never logged in', () => {
    it('names the page where a client opens none, and sends nothing up', async () => {
      const name = await aGateway();
      await logIn(name, 'alice');
      const before = upstream.served.length;
      for (const client of [await clientOf('bob'), modernOf('bob')]) {
        const { answer } = await client.call(`${name}-echo`);
        expect(answer?.result).toMatchObject({ isError: true });
        expect(linkIn(String(answer?.result.content[0].text))).not.toBe('');
      }
      expect(upstream.served.length).toBe(before);
    });

    it('has a legacy client open the page, and says when that is done with', async () => {
      const name = await aGateway();
      const client = await clientOf('bob', OPENS_PAGES);
      const abort = new AbortController();
      const { events } = await client.listen(abort.signal);
      const { answer } = await client.call(`${name}-echo`);
      expect(answer?.error).toMatchObject({ code: -32042 });
      const [asked] = answer?.error?.data.elicitations as Loose[];
      expect(asked).toMatchObject({
        mode: 'url',
        message: expect.stringContaining(name) as string,
      });
      await finish(await open(asked.url as string, 'bob'), 'bob');
      const notice = JSON.parse((await events?.next())?.data ?? '{}');
      expect(notice).toMatchObject({
        method: 'notifications/elicitation/complete',
        params: { elicitationId: asked.elicitationId as string },
      });
      abort.abort();
      expect((await client.call(`${name}-echo`, { me: 'bob' })).raw).toContain('served');
      expect(upstream.requests.at(-1)).toMatchObject({ person: 'bob', me: 'bob' });
    });

    it('asks a modern client, whose retry waits for the login and then goes on', async () => {
      const name = await aGateway();
      const client = modernOf('bob', OPENS_PAGES);
      const first = (await client.call(`${name}-echo`, { me: 'bob' })).answer?.result;
      expect(first).toMatchObject({ resultType: 'input_required' });
      const { method, params } = first.inputRequests.login;
      expect([method, params.mode]).toEqual(['elicitation/create', 'url']);
      const retry = client.request('tools/call', {
        name: `${name}-echo`,
        arguments: { me: 'bob' },
        inputResponses: { login: { action: 'accept' } },
        requestState: first.requestState as string,
      });
      await finish(await open(params.url as string, 'bob'), 'bob');
      expect((await retry).raw).toContain('served');
      expect(upstream.requests.at(-1)).toMatchObject({ person: 'bob', me: 'bob' });
    });

    it('takes a no of a modern client for one', async () => {
      const name = await aGateway();
      const client = modernOf('bob', OPENS_PAGES);
      const first = (await client.call(`${name}-echo`)).answer?.result;
      const { answer } = await client.request('tools/call', {
        name: `${name}-echo`,
        arguments: {},
        inputResponses: { login: { action: 'decline' } },
        requestState: first.requestState as string,
      });
      expect(answer?.result).toMatchObject({ isError: true });
    });

    it('lets nobody else use the link', async () => {
      const name = await aGateway();
      const link = linkIn((await (await clientOf('bob')).call(`${name}-echo`)).raw);
      const refused = await open(link, 'mallory');
      expect([refused.status, refused.text]).toEqual([
        403,
        expect.stringMatching(/somebody else[^]*<form/),
      ]);
      expect(refused.headers.get('set-cookie')).toBeNull();
      const stranger = await fetch(link, { redirect: 'manual' });
      expect([stranger.status, stranger.headers.get('location')]).toEqual([401, null]);
      expect((await open(`${link}x`, 'bob')).status).toBe(400);
      // The way back counts in the browser that began, or with the same credential.
      const { callback } = await consent(await open(link, 'bob'), 'mallory');
      const elsewhere = await fetch(callback, { headers: bearer('mallory') });
      expect(elsewhere.status).toBe(403);
      expect((await (await clientOf('bob')).call(`${name}-echo`)).raw).toContain('oauth/login');
    });

    it('asks who it is where nobody has to say so', async () => {
      const strict = gateway;
      await gateway.stop();
      gateway = await startGateway({ dir: strict.dir, env: { AUTH_REQUIRED: 'false' } });
      rest = restClient(gateway.url, token('alice'));
      try {
        const name = await aGateway();
        const link = linkIn((await (await clientOf('bob')).call(`${name}-echo`)).raw);
        const page = await fetch(link, { redirect: 'manual' });
        expect([page.status, await page.text()]).toEqual([401, expect.stringContaining('<form')]);
        const ticket = new URL(link).searchParams.get('ticket') ?? '';
        const sent = await fetch(`${gateway.url}/oauth/login`, {
          method: 'POST',
          body: new URLSearchParams({ ticket, user: '', secret: token('bob') }),
        });
        expect([sent.status, await sent.text()]).toEqual([
          200,
          expect.stringContaining('Continue'),
        ]);
      } finally {
        await gateway.stop();
        gateway = await startGateway({ dir: strict.dir });
        rest = restClient(gateway.url, token('alice'));
      }
    });

    it('asks a browser without a credential who it is, and takes the token of nobody else', async () => {
      const name = await aGateway();
      const link = linkIn((await (await clientOf('bob')).call(`${name}-echo`)).raw);
      const page = await fetch(link);
      const html = await page.text();
      expect(page.headers.get('content-type')).toContain('text/html');
      const ticket = /name="ticket" value="([^"]+)"/.exec(html)?.[1] ?? '';
      const send = (secret: string) =>
        fetch(`${gateway.url}/oauth/login`, {
          method: 'POST',
          body: new URLSearchParams({ ticket, user: '', secret }),
        });
      expect((await send('wrong')).status).toBe(401);
      expect((await send(token('mallory'))).status).toBe(403);
      const sent = await send(token('bob'));
      const to = /href="([^"]+)"/.exec(await sent.text())?.[1]?.replaceAll('&amp;', '&');
      const headers = sent.headers;
      await finish({ status: 200, headers, json: () => ({ authorizationUrl: to }) }, 'bob');
      expect((await (await clientOf('bob')).call(`${name}-echo`, { me: 'bob' })).raw).toContain(
        'served',
      );
    });
  });

  it('asks again when the login is of no use any more, and only who has lost it', async () => {
    const name = await aGateway();
    for (const person of PERSONS) await logIn(name, person);
    const clients = { alice: await clientOf('alice'), bob: await clientOf('bob') };
    upstream.revoke();
    const { raw } = await clients.bob.call(`${name}-echo`);
    expect(linkIn(raw)).not.toBe('');
    await finish(await open(linkIn(raw), 'bob'), 'bob');
    expect((await clients.bob.call(`${name}-echo`, { me: 'bob' })).raw).toContain('served');
    expect(linkIn((await clients.alice.call(`${name}-echo`)).raw)).not.toBe('');
  });

  it('asks for a wider login when a call takes one, and leaves those of others alone', async () => {
    const name = await aGateway({}, {}, ['read']);
    for (const person of PERSONS) await logIn(name, person);
    const client = await clientOf('bob');
    const link = linkIn((await client.call(`${name}-echo`)).raw);
    const granted = (await restOf('alice')('GET', '/oauth/logins')).json() as Loose[];
    expect(granted).toMatchObject([{ needsLogin: false, scope: 'read' }]);
    await finish(await open(link, 'bob'), 'bob');
    expect((await client.call(`${name}-echo`, { me: 'bob' })).raw).toContain('served');
    expect((await rest('GET', `/gateways/${name}`)).json()).toMatchObject({ needsLogin: false });
  });

  it('shows each person its own logins, and forgets them when told to', async () => {
    const name = await aGateway();
    for (const person of PERSONS) await logIn(name, person);
    const ofGateway = async (person: string): Promise<Loose[]> =>
      ((await restOf(person)('GET', '/oauth/logins')).json() as Loose[]).filter(
        (login) => login.gateway === name,
      );
    expect(await ofGateway('bob')).toMatchObject([{ needsLogin: false, scope: 'read write' }]);
    expect(JSON.stringify(await ofGateway('bob'))).not.toContain('oken');
    const client = await clientOf('bob');
    expect((await client.call(`${name}-echo`)).raw).toContain('served');
    expect((await restOf('bob')('DELETE', `/oauth/logins/${name}`)).status).toBe(204);
    expect(await ofGateway('bob')).toEqual([]);
    expect(linkIn((await client.call(`${name}-echo`)).raw)).not.toBe('');
    expect((await (await clientOf('alice')).call(`${name}-echo`)).raw).toContain('served');
    await rest('DELETE', `/gateways/${name}`);
    expect(await ofGateway('alice')).toEqual([]);
  });

  it('lets nobody end what is not its own by logging out', async () => {
    const name = await aGateway({ keepsSessions: true });
    const config = { oauthConfig: { scopes: ['read', 'write'] } };
    expect((await rest('PUT', `/gateways/${name}`, config)).status).toBe(200);
    const client = await clientOf('bob');
    expect((await client.call(`${name}-echo`)).raw).toContain('served');
    const initialized = () => upstream.requests.filter((r) => r.method === 'initialize').length;
    const before = initialized();
    for (const id of [name, 'nowhere'])
      expect((await restOf('bob')('DELETE', `/oauth/logins/${id}`)).status).toBe(204);
    expect((await client.call(`${name}-echo`)).raw).toContain('served');
    expect(initialized()).toBe(before);
  });

  it('gets nothing from who has logged out, not even the end of what was open', async () => {
    const name = await aGateway({ keepsSessions: true });
    await logIn(name, 'bob');
    const client = await clientOf('bob', OPENS_PAGES);
    expect((await client.call(`${name}-echo`)).raw).toContain('served');
    const before = upstream.strangers.length;
    expect((await restOf('bob')('DELETE', `/oauth/logins/${name}`)).status).toBe(204);
    upstream.hangUp();
    expect((await client.call(`${name}-echo`)).answer?.error).toMatchObject({ code: -32042 });
    expect(upstream.strangers.slice(before)).toEqual([]);
  });

  it('is read anew after another login of the same person', async () => {
    const name = await aGateway({ isModern: true, keepsSessions: true });
    const client = modernOf('bob');
    const read = async () => (await client.request('resources/read', { uri: 'note://one' })).raw;
    await logIn(name, 'bob');
    expect(await read()).toContain('note of bob');
    expect((await restOf('bob')('DELETE', `/oauth/logins/${name}`)).status).toBe(204);
    expect(linkIn(await read())).not.toBe('');
    await finish(await restOf('bob')('POST', `/oauth/logins/${name}`), 'second');
    expect(await read()).toContain('note of second');
  });

  describe('and is watched', () => {
    const uri = 'note://one';
    const updates = async (events: SseReader | null): Promise<Loose> =>
      JSON.parse((await events?.next())?.data ?? '{}');
    const subscribers = () =>
      upstream.requests
        .filter(({ method }) => method === 'resources/subscribe')
        .map(({ person, sessionOf }) => [person, sessionOf]);

    it('tells each person on a session of its own, and anew after another login', async () => {
      const name = await aGateway({ keepsSessions: true });
      for (const person of PERSONS) await logIn(name, person);
      const abort = new AbortController();
      const streams = new Map<string, SseReader | null>();
      for (const person of PERSONS) {
        const client = await clientOf(person);
        streams.set(person, (await client.listen(abort.signal)).events);
        const { answer } = await client.request('resources/subscribe', { uri });
        expect(answer?.result).toEqual({});
      }
      const modern = await modernOf('bob').subscribe(
        { resourceSubscriptions: [uri] },
        abort.signal,
      );
      expect(await updates(modern.events)).toMatchObject({
        method: 'notifications/subscriptions/acknowledged',
      });
      expect(subscribers()).toEqual([
        ['alice', 'alice'],
        ['bob', 'bob'],
      ]);
      const told = { method: 'notifications/resources/updated', params: { uri } };
      await eventually('both streams stand above', () => Promise.resolve(upstream.listening >= 2));
      upstream.touch();
      for (const events of [...streams.values(), modern.events])
        expect(await updates(events)).toMatchObject(told);
      expect((await restOf('bob')('DELETE', `/oauth/logins/${name}`)).status).toBe(204);
      await logIn(name, 'bob');
      await eventually('bob is subscribed again', () =>
        Promise.resolve(subscribers().length === 3 && upstream.listening >= 3),
      );
      expect(subscribers()[2]).toEqual(['bob', 'bob']);
      upstream.touch();
      expect(await updates(modern.events)).toMatchObject(told);
      abort.abort();
    });

    it('is heard on a listen that was opened before the login', async () => {
      const name = await aGateway({ keepsSessions: true });
      const abort = new AbortController();
      const listen = { resourceSubscriptions: [uri] };
      const { events } = await modernOf('bob').subscribe(listen, abort.signal);
      await updates(events);
      await logIn(name, 'bob');
      await eventually('bob is subscribed', () => Promise.resolve(upstream.listening === 1));
      upstream.touch();
      expect(await updates(events)).toMatchObject({ params: { uri } });
      abort.abort();
    });

    it('sends who has not logged in to the page', async () => {
      await aGateway({ keepsSessions: true });
      const ask = async (client: HttpClient) =>
        (await client.request('resources/subscribe', { uri })).answer?.error;
      expect(await ask(await clientOf('bob', OPENS_PAGES))).toMatchObject({ code: -32042 });
      const plain = await ask(await clientOf('bob'));
      expect([plain?.code, linkIn(String(plain?.message))]).toEqual([
        40305,
        expect.stringContaining('ticket='),
      ]);
      expect(subscribers()).toEqual([]);
    });
  });

  it('refuses a login of nobody, and one where the gateway has one for all', async () => {
    const name = await aGateway();
    expect((await restClient(gateway.url, null)('POST', `/oauth/logins/${name}`)).status).toBe(401);
    const config = { oauthConfig: { scopes: ['read'] } };
    expect((await rest('PUT', `/gateways/${name}`, config)).status).toBe(200);
    expect((await rest('POST', `/oauth/logins/${name}`)).status).toBe(400);
    const wrong = { oauthConfig: { perUser: 'yes' } };
    expect((await rest('PUT', `/gateways/${name}`, wrong)).status).toBe(422);
  });
});
