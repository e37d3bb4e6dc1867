import { aGateway } from '../../../test/builders/catalog.js';
import type { Log } from '../../platform/log/log.js';
import type { ConnectionKind, Greeting, OpenOptions } from './connection.js';
import { Eras } from './eras.service.js';

const saying = (version: string): Greeting => ({
  era: 'legacy',
  protocolVersion: '2025-11-25',
  capabilities: '{}',
  serverInfo: JSON.stringify({ name: 'x', version, title: `now ${version}` }),
  instructions: null,
});

describe('an upstream that refuses to say what it is as only modern ones do', () => {
  it('is modern, and somebody must look at what we asked', async () => {
    const logged: object[] = [];
    const eras = new Eras({ error: (entry: object) => logged.push(entry) } as unknown as Log);
    const greeting: Greeting = { ...saying('1'), era: 'modern' };
    const kind: Pick<ConnectionKind, 'probe'> = {
      probe: () => Promise.resolve({ era: 'modern', greeting, refusal: -32020 }),
    };
    const options = { gateway: aGateway({ slug: 'picky' }) } as OpenOptions;
    expect(await eras.probe(kind as ConnectionKind, options)).toMatchObject({ modern: greeting });
    expect(logged).toEqual([
      { event: 'upstream.refuses_discover', gateway: 'picky', code: -32020 },
    ]);
  });
});

describe('the name of a legacy upstream', () => {
  const gateway = aGateway({ serverInfo: { version: '1', name: 'x' } });
  let eras: Eras;
  beforeEach(() => {
    eras = new Eras({} as Log);
  });

  it('is another one when name or version differ from the record, until it was looked into', () => {
    expect(eras.isRenamed(gateway, saying('1'))).toBe(false);
    expect(eras.isRenamed(gateway, saying('2'))).toBe(true);
    eras.named(gateway, saying('2'));
    expect(eras.isRenamed(gateway, saying('2'))).toBe(false);
  });

  it('is looked into again, later, where nothing could be told', () => {
    const clock = jest.spyOn(performance, 'now').mockReturnValue(1);
    expect(eras.isRenamed(gateway, saying('2'))).toBe(true);
    expect(eras.isRenamed(gateway, saying('2'))).toBe(false);
    clock.mockReturnValue(60_002);
    expect(eras.isRenamed(gateway, saying('2'))).toBe(true);
    clock.mockRestore();
  });

  it('is no news of an upstream that had not told one', () => {
    const silent = aGateway({ serverInfo: null });
    expect(eras.isRenamed(silent, saying('1'))).toBe(false);
    expect(eras.isRenamed(silent, saying('2'))).toBe(true);
  });

  it('is no reason to ask over and over where replicas differ', () => {
    expect(eras.isRenamed(gateway, saying('2'))).toBe(true);
    eras.named(gateway, saying('2'));
    for (const version of ['1', '2', '1'])
      expect(eras.isRenamed(gateway, saying(version))).toBe(false);
    eras.forget(gateway.id);
    expect(eras.isRenamed(gateway, saying('2'))).toBe(true);
  });
});

describe('the question how an upstream is spoken to', () => {
  const credentials = ['alice', 'bob'].map(() => ({ headers: {}, query: {} }));
  const asking = async (loginPerUser: boolean) => {
    const asked: unknown[] = [];
    const probe = ({ credential }: OpenOptions) => {
      asked.push(credential);
      return credential === credentials[0]
        ? Promise.reject(new Error('alice has to log in'))
        : Promise.resolve({ era: 'legacy' });
    };
    const gateway = aGateway({ loginPerUser });
    const eras = new Eras({} as Log);
    const tries = [...credentials, ...credentials].map((credential) =>
      eras.probe({ probe } as ConnectionKind, { gateway, credential } as OpenOptions),
    );
    const ended = (await Promise.allSettled(tries)).map(({ status }) => status);
    return { times: asked.length, ended };
  };

  it('is asked once for all who want to know', async () => {
    expect(await asking(false)).toMatchObject({ times: 1 });
  });

  it('is asked once for each who has a login of its own', async () => {
    const ended = ['rejected', 'fulfilled', 'rejected', 'fulfilled'];
    expect(await asking(true)).toEqual({ times: 2, ended });
  });
});
