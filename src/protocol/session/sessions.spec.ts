import type { Caller } from '../../kernel/caller.js';
import type { ServerId } from '../../kernel/ids.js';
import { LIST_CHANGED } from '../../kernel/mcp.js';
import { loadConfig } from '../../config/load-config.js';
import { Sealer } from '../../platform/crypto/sealer.js';
import type { Meters } from '../../platform/metrics/meters.js';
import { MemoryKv } from '../../platform/kv/memory.kv.js';
import {
  bridgedCapabilities,
  MAX_SEALED_EXTENSIONS as SEALED,
  shortClientInfo,
} from './client-facts.js';
import { HeldSessions } from './held.js';
import { Sessions } from './sessions.js';

const config = (secret: string) =>
  loadConfig({ JWT_SECRET_KEY: 'k'.repeat(40), AUTH_ENCRYPTION_SECRET: secret });
const replica = (secret = 'e'.repeat(40)) =>
  new Sessions(new Sealer(config(secret)), new MemoryKv(), new HeldSessions(config(secret)), {
    sessions: () => undefined,
  } as unknown as Meters);
const caller = (principalHash: string) => ({ principalHash }) as Caller;
const alice = caller('alice-hash');
const facts = {
  caller: alice,
  serverId: null,
  revision: '2025-06-18',
  capabilities: '{"sampling":{}}',
  clientInfo: '{"name":"c","version":"1"}',
  seen: { tools: 'a', resources: 'b', resourceTemplates: 'c', prompts: 'd' },
} as const;
const refused = expect.objectContaining({ code: 'session_not_found' }) as Error;

describe('Sessions', () => {
  it('seals a session that any replica with the key opens', () => {
    const id = replica().create(facts);
    expect(id).toMatch(/^mg1\.[\x21-\x7e]+$/);
    expect(id.length).toBeLessThanOrEqual(1024);
    const { view, mutedView } = replica().open(id, alice, null);
    expect(view).toMatchObject({ revision: '2025-06-18', capabilities: '{"sampling":{}}' });
    expect(mutedView.capabilities).toBe('{}');
  });

  it('answers foreign, misplaced, altered and unknown ids alike', () => {
    const sessions = replica();
    const id = sessions.create(facts);
    const open =
      (text: string, who = alice, server: ServerId | null = null) =>
      () =>
        sessions.open(text, who, server);
    expect(open(id)).not.toThrow();
    expect(open(id, caller('bob-hash'))).toThrow(refused);
    expect(open(id, alice, 'x' as ServerId)).toThrow(refused);
    for (const bad of [
      '',
      'x',
      'mg1.',
      'mg1.AAAA',
      id + 'A',
      id.slice(0, -1),
      'mg1.' + 'A'.repeat(5000),
    ])
      expect(open(bad)).toThrow(refused);
    for (let i = 4; i < id.length; i++) {
      const flipped = id.slice(0, i) + (id[i] === 'A' ? 'B' : 'A') + id.slice(i + 1);
      expect(open(flipped)).toThrow(refused);
    }
    expect(() => replica('f'.repeat(40)).open(id, alice, null)).toThrow(refused);
  });

  it('never opens a session again that was ended', () => {
    const sessions = replica();
    const id = sessions.create(facts);
    sessions.end(sessions.open(id, alice, null));
    expect(() => sessions.open(id, alice, null)).toThrow(refused);
  });

  it('refuses an id that is too old', () => {
    const sessions = replica();
    const id = sessions.create(facts);
    const now = Date.now();
    const clock = jest.spyOn(Date, 'now').mockReturnValue(now + 8 * 86_400_000);
    expect(() => sessions.open(id, alice, null)).toThrow(refused);
    clock.mockRestore();
  });

  it('keeps a log level per session', () => {
    const sessions = replica();
    expect(sessions.level('a')).toBe('info');
    sessions.setLevel('a', 'error');
    expect([sessions.level('a'), sessions.level('b')]).toEqual(['error', 'info']);
  });

  it('forgets an id that rests and opens it again', () => {
    const sessions = replica();
    const id = sessions.create(facts);
    expect(sessions.open(id, alice, null)).toMatchObject({ missed: new Set(), seen: facts.seen });
    sessions.forgetIdle(performance.now() - 60_000);
    expect(sessions.size).toBe(1);
    sessions.forgetIdle(performance.now() + 1);
    expect(sessions.size).toBe(0);
    expect(sessions.open(id, alice, null)).toMatchObject({
      missed: new Set(Object.values(LIST_CHANGED)),
      seen: null,
    });
  });
});

describe('client facts', () => {
  it('gives equal sets one form, without what is not bridged', () => {
    const a = bridgedCapabilities(
      '{"sampling":{},"experimental":{"x":1}, "elicitation": { }}',
      SEALED,
    );
    const b = bridgedCapabilities('{"elicitation":{},"sampling":{}}', SEALED);
    expect(a).toBe(b);
    expect(a).toBe('{"elicitation":{"form":{}},"sampling":{}}');
  });

  it('stays small whatever a client says', () => {
    const dropped: string[] = [];
    const large = `{"sampling":{},"extensions":{"a":{"x":"${'y'.repeat(5000)}"},"b":{"n":1}}}`;
    const text = bridgedCapabilities(large, SEALED, (names) => dropped.push(...names));
    expect(text).toBe('{"extensions":{"b":{"n":1}},"sampling":{}}');
    expect(dropped).toEqual(['a']);
    const widest =
      '{"sampling":{"tools":{},"context":{}},"roots":{},"elicitation":{"form":{},"url":{}},"extensions":{"e":{"x":"' +
      `${'y'.repeat(200)}"}}}`;
    const id = replica().create({
      ...facts,
      caller: caller('h'.repeat(43)),
      serverId: '00000000-0000-4000-8000-000000000000' as ServerId,
      capabilities: bridgedCapabilities(widest, SEALED),
      clientInfo: shortClientInfo(`{"name":"${'n'.repeat(64)}","version":"${'v'.repeat(64)}"}`),
    });
    expect(id.length).toBeLessThanOrEqual(1024);
    expect(bridgedCapabilities(`{"sampling":{"x":"${'y'.repeat(5000)}"}}`, SEALED)).toBe(
      '{"sampling":{}}',
    );
    expect(shortClientInfo(`{"name":"${'n'.repeat(500)}"}`).length).toBeLessThan(120);
    for (const odd of [undefined, '[]', '7', '"x"'])
      expect(bridgedCapabilities(odd, SEALED)).toBe('{}');
  });
});
