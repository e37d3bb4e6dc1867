import { aWorld, type World } from '../drive/world.js';

/** API.md §2.3, §2.4: what the upstream of an item says, over REST. */
describe('routes that read items', () => {
  let world: World;
  beforeAll(async () => {
    world = await aWorld({ upstream: { only: ['ok'] } });
  });
  afterAll(() => world.end());

  const content = (uri: string): string => `/resources/${encodeURIComponent(uri)}/content`;

  it('give the bytes of a resource, by id and by URI', async () => {
    const [one] = (await world.rest('GET', '/resources?q=test://one')).json();
    for (const path of [`/resources/${one.id}/content`, content('test://one')]) {
      const answer = await world.rest('GET', path);
      expect([answer.status, answer.text]).toEqual([200, 'content of test://one']);
      expect(answer.headers.get('content-type')).toBe('text/plain');
      expect(answer.headers.get('cache-control')).toBe('no-cache');
      expect(answer.headers.get('content-disposition')).toBe('attachment');
    }
  });

  it('are counted as calls of the API', async () => {
    await world.rest('GET', content('test://one'));
    const metrics = (await world.rest('GET', '/metrics', undefined, { accept: 'text/plain' })).text;
    const counted = /^mcpgateway_mcp_requests_total\{[^}]*"resources\/read",transport="([a-z]+)"/gm;
    expect([...metrics.matchAll(counted)].map((found) => found[1])).toEqual(['rest']);
  });

  it.each([
    ['/resources/test://one/content', 404, 'route_not_found'],
    ['/resources/test:/one/info', 404, 'route_not_found'],
    ['/resources/test%3A%2F%2F%zz/info', 400, 'invalid_request'],
    ['/resources/test%3A%2F%2Fa%2520b/content', 404, 'resource_not_found'],
    ['/resources/a%2Fb/info', 404, 'resource_not_found'],
  ])('take a URI as one encoded segment: %s is %i %s', async (path, status, code) => {
    const answer = await world.rest('GET', path);
    expect([answer.status, answer.json().code]).toEqual([status, code]);
    if (code === 'resource_not_found')
      expect(answer.json().detail).toContain(decodeURIComponent(path.split('/')[2] ?? ''));
  });

  it('give binary content, parts of it, and nothing to who has it', async () => {
    const at = world.url + content('test://items/bytes');
    const authorization = `Bearer ${world.token}`;
    const whole = await fetch(at, { headers: { authorization } });
    expect(whole.headers.get('content-type')).toBe('image/x-kit');
    expect([...new Uint8Array(await whole.arrayBuffer())]).toEqual([0, 1, 2, 255]);
    const part = await fetch(at, { headers: { authorization, range: 'bytes=2-' } });
    expect(part.status).toBe(206);
    expect([...new Uint8Array(await part.arrayBuffer())]).toEqual([2, 255]);
    const etag = String(whole.headers.get('etag'));
    const again = await fetch(at, { headers: { authorization, 'if-none-match': etag } });
    expect(again.status).toBe(304);
    const beyond = await world.rest('GET', content('test://items/bytes'), undefined, {
      range: 'bytes=9-',
    });
    expect(beyond.status).toBe(416);
    expect(beyond.json().code).toBe('range_not_satisfiable');
  });

  it('do not let an upstream write headers, and say where it gave nothing', async () => {
    const evil = await world.rest('GET', content('test://items/badtype'));
    expect(evil.headers.get('content-type')).toBe('text/plain');
    expect(evil.headers.get('x-evil')).toBeNull();
    expect((await world.rest('GET', content('test://items/nothing'))).status).toBe(502);
    expect((await world.rest('GET', content('test://nope/at/all'))).status).toBe(404);
  });

  it('render a prompt, the arguments in their own member or alone', async () => {
    const expected = {
      messages: [{ role: 'user', content: { type: 'text', text: 'Hello 7' } }],
      description: null,
    };
    const render = await world.rest('POST', '/prompts/kit-greet/render', {
      arguments: { name: 7 },
      version: null,
      label: 'latest',
    });
    expect([render.status, render.json()]).toEqual([200, expected]);
    const plain = await world.rest('POST', '/prompts/kit-greet', { name: '7' });
    expect(plain.json()).toEqual(expected);
  });

  it('name the argument that misses, as older clients read it', async () => {
    const answer = await world.rest('POST', '/prompts/kit-greet/render', {});
    expect(answer.status).toBe(422);
    const problem = answer.json();
    expect(problem.message).toContain("'name'");
    expect(problem.details).toContain("'name'");
    expect(problem.detail).toBe(problem.message);
  });

  it('know no older version of what an upstream renders', async () => {
    const given = { arguments: { name: 'A' }, version: 9 };
    const answer = await world.rest('POST', '/prompts/kit-greet/render', given);
    expect([answer.status, answer.json().detail]).toEqual([404, 'Prompt not found: kit-greet@9']);
    const plain = await world.rest('POST', '/prompts/kit-greet?label=old', { name: 'A' });
    expect(plain.status).toBe(404);
  });

  it('need the permission of the kind', async () => {
    const anonymous = await fetch(world.url + content('test://one'));
    expect(anonymous.status).toBe(401);
  });
});
