import { aCaller } from '../../test/builders/caller.js';
import { alice, aRegistry, listed, type Registry } from '../../test/builders/registry.js';
import { SYSTEM_ACTOR } from '../kernel/caller.js';
import type { GatewayId } from '../kernel/ids.js';
import type { Discovered, NewGateway } from './discovered.js';

const caller = aCaller();
const tool = (name: string, more = '') => ({
  name,
  text: `{"x-first":1.0,"name":${JSON.stringify(name)},"inputSchema":{"type":"object"}${more}}`,
});
const found = (...tools: ReturnType<typeof tool>[]): Discovered => ({
  transport: 'STREAMABLEHTTP',
  capabilities: { tools: {} },
  serverInfo: null,
  instructions: null,
  protocolVersion: '2025-11-25',
  era: 'legacy',
  eraAt: '2026-01-01T00:00:00.000Z',
  tools,
  skipped: [],
});
const http = (name: string, more: Partial<NewGateway> = {}): NewGateway => ({
  name,
  url: 'http://127.0.0.1:9/mcp',
  ...more,
});

describe('gateways', () => {
  let registry: Registry;
  beforeEach(async () => {
    registry = await aRegistry();
  });
  afterEach(() => registry.close());

  it('shows the tools of a new gateway at once, every member and its order kept', async () => {
    await registry.add(http('time_server'), found(tool('get_system_time')));
    expect(registry.view().listText('tools', 'legacy')).toBe(
      '{"tools":[{"x-first":1.0,"name":"time-server-get-system-time","inputSchema":{"type":"object"}}]}',
    );
    expect(registry.view().tool('time-server-get-system-time').tool.originalName).toBe(
      'get_system_time',
    );
    expect(registry.view().tool('get_system_time').shownName).toBe('time-server-get-system-time');
  });

  it('keeps ids over refresh and over delete and registration', async () => {
    const gateway = await registry.add(http('time'), found(tool('echo')));
    const before = registry.view().tool('time-echo').tool.id;
    const server = await registry.servers.create(
      { name: 'clock', associatedTools: ['time-echo'] },
      alice,
      caller,
    );
    await registry.gateways.delete(gateway.id);
    expect(registry.servers.missing(server)).toEqual([
      { kind: 'tool', id: before, name: 'time-echo' },
    ]);
    await registry.add(http('time'), found(tool('echo')));
    expect(registry.view().tool('time-echo').tool.id).toBe(before);
    expect(registry.servers.missing(server)).toEqual([]);
    expect(registry.catalog.view(caller, server.id).tool('time-echo').tool.id).toBe(before);
  });

  it('keeps the edits of the owner over a refresh', async () => {
    const gateway = await registry.add(http('g'), found(tool('a')));
    const { id } = registry.view().tool('g-a').tool;
    await registry.tools.update(
      id,
      {
        customName: 'best',
        description: 'mine',
        tags: ['B x', 'aa'],
        meta: { k: 1 },
        timeoutMs: 5,
      },
      alice,
    );
    const result = await registry.gateways.applySync(
      gateway.id,
      found(tool('a', ',"description":"theirs","_meta":{"u":2}'), tool('b')),
      SYSTEM_ACTOR,
    );
    expect(result).toMatchObject({ toolsAdded: 1, toolsUpdated: 1, toolsRemoved: 0 });
    const entry = registry.view().tool('g-best');
    expect(entry.tool).toMatchObject({ id, tags: ['aa', 'b-x'], timeoutMs: 5, version: 3 });
    expect(registry.view().listText('tools', 'legacy')).toContain(
      '"description":"mine","_meta":{"u":2,"k":1}}',
    );
    expect(registry.names()).toEqual(['g-b', 'g-best']);
  });

  it('does not swap the catalog for a refresh without difference', async () => {
    const gateway = await registry.add(http('g'), found(tool('a')));
    const { snapshot } = registry.catalog;
    await registry.gateways.applySync(gateway.id, found(tool('a')), SYSTEM_ACTOR);
    expect(registry.catalog.snapshot).toBe(snapshot);
  });

  it('keeps old items of a list that failed', async () => {
    const gateway = await registry.add(http('g'), found(tool('a')));
    const { tools: _, ...failed } = found();
    await registry.gateways.applySync(gateway.id, failed, SYSTEM_ACTOR);
    expect(registry.names()).toEqual(['g-a']);
  });

  it('gives a discovered newcomer a suffix and the old one its name', async () => {
    await registry.add(http('a'), found(tool('b-c')));
    await registry.add(http('a b'), found(tool('c')));
    const names = registry.names();
    expect(names[0]).toBe('a-b-c');
    expect(names[1]).toMatch(/^a-b-c-[0-9a-f]{8}$/);
    expect(registry.view().tool('a-b-c').gateway.name).toBe('a');
    expect(registry.view().tool(names[1] ?? '').gateway.name).toBe('a b');
  });

  it('shows original names while they are unique', async () => {
    await registry.add(http('a', { nameMode: 'original' }), found(tool('get_it')));
    await registry.add(http('b', { nameMode: 'original' }), found(tool('GET_IT')));
    expect(registry.names()).toEqual(['b-get-it', 'get_it']);
  });

  it('leaves out bad items alone and says why', async () => {
    const bad = { name: 'bad', text: '{"name":"bad","inputSchema":{"type":"objekt"}}' };
    const gateway = await registry.add(http('g'), found(tool('ехо'), bad, tool('ok'), tool('ok')));
    expect(registry.names()).toEqual(['g-ok']);
    expect(gateway.skippedItems.map((s) => s.name)).toEqual(['ехо', 'bad', 'ok']);
  });

  it('warns of a schema that cannot be enforced and lists the tool', async () => {
    const text =
      '{"name":"p","inputSchema":{"type":"object","properties":{"a":{"pattern":"(?=x)"}}}}';
    await registry.add(http('g'), found({ name: 'p', text }));
    const entry = registry.view().tool('g-p');
    expect(entry.schema().check('{"a":7}')).toEqual([]);
    expect(entry.tool.warnings[0]).toContain('not checked');
  });

  it('takes the items of an unhealthy gateway out of lists and names it', async () => {
    const gateway = await registry.add(http('down'), found(tool('a')));
    await registry.gateways.setHealth(gateway.id, { status: 'unhealthy', reachable: false });
    await registry.catalog.rebuild();
    expect(registry.view().listText('tools', 'legacy')).toBe(
      '{"tools":[],"_meta":{"io.mcpgateway/missing":["down"]}}',
    );
    expect(() => registry.view().tool('down-a')).toThrow(
      expect.objectContaining({ code: 'upstream_unavailable' }),
    );
  });

  it('hides disabled tools and gateways', async () => {
    const gateway = await registry.add(http('g'), found(tool('a'), tool('b')));
    await registry.tools.setEnabled(registry.view().tool('g-a').tool.id, false, alice);
    expect(registry.names()).toEqual(['g-b']);
    expect(() => registry.view().tool('g-a')).toThrow("Tool 'g-a' is disabled");
    await registry.gateways.setEnabled(gateway.id, false, alice);
    expect(registry.names()).toEqual([]);
  });

  it('renames tools with their gateway, and refuses a taken or an outdated write', async () => {
    const gateway = await registry.add(http('old'), found(tool('a')));
    await registry.gateways.update(gateway.id, { name: 'New Name' }, alice, 1);
    expect(registry.names()).toEqual(['new-name-a']);
    await expect(registry.gateways.update(gateway.id, {}, alice, 1)).rejects.toMatchObject({
      code: 'precondition_failed',
    });
    await expect(registry.gateways.draft(http('new name'), alice)).rejects.toMatchObject({
      code: 'gateway_conflict',
    });
    await expect(registry.gateways.get('nope')).rejects.toMatchObject({
      code: 'gateway_not_found',
    });
    expect((await registry.gateways.get('new-name')).id).toBe(gateway.id);
  });

  it('answers a custom name that is taken with 409', async () => {
    await registry.add(http('g'), found(tool('a'), tool('b')));
    const { id } = registry.view().tool('g-a').tool;
    await expect(registry.tools.update(id, { customName: 'B' }, alice)).rejects.toMatchObject({
      code: 'name_conflict',
    });
  });

  it('seals credentials, keeps them for *****, and asks again at another origin', async () => {
    const auth = { authType: 'bearer', authToken: 's3cret' } as const;
    const gateway = await registry.add(http('sec', auth), null);
    expect(JSON.stringify(gateway)).not.toContain('s3cret');
    const kept = await registry.gateways.update(gateway.id, { authToken: '*****' }, alice);
    expect(registry.gateways.credential(kept).headers).toEqual({ authorization: 'Bearer s3cret' });
    const moved = { url: 'http://127.0.0.1:10/mcp' };
    for (const patch of [moved, { ...moved, authToken: '*****' }])
      await expect(registry.gateways.update(gateway.id, patch, alice)).rejects.toMatchObject({
        code: 'secret_required',
      });
    await registry.gateways.update(gateway.id, { ...moved, authToken: 'other' }, alice);
    const none = await registry.gateways.update(gateway.id, { authType: 'none' }, alice);
    expect(none.authSealed).toBeNull();
  });

  it.each([
    [{ url: 'javascript:alert(1)' }, '/url'],
    [{ name: '<script>' }, '/name'],
    [
      { authType: 'authheaders', authHeaders: [{ key: 'X', value: 'a\r\nY: b' }] },
      '/authHeaders/0',
    ],
    [{ authType: 'authheaders', authHeaders: [{ key: 'a b', value: 'x' }] }, '/authHeaders/0'],
    [{ authType: 'authheaders', authHeaders: [{ key: 'Host', value: 'x' }] }, '/authHeaders/0'],
    [{ authType: 'basic', authUsername: 'u' }, '/authPassword'],
    [{ maxConcurrency: 1001 }, '/maxConcurrency'],
    [{ tags: ['x'] }, '/tags/0'],
  ] as const)('refuses %j', async (fields, pointer) => {
    await expect(registry.gateways.draft({ ...http('g'), ...fields }, alice)).rejects.toMatchObject(
      {
        code: 'validation_failed',
        extras: { errors: [expect.objectContaining({ pointer })] },
      },
    );
  });

  describe('where each person logs in', () => {
    const personal = { authType: 'oauth', oauthConfig: { perUser: true } } as const;

    it.each([
      ['is deleted', (id: GatewayId) => registry.gateways.delete(id)],
      [
        'gets another address',
        (id: GatewayId) =>
          registry.gateways.update(id, { url: 'http://127.0.0.1:8/mcp', ...personal }, alice),
      ],
      [
        'has one login for all from now on',
        (id: GatewayId) => registry.gateways.update(id, { oauthConfig: {} }, alice),
      ],
      [
        'has no login at all any more',
        (id: GatewayId) => registry.gateways.update(id, { authType: 'none' }, alice),
      ],
    ])('keeps no login of a person once it %s', async (_, change) => {
      const { id, url } = await registry.add({ ...http('own'), ...personal }, null);
      expect(await registry.logins.put(id, 'alice', { url: url ?? '', record: 'x' }, null)).toBe(1);
      await registry.gateways.update(id, { description: 'still the same' }, alice);
      expect(await registry.logins.ofPerson('alice')).toHaveLength(1);
      await change(id);
      expect(await registry.logins.ofPerson('alice')).toEqual([]);
    });

    it('is none that is a process', async () => {
      const stdio = { url: null, transport: 'STDIO', command: '/usr/bin/true' } as const;
      const draft = registry.gateways.draft(
        { ...http('own'), ...stdio, ...personal, trusted: true },
        alice,
      );
      await expect(draft).rejects.toMatchObject({
        extras: { errors: [expect.objectContaining({ pointer: '/oauthConfig/perUser' })] },
      });
    });
  });

  it('refuses metadata addresses and processes that are not allowed', async () => {
    const draft = (input: Partial<NewGateway>) =>
      registry.gateways.draft({ ...http('g'), ...input }, alice);
    await expect(draft({ url: 'http://169.254.169.254/' })).rejects.toMatchObject({
      code: 'egress_blocked',
    });
    const stdio = { url: null, transport: 'STDIO', command: '/usr/bin/true', args: ['x'] } as const;
    await expect(draft(stdio)).rejects.toMatchObject({ code: 'feature_disabled' });
    const trusted = await draft({ ...stdio, env: { A: 'b' }, trusted: true });
    expect(registry.gateways.childEnv(trusted)).toEqual({ A: 'b' });
    await expect(
      draft({ ...stdio, env: { LD_PRELOAD: 'x' }, trusted: true }),
    ).rejects.toMatchObject({ code: 'validation_failed' });
  });
});

describe('servers', () => {
  let registry: Registry;
  beforeEach(async () => {
    registry = await aRegistry();
    await registry.add(http('a'), found(tool('x'), tool('y')));
    await registry.add(http('b'), found(tool('x')));
  });
  afterEach(() => registry.close());

  it('serve their members in the owner’s order, under original names where unique', async () => {
    const server = await registry.servers.create(
      { name: 's', nameMode: 'original', associatedTools: ['y', 'b-x', 'a-x'] },
      alice,
      caller,
    );
    const view = registry.catalog.view(caller, server.id);
    expect(listed(view.listText('tools', 'legacy'))).toEqual(['y', 'b-x', 'a-x']);
    expect(view.tool('y').tool.name).toBe('a-y');
    expect(registry.catalog.findServer('S', caller)?.id).toBe(server.id);
  });

  it('refuse unknown and ambiguous references, and names that are taken', async () => {
    const create = (...associatedTools: string[]) =>
      registry.servers.create({ name: 's', associatedTools }, alice, caller);
    await expect(create('nope')).rejects.toMatchObject({ code: 'unknown_reference' });
    await expect(create('x')).rejects.toMatchObject({ code: 'ambiguous_name' });
    await create('a-x');
    await expect(create()).rejects.toMatchObject({ code: 'name_conflict' });
  });

  it('are absent when disabled or out of scope, and so are tools out of scope', async () => {
    const server = await registry.servers.create(
      { name: 's', associatedTools: ['a-x', 'a-y'] },
      alice,
      caller,
    );
    const bound = aCaller({ scopes: { servers: ['s'], tools: ['*-x'] }, visibility: 'v1' });
    const other = aCaller({ scopes: { servers: ['t'] }, visibility: 'v2' });
    expect(listed(registry.catalog.view(bound, null).listText('tools', 'legacy'))).toEqual(['a-x']);
    expect(() => registry.catalog.view(bound, null).tool('a-y')).toThrow('Tool not found: a-y');
    expect(() => registry.catalog.view(bound, null).tool('b-x')).toThrow('Tool not found: b-x');
    expect(registry.catalog.findServer('s', other)).toBeUndefined();
    expect(() => registry.catalog.view(other, server.id)).toThrow('Server not found');
    await registry.servers.setEnabled(server.id, false, alice);
    expect(() => registry.catalog.view(caller, server.id)).toThrow('Server not found');
  });

  it('page without skipping or repeating', () => {
    const view = registry.view();
    const first = view.page('tools', { after: null, size: 2, era: 'legacy' });
    expect(listed(first.text)).toEqual(['a-x', 'a-y']);
    const second = view.page('tools', { after: first.last, size: 2, era: 'legacy' });
    expect(listed(second.text)).toEqual(['b-x']);
    expect(second.last).toBeNull();
  });

  it('list tools with filters and sealed cursors', () => {
    const page = registry.tools.list({ limit: 2 }, caller);
    expect(page).toMatchObject({ total: 3, items: [{ name: 'a-x' }, { name: 'a-y' }] });
    const cursor = page.nextCursor ?? '';
    expect(registry.tools.list({ limit: 2, cursor }, caller).items.map((t) => t.name)).toEqual([
      'b-x',
    ]);
    expect(() => registry.tools.list({ cursor }, aCaller({ principal: 'bob' }))).toThrow('Cursor');
    expect(() => registry.tools.list({ cursor, q: 'x' }, caller)).toThrow('Cursor');
    expect(registry.tools.list({ q: 'B-X', sort: '-name' }, caller).items).toHaveLength(1);
  });
});
