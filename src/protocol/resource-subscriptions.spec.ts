import { aCaller } from '../../test/builders/caller.js';
import type { Call } from '../kernel/call.js';
import type { Caller } from '../kernel/caller.js';
import { GatewayError } from '../kernel/errors.js';
import type { GatewayId } from '../kernel/ids.js';
import { loadConfig } from '../config/load-config.js';
import type { PersonLineEvents, PersonLines, Subject } from '../federation/person-lines.service.js';
import type { Watches } from '../federation/watches.service.js';
import type { CatalogService } from '../registry/catalog.service.js';
import type { CatalogView, ResourceEntry } from '../registry/entries.js';
import type { Listeners } from './listeners.js';
import { ResourceSubscriptions } from './resource-subscriptions.js';
import { HeldSessions } from './session/held.js';

/** An upstream that answers when it is told to. */
class SlowSync {
  readonly told: string[] = [];
  readonly answers: { resolve: (text: string) => void; reject: (e: Error) => void }[] = [];
  isPrompt = true;
  updated!: (gatewayId: string, uri: string, params: string) => void;
  opened!: (gatewayId: string) => void;

  onResourceUpdated(listener: SlowSync['updated']) {
    this.updated = listener;
    return () => undefined;
  }

  onTaskTold() {
    return () => undefined;
  }

  onOpened(listener: SlowSync['opened']) {
    this.opened = listener;
    return () => undefined;
  }

  watch(_id: string, uri: string, isWanted: boolean): Promise<unknown> {
    this.told.push(`${isWanted ? 'subscribe' : 'unsubscribe'} ${uri}`);
    if (this.isPrompt) return Promise.resolve('{}');
    return new Promise((resolve, reject) => this.answers.push({ resolve, reject }));
  }
}

/** Persons who each have a login at the gateway `own`. */
class SomePersons {
  readonly told: string[] = [];
  events!: PersonLineEvents;
  error: Error | null = null;

  hears(events: PersonLineEvents) {
    this.events = events;
  }

  isFor(id: string) {
    return id === 'own';
  }

  watch(caller: Caller, { name }: Subject, isWanted: boolean): Promise<void> {
    this.told.push(`${caller.principal} ${isWanted ? 'subscribes' : 'unsubscribes'} ${name}`);
    return this.error === null ? Promise.resolve() : Promise.reject(this.error);
  }
}

const callOf = (sessionId: string | null) =>
  ({ client: { sessionId }, caller: {}, serverId: null }) as Call;
const entryOf = (uri: string) => ({ gateway: { id: 'g' }, upstreamUri: uri }) as ResourceEntry;
const turn = () => new Promise<void>((next) => setImmediate(next));

function aHouse() {
  const sync = new SlowSync();
  const sent: [string, string][] = [];
  /** What a name means today, where it is not what it meant at the start. */
  const today = new Map<string, ResourceEntry | null>();
  const view = {
    resource(uri: string) {
      const entry = today.get(uri);
      if (entry === null) throw new GatewayError('resource_not_found', { uri });
      return entry ?? entryOf(uri.replace('kit+', ''));
    },
  } as CatalogView;
  const listeners = {
    send: (id: string, text: string) => sent.push([id, text]),
    viewOf: () => view,
  };
  const persons = new SomePersons();
  const held = new HeldSessions(loadConfig({ JWT_SECRET_KEY: 'k'.repeat(40) }));
  const subscriptions = new ResourceSubscriptions(
    sync as unknown as Watches,
    listeners as unknown as Listeners,
    held,
    {} as CatalogService,
    persons as unknown as PersonLines,
  );
  subscriptions.onModuleInit();
  return { sync, sent, held, persons, subscriptions, today };
}

describe('ResourceSubscriptions', () => {
  it('subscribes above once for all, and ends it with the last', async () => {
    const { sync, subscriptions, held } = aHouse();
    await Promise.all(
      ['a', 'b'].map((id) => subscriptions.subscribe(callOf(id), 'x', entryOf('x'))),
    );
    expect(sync.told).toEqual(['subscribe x']);
    expect([held.has('a'), held.has('b')]).toEqual([true, true]);
    await subscriptions.unsubscribe('a', 'x');
    expect(sync.told).toHaveLength(1);
    await subscriptions.end('b');
    expect(sync.told).toEqual(['subscribe x', 'unsubscribe x']);
    expect(subscriptions.size).toBe(0);
  });

  it('tells the upstream one thing after the other', async () => {
    const { sync, subscriptions } = aHouse();
    sync.isPrompt = false;
    const first = subscriptions.subscribe(callOf('a'), 'x', entryOf('x'));
    await turn();
    const ended = subscriptions.end('a');
    const second = subscriptions.subscribe(callOf('b'), 'x', entryOf('x'));
    await turn();
    expect(sync.told).toEqual(['subscribe x']);
    sync.answers[0]?.resolve('{}');
    await Promise.all([first, ended, second]);
    expect(sync.told).toEqual(['subscribe x']);
    expect(subscriptions.size).toBe(1);
  });

  it('keeps nothing of a session that ended while the upstream thought', async () => {
    const { sync, subscriptions } = aHouse();
    sync.isPrompt = false;
    const pending = subscriptions.subscribe(callOf('a'), 'x', entryOf('x'));
    await turn();
    const ended = subscriptions.end('a');
    sync.answers[0]?.resolve('{}');
    await pending;
    await turn();
    sync.answers[1]?.resolve('{}');
    await ended;
    expect(sync.told).toEqual(['subscribe x', 'unsubscribe x']);
    expect(subscriptions.size).toBe(0);
  });

  it('keeps nothing of a subscription that the upstream refused', async () => {
    const { sync, subscriptions } = aHouse();
    sync.isPrompt = false;
    const pending = subscriptions.subscribe(callOf('a'), 'x', entryOf('x'));
    await turn();
    sync.answers[0]?.reject(new GatewayError('upstream_error', { reason: 'no' }));
    await expect(pending).rejects.toThrow('no');
    await turn();
    expect(subscriptions.size).toBe(0);
    expect(sync.told).toEqual(['subscribe x']);
  });

  it('subscribes again on a new session above', async () => {
    const { sync, subscriptions } = aHouse();
    await subscriptions.subscribe(callOf('a'), 'x', entryOf('x'));
    sync.opened('other');
    sync.opened('g');
    await turn();
    expect(sync.told).toEqual(['subscribe x', 'subscribe x']);
  });

  it('tells those who watch, each under the name that it knows', async () => {
    const { sync, sent, subscriptions } = aHouse();
    await subscriptions.subscribe(callOf('a'), 'kit+x', entryOf('x'));
    await subscriptions.subscribe(callOf('b'), 'x', entryOf('x'));
    await subscriptions.subscribe(callOf('c'), 'y', entryOf('y'));
    sync.updated('g', 'x', '"title":"t"');
    expect(sent.map(([id]) => id)).toEqual(['a', 'b']);
    expect(JSON.parse(sent[0]?.[1] ?? '')).toMatchObject({ params: { uri: 'kit+x', title: 't' } });
    subscriptions.onModuleDestroy();
  });

  it('tells nothing of what the session does not see any more', async () => {
    const { sync, sent, subscriptions, today } = aHouse();
    await subscriptions.subscribe(callOf('a'), 'x', entryOf('x'));
    await subscriptions.subscribe(callOf('a'), 'y', entryOf('y'));
    today.set('x', null).set('y', entryOf('another'));
    for (const uri of ['x', 'y']) sync.updated('g', uri, '');
    expect(sent).toEqual([]);
    subscriptions.onModuleDestroy();
  });

  it('gives back what was subscribed, whatever its name means now', async () => {
    const { sync, subscriptions, today } = aHouse();
    await subscriptions.subscribe(callOf('a'), 'x', entryOf('x'));
    today.set('x', null);
    expect(await subscriptions.unsubscribe('a', 'x')).toBe(true);
    expect(await subscriptions.unsubscribe('a', 'x')).toBe(false);
    expect(sync.told).toEqual(['subscribe x', 'unsubscribe x']);
    expect(subscriptions.size).toBe(0);
  });

  it('keeps one resource under two names until both are given back', async () => {
    const { sync, subscriptions } = aHouse();
    await subscriptions.subscribe(callOf('a'), 'x', entryOf('x'));
    await subscriptions.subscribe(callOf('a'), 'kit+x', entryOf('x'));
    await subscriptions.unsubscribe('a', 'x');
    expect(sync.told).toEqual(['subscribe x']);
    await subscriptions.unsubscribe('a', 'kit+x');
    expect(sync.told).toEqual(['subscribe x', 'unsubscribe x']);
  });

  it('lets go of what a name meant when it is subscribed anew', async () => {
    const { sync, subscriptions } = aHouse();
    await subscriptions.subscribe(callOf('a'), 'x', entryOf('old'));
    await subscriptions.subscribe(callOf('a'), 'x', entryOf('new'));
    await turn();
    expect(sync.told.sort()).toEqual(['subscribe new', 'subscribe old', 'unsubscribe old']);
    await subscriptions.unsubscribe('a', 'x');
    expect(subscriptions.size).toBe(0);
  });

  it('holds at most a hundred for one session, and none without one', async () => {
    const { sync, subscriptions } = aHouse();
    for (let i = 0; i < 100; i++)
      await subscriptions.subscribe(callOf('a'), String(i), entryOf(String(i)));
    await subscriptions.subscribe(callOf('a'), '0', entryOf('0'));
    await expect(subscriptions.subscribe(callOf('a'), '100', entryOf('100'))).rejects.toMatchObject(
      {
        code: 'overloaded',
      },
    );
    await subscriptions.subscribe(callOf(null), 'x', entryOf('z'));
    expect(sync.told).toHaveLength(100);
  });
});

describe('ResourceSubscriptions where each person has a login', () => {
  const own = { gateway: { id: 'own' }, upstreamUri: 'x' } as ResourceEntry;
  const gatewayId = 'own' as GatewayId;
  const by = (principal: string, sessionId: string) =>
    ({ client: { sessionId }, caller: aCaller({ principal }) }) as Call;
  const hashOf = (principal: string) => aCaller({ principal }).principalHash;

  it('subscribe each person on its own session, and tell it of nothing else', async () => {
    const { persons, sync, sent, subscriptions, today } = aHouse();
    today.set('shown', own);
    for (const [principal, session] of [
      ['alice', 'a1'],
      ['alice', 'a2'],
      ['bob', 'b'],
    ] as const)
      await subscriptions.subscribe(by(principal, session), 'shown', own);
    expect([persons.told, sync.told]).toEqual([['alice subscribes x', 'bob subscribes x'], []]);
    persons.events.told(hashOf('bob'), { gatewayId, kind: 'resource', name: 'x' }, '');
    sync.updated('own', 'x', '');
    expect(sent.map(([session]) => session)).toEqual(['b']);
    await subscriptions.end('b');
    await subscriptions.unsubscribe('a1', 'shown');
    expect(persons.told.slice(2)).toEqual(['bob unsubscribes x']);
  });

  it('ask again when the session of that person is another', async () => {
    const { persons, subscriptions } = aHouse();
    for (const principal of ['alice', 'bob'])
      await subscriptions.subscribe(by(principal, principal), 'shown', own);
    persons.events.renewed(hashOf('bob'), gatewayId);
    await turn();
    expect(persons.told.slice(2)).toEqual(['bob subscribes x']);
  });

  it('wait for the login of a person, where there is nobody to be told that it is missing', async () => {
    const { persons, subscriptions } = aHouse();
    persons.error = new GatewayError('login_needed', { gateway: 'own', url: 'https://here' });
    const caller = aCaller({ principal: 'bob' });
    const who = { watcher: 'b', shown: 'shown', caller };
    await expect(subscriptions.watch(who, own, () => undefined)).rejects.toBe(persons.error);
    expect(subscriptions.size).toBe(0);
    const heard: string[] = [];
    await subscriptions.watch({ ...who, waitsForLogin: true }, own, (p) => heard.push(p));
    persons.error = null;
    persons.events.renewed(hashOf('bob'), gatewayId);
    await turn();
    persons.events.told(hashOf('bob'), { gatewayId, kind: 'resource', name: 'x' }, '"a":1');
    expect([persons.told.length, heard]).toEqual([3, ['"a":1']]);
    await subscriptions.end('b');
    expect(subscriptions.size).toBe(0);
  });

  it('ask once for each person when many sessions are others at once', async () => {
    const { persons, subscriptions } = aHouse();
    const names = ['alice', 'bob', 'carol'];
    persons.error = new GatewayError('login_needed', { gateway: 'own', url: 'https://here' });
    for (const principal of names)
      await subscriptions.watch(
        { watcher: principal, shown: 'x', caller: aCaller({ principal }), waitsForLogin: true },
        own,
        () => undefined,
      );
    persons.told.length = 0;
    for (const principal of [...names, 'bob', 'bob'])
      persons.events.renewed(hashOf(principal), gatewayId);
    await turn();
    expect(persons.told).toEqual(names.map((principal) => `${principal} subscribes x`));
  });

  it('ask again for what a person could not have, when the gateway is back', async () => {
    const { persons, sync, subscriptions } = aHouse();
    for (const principal of ['alice', 'bob'])
      await subscriptions.subscribe(by(principal, principal), 'shown', own);
    persons.error = new Error('down');
    persons.events.renewed(hashOf('bob'), gatewayId);
    await turn();
    persons.error = null;
    sync.opened('own');
    await turn();
    expect(persons.told.slice(2)).toEqual(['bob subscribes x', 'bob subscribes x']);
  });
});
