import { aGateway } from '../../../test/builders/catalog.js';
import type { Config } from '../../config/config.js';
import { Abort } from '../../kernel/abort.js';
import { ProcessRoom, type Spare, type Wish } from './process-room.service.js';

const a = aGateway({ slug: 'a' });
const b = aGateway({ slug: 'b' });
const c = aGateway({ slug: 'c' });

function aRoom(total: number, perGateway = total): ProcessRoom {
  return new ProcessRoom({
    stdioMaxProcesses: total,
    stdioMaxProcessesPerGateway: perGateway,
  } as Config);
}

const wish = (more: Partial<Wish> = {}): Wish => ({
  gateway: a,
  givesWay: false,
  waitMs: 60_000,
  ...more,
});

/** Processes that nobody uses; an ended one is gone at once, unless it takes its time. */
class Idle {
  readonly all: Spare[] = [];
  readonly ended: string[] = [];

  constructor(room: ProcessRoom) {
    room.addSource({ spares: () => this.all, awaited: () => undefined });
  }

  add(name: string, left: () => void, more: Partial<Spare> = {}): void {
    const spare: Spare = {
      gatewayId: a.id,
      serves: 'clients',
      idleSince: 0,
      end: () => {
        this.all.splice(this.all.indexOf(spare), 1);
        this.ended.push(name);
        left();
      },
      ...more,
    };
    this.all.push(spare);
  }
}

const settled = async (promise: Promise<unknown>): Promise<boolean> => {
  const waiting = Symbol('waiting');
  const winner = await Promise.race([promise, new Promise((ok) => setImmediate(ok, waiting))]);
  return winner !== waiting;
};

describe('room for processes', () => {
  it('lets in as many as there may be, the rest in order as others go', async () => {
    const room = aRoom(2);
    const [left] = await Promise.all([room.enter(wish()), room.enter(wish({ gateway: b }))]);
    const third = room.enter(wish());
    const fourth = room.enter(wish({ gateway: b }));
    expect(await settled(third)).toBe(false);
    left();
    left();
    expect(await settled(third)).toBe(true);
    expect(await settled(fourth)).toBe(false);
    (await third)();
    expect(await settled(fourth)).toBe(true);
  });

  it('does not let who waits for its own gateway keep others out', async () => {
    const room = aRoom(3, 1);
    await room.enter(wish());
    const second = room.enter(wish());
    expect(await settled(room.enter(wish({ gateway: b })))).toBe(true);
    expect(await settled(second)).toBe(false);
  });

  it('refuses who has waited too long, and who would wait behind too many', async () => {
    const room = aRoom(1);
    await room.enter(wish());
    await expect(room.enter(wish({ waitMs: 10 }))).rejects.toMatchObject({
      code: 'overloaded',
      message: 'Too many processes of gateway a',
      extras: { retryAfterSeconds: 1, wayUp: { reach: 'untried' } },
    });
    const abort = new Abort();
    const waiting = Array.from({ length: 4 }, () => room.enter(wish({ abort })));
    await expect(room.enter(wish({ gateway: b }))).rejects.toMatchObject({
      message: 'Too many processes of gateways',
    });
    abort.abort('enough');
    for (const one of waiting) await expect(one).rejects.toMatchObject({ code: 'cancelled' });
  });

  it('lets in who finds a place, however many wait for their own gateway', async () => {
    const room = aRoom(3, 1);
    await room.enter(wish());
    const abort = new Abort();
    const waiting = Array.from({ length: 4 }, () => room.enter(wish({ abort })));
    await expect(room.enter(wish())).rejects.toMatchObject({
      message: 'Too many processes of gateway a',
    });
    await room.enter(wish({ gateway: b }));
    // The next one of another gateway may wait too.
    const ofB = room.enter(wish({ gateway: b, abort }));
    expect(await settled(ofB)).toBe(false);
    expect(await settled(room.enter(wish({ gateway: c })))).toBe(true);
    abort.abort('enough');
    for (const one of [...waiting, ofB])
      await expect(one).rejects.toMatchObject({ code: 'cancelled' });
  });

  it('asks once who is unused, however many wait', async () => {
    const room = aRoom(2);
    let asked = 0;
    room.addSource({
      spares: () => {
        asked++;
        return [];
      },
      awaited: () => undefined,
    });
    await Promise.all([room.enter(wish()), room.enter(wish())]);
    const abort = new Abort();
    const waiting = Array.from({ length: 5 }, () => room.enter(wish({ abort })));
    asked = 0;
    room.freed();
    expect(asked).toBe(1);
    abort.abort('enough');
    await Promise.allSettled(waiting);
  });

  it('ends the one that was unused for longest, of the gateway where that is full', async () => {
    const room = aRoom(3, 2);
    const idle = new Idle(room);
    idle.add('older of b', await room.enter(wish({ gateway: b })), {
      gatewayId: b.id,
      idleSince: 1,
    });
    idle.add('newer of a', await room.enter(wish()), { idleSince: 3 });
    idle.add('older of a', await room.enter(wish()), { idleSince: 2 });
    await room.enter(wish());
    expect(idle.ended).toEqual(['older of a']);
    await room.enter(wish({ gateway: c }));
    expect(idle.ended).toEqual(['older of a', 'older of b']);
  });

  it('ends one for each who waits, not another while that takes its time', async () => {
    const room = aRoom(2);
    const idle = new Idle(room);
    const gone: (() => void)[] = [];
    for (const name of ['one', 'two']) {
      const left = await room.enter(wish());
      idle.add(name, () => gone.push(left));
    }
    const third = room.enter(wish({ gateway: b }));
    room.freed();
    expect(idle.ended).toEqual(['one']);
    gone[0]?.();
    expect(await settled(third)).toBe(true);
  });

  it('takes what one client has for itself only after a minute, and looks again by itself', async () => {
    jest.useFakeTimers();
    try {
      const room = aRoom(1);
      const idle = new Idle(room);
      const left = await room.enter(wish());
      idle.add('of one', left, { serves: 'client', idleSince: performance.now() });
      const second = room.enter(wish({ gateway: b, waitMs: 90_000 }));
      jest.advanceTimersByTime(59_000);
      expect(idle.ended).toEqual([]);
      jest.advanceTimersByTime(3000);
      expect(idle.ended).toEqual(['of one']);
      await second;
    } finally {
      jest.useRealTimers();
    }
  });

  it('takes what one client has for itself only after five minutes where no client waits', async () => {
    const room = aRoom(1);
    const idle = new Idle(room);
    const ago = (ms: number) => ({ serves: 'client' as const, idleSince: performance.now() - ms });
    const left = await room.enter(wish());
    idle.add('of one', left, ago(200_000));
    const second = room.enter(wish({ givesWay: true }));
    expect([await settled(second), idle.ended]).toEqual([false, []]);
    idle.all.length = 0;
    idle.add('of one', left, ago(400_000));
    room.freed();
    expect(idle.ended).toEqual(['of one']);
    await second;
  });

  it('takes from clients only what was unused for a minute, where no client waits', async () => {
    const room = aRoom(1);
    const idle = new Idle(room);
    idle.add('of a client', await room.enter(wish()), { idleSince: performance.now() });
    const abort = new Abort();
    const second = room.enter(wish({ givesWay: true, abort }));
    expect(await settled(second)).toBe(false);
    idle.all.length = 0;
    idle.add('of a sync', () => undefined, { serves: 'nobody', idleSince: performance.now() });
    room.freed();
    expect(idle.ended).toEqual(['of a sync']);
    abort.abort('enough');
    await expect(second).rejects.toMatchObject({ code: 'cancelled' });
  });
});
