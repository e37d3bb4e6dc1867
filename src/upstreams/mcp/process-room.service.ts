import { Injectable } from '@nestjs/common';
import type { Abort } from '../../kernel/abort.js';
import type { Gateway } from '../../kernel/catalog.js';
import { GatewayError } from '../../kernel/errors.js';
import type { GatewayId } from '../../kernel/ids.js';
import { Config } from '../../config/config.js';

/** A process that nobody uses just now. */
export interface Spare {
  readonly gatewayId: GatewayId;
  /** Whom it serves: no client, any of several, or one whose state it may hold. */
  readonly serves: 'nobody' | 'clients' | 'client';
  /** On the clock of `performance.now()`. */
  readonly idleSince: number;
  end(): void;
}

/** Who has processes, and may be asked for one. */
export interface SpareSource {
  spares(): Iterable<Spare>;
  /** Somebody waits: `freed` is to be called when a process that is used now no longer is. */
  awaited(): void;
}

export interface Wish {
  readonly gateway: Pick<Gateway, 'id' | 'slug'>;
  /** Gives the place in the queue up at once. */
  readonly abort?: Abort;
  /** No client waits: it takes from clients only what they have not used for a while. */
  readonly givesWay: boolean;
  readonly waitMs: number;
}

interface Waiting {
  readonly wish: Wish;
  admit(): void;
}

const WAITING_PER_PLACE = 4;
const SPARE_AFTER_MS = 60_000;
const LONG_SPARE_AFTER_MS = 300_000;
/** What has become old enough, or was kept by what is over now, says nothing. */
const LOOK_AGAIN_MS = 1000;

/**
 * How many processes of STDIO Gateways there may be, whoever started them (PROTOCOL.md §7.3). Who finds
 * no room waits in order; meanwhile those that nobody uses are ended.
 */
@Injectable()
export class ProcessRoom {
  private readonly running = new Map<GatewayId, number>();
  private total = 0;
  /** Told to end and not gone yet, one entry each. */
  private readonly ending: GatewayId[] = [];
  private readonly queue: Waiting[] = [];
  private readonly sources: SpareSource[] = [];
  private isLooking = false;
  private looksAgain = false;
  private again: NodeJS.Timeout | null = null;

  constructor(private readonly config: Config) {}

  addSource(source: SpareSource): void {
    this.sources.push(source);
  }

  /**
   * Settles when a process may be started.
   * @returns to be called once, when it is gone
   * @throws GatewayError `overloaded` · `cancelled`
   */
  enter(wish: Wish): Promise<() => void> {
    // Nobody who waits fits, or would have been let in.
    if (this.fits(wish)) return Promise.resolve(this.taken(wish.gateway.id));
    if (this.isCrowded(wish)) return Promise.reject(this.full(wish));
    return new Promise((resolve, reject) => {
      let timer: NodeJS.Timeout | undefined = undefined;
      const waiting: Waiting = {
        wish,
        admit: () => {
          clearTimeout(timer);
          resolve(this.taken(wish.gateway.id));
        },
      };
      const leave = (error: GatewayError): void => {
        const at = this.queue.indexOf(waiting);
        if (at < 0) return;
        this.queue.splice(at, 1);
        clearTimeout(timer);
        reject(error);
      };
      this.queue.push(waiting);
      this.look();
      if (!this.queue.includes(waiting)) return;
      timer = setTimeout(() => {
        leave(this.full(wish));
      }, wish.waitMs);
      wish.abort?.onAbort(() => {
        leave(new GatewayError('cancelled'));
      });
    });
  }

  /** A process is no longer used. */
  freed(): void {
    if (this.queue.length > 0) this.look();
  }

  private taken(id: GatewayId): () => void {
    this.total++;
    this.running.set(id, this.of(id) + 1);
    let isGone = false;
    return () => {
      if (isGone) return;
      isGone = true;
      this.total--;
      const left = this.of(id) - 1;
      if (left > 0) this.running.set(id, left);
      else this.running.delete(id);
      takeFrom(this.ending, (one) => one === id);
      this.look();
    };
  }

  private of(id: GatewayId): number {
    return this.running.get(id) ?? 0;
  }

  private fits(wish: Wish): boolean {
    return this.total < this.config.stdioMaxProcesses && !this.isFull(wish);
  }

  private isFull({ gateway }: Wish): boolean {
    return this.of(gateway.id) >= this.config.stdioMaxProcessesPerGateway;
  }

  /** Whether too many wait, of this Gateway or of all. */
  private isCrowded({ gateway }: Wish): boolean {
    const { stdioMaxProcesses, stdioMaxProcessesPerGateway } = this.config;
    if (this.queue.length >= stdioMaxProcesses * WAITING_PER_PLACE) return true;
    const ofOwn = this.queue.filter(({ wish }) => wish.gateway.id === gateway.id);
    return ofOwn.length >= stdioMaxProcessesPerGateway * WAITING_PER_PLACE;
  }

  /** Lets in who fits, in order, and has processes ended for those who do not. */
  private look(): void {
    this.looksAgain = true;
    // A process may be gone as soon as it is told to end.
    if (this.isLooking) return;
    this.isLooking = true;
    while (this.looksAgain) {
      this.looksAgain = false;
      this.lookOnce();
    }
    this.isLooking = false;
    if (this.queue.length === 0) return;
    for (const source of this.sources) source.awaited();
    this.again ??= setTimeout(() => {
      this.again = null;
      this.freed();
    }, LOOK_AGAIN_MS).unref();
  }

  private lookOnce(): void {
    const coming = [...this.ending];
    const spares = new SpareList(this.sources);
    for (const waiting of [...this.queue]) {
      const { wish } = waiting;
      if (this.fits(wish)) {
        this.queue.splice(this.queue.indexOf(waiting), 1);
        waiting.admit();
        continue;
      }
      const ofOwn = this.isFull(wish);
      if (takeFrom(coming, (id) => !ofOwn || id === wish.gateway.id)) continue;
      const spare = spares.take(ofOwn ? wish.gateway.id : null, wish.givesWay);
      if (spare === undefined) continue;
      this.ending.push(spare.gatewayId);
      spare.end();
    }
  }

  private full(wish: Wish): GatewayError {
    const what = this.isFull(wish)
      ? `Too many processes of gateway ${wish.gateway.slug}`
      : 'Too many processes of gateways';
    const wayUp = { reach: 'untried' } as const;
    return new GatewayError('overloaded', { what }, { retryAfterSeconds: 1, wayUp });
  }
}

/** Whether it may be taken at once. */
/** Who only looks after a Gateway, and does so again and again, must not cost a client its state. */
function patienceFor({ serves }: Spare, givesWay: boolean): number {
  return givesWay && serves === 'client' ? LONG_SPARE_AFTER_MS : SPARE_AFTER_MS;
}

function isFree({ serves }: Spare, givesWay: boolean): boolean {
  return serves === 'nobody' || (serves === 'clients' && !givesWay);
}

function takeFrom(ids: GatewayId[], which: (id: GatewayId) => boolean): boolean {
  const at = ids.findIndex(which);
  if (at >= 0) ids.splice(at, 1);
  return at >= 0;
}

/** The processes that nobody uses, gathered for all who wait, when the first of them needs one. */
class SpareList {
  private spares: Spare[] | null = null;
  /** Kinds of wishes for which there is none left. */
  private readonly barren = new Set<string>();

  constructor(private readonly sources: readonly SpareSource[]) {}

  /** The one that nobody has used for longest. @param of `null` for any Gateway */
  take(of: GatewayId | null, givesWay: boolean): Spare | undefined {
    const kind = `${of ?? ''} ${String(givesWay)}`;
    if (this.barren.has(kind)) return undefined;
    this.spares ??= this.sources
      .flatMap((source) => [...source.spares()])
      .sort((a, b) => a.idleSince - b.idleSince);
    const now = performance.now();
    const at = this.spares.findIndex((spare) => {
      if (of !== null && spare.gatewayId !== of) return false;
      return isFree(spare, givesWay) || now - spare.idleSince > patienceFor(spare, givesWay);
    });
    if (at < 0) this.barren.add(kind);
    return at < 0 ? undefined : this.spares.splice(at, 1)[0];
  }
}
