import { aGateway } from '../../../test/builders/catalog.js';
import type { ClientView } from '../../kernel/call.js';
import type { Caller } from '../../kernel/caller.js';
import { declaredTo, sessionKey, sharingOf } from './session-key.js';

const client = (more: Partial<ClientView> = {}) => ({ sessionId: 's1', ...more }) as ClientView;
const alice = { principalHash: 'alice' } as Caller;
const bob = { principalHash: 'bob' } as Caller;

describe('sharingOf', () => {
  it('shares until the upstream asks its clients, and again where it keeps no session', () => {
    expect(sharingOf(aGateway(), false)).toBe('shared');
    expect(sharingOf(aGateway({ asksClient: true }), false)).toBe('per-session');
    expect(sharingOf(aGateway({ asksClient: true }), true)).toBe('shared');
  });

  it('shares no session where upstreams keep tasks on it', () => {
    const tasks = { requests: { tools: { call: {} } } };
    expect(sharingOf(aGateway({ capabilities: { tasks } }), false)).toBe('per-session');
    expect(sharingOf(aGateway({ capabilities: { tasks } }), true)).toBe('shared');
  });

  it.each(['shared', 'per-session', 'per-principal'] as const)('obeys the owner: %s', (mode) => {
    for (const asksClient of [false, true])
      for (const isStateless of [false, true])
        expect(sharingOf(aGateway({ sessionMode: mode, asksClient }), isStateless)).toBe(mode);
  });
});

describe('sharingOf where each person has a login', () => {
  const personal = (more: Parameters<typeof aGateway>[0] = {}) =>
    sharingOf(aGateway({ loginPerUser: true, ...more }), true);

  it('keeps persons apart, whatever the owner or the era would share', () => {
    expect(personal()).toBe('per-principal');
    expect(personal({ sessionMode: 'shared' })).toBe('per-principal');
    expect(personal({ era: 'modern' })).toBe('per-principal');
    expect(personal({ sessionMode: 'per-session' })).toBe('per-session');
  });
});

describe('sessionKey', () => {
  it('shares by capability set alone', () => {
    expect(sessionKey('shared', alice, client(), '{}')).toBe(
      sessionKey('shared', bob, client({ sessionId: 's2' }), '{}'),
    );
    expect(sessionKey('shared', alice, client(), '{}')).not.toBe(
      sessionKey('shared', alice, client(), '{"roots":{}}'),
    );
  });

  it('keeps persons apart, and the sessions of one person', () => {
    const other = client({ sessionId: 's2' });
    const principal = sessionKey('per-principal', alice, client(), '{}');
    expect(principal).toBe(sessionKey('per-principal', alice, other, '{}'));
    expect(principal).not.toBe(sessionKey('per-principal', bob, client(), '{}'));
    const session = sessionKey('per-session', alice, client(), '{}');
    expect(session).not.toBe(sessionKey('per-session', alice, other, '{}'));
  });

  it('goes by the person where there is no session', () => {
    const none = client({ sessionId: null });
    expect(sessionKey('per-session', alice, none, '{}')).not.toBe(
      sessionKey('per-session', bob, none, '{}'),
    );
  });
});

describe('declaredTo', () => {
  it('is equal for equal sets, however they are written', () => {
    const gateway = aGateway();
    expect(declaredTo(gateway, '{"sampling":{"x":1}, "roots":{"listChanged":true}}')).toBe(
      declaredTo(gateway, '{"roots":{},"sampling":{}}'),
    );
  });

  it('takes up extensions that the gateway lists, apps always, others never', () => {
    const gateway = aGateway({ capabilities: { extensions: { 'a/known': {} } } });
    const said =
      '{"extensions":{"a/known":{"n":1.0},"b/other":{},"io.modelcontextprotocol/ui":{"m":[]},"toString":{}}}';
    expect(declaredTo(gateway, said)).toBe(
      '{"extensions":{"a/known":{"n":1.0},"io.modelcontextprotocol/ui":{"m":[]}}}',
    );
  });

  it('is bounded whatever a client says', () => {
    const gateway = aGateway({ capabilities: { extensions: { 'a/known': {} } } });
    const huge = `{"roots":{},"extensions":{"a/known":{"x":"${'y'.repeat(10_000)}"}}}`;
    expect(declaredTo(gateway, huge)).toBe('{"roots":{}}');
  });
});
