import { Injectable } from '@nestjs/common';
import type { Abort } from '../../kernel/abort.js';
import type { Gateway } from '../../kernel/catalog.js';
import { GatewayError } from '../../kernel/errors.js';
import type { GatewayId } from '../../kernel/ids.js';
import { Config } from '../../config/config.js';

/** A process that nobody uses just now. */
export interface Spare {
  readonly gatewayId: GatewayId;
  /** It serves calls of clients. */
  readonly isOfClients: boolean;
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
  /** It takes from clients only what they have not used for a while. */
  readonly givesWay: boolean;
  readonly waitMs: number;
}

interface Waiting {
  readonly wish: Wish;
  admit(): void;
}

const WAITING_PER_PLACE = 4;
const SPARE_AFTER_MS = 60_000;

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
    if (this.queue.length >= this.config.stdioMaxProcesses * WAITING_PER_PLACE)
      return Promise.reject(this.full(wish));
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

  /** Lets in who fits, in order, and has processes ended for those who do not. */
  private look(): void {
    const coming = [...this.ending];
    for (const waiting of [...this.queue]) {
      const { wish } = waiting;
      const ofOwn = this.isFull(wish);
      if (!ofOwn && this.total < this.config.stdioMaxProcesses) {
        this.queue.splice(this.queue.indexOf(waiting), 1);
        waiting.admit();
      } else if (!takeFrom(coming, (id) => !ofOwn || id === wish.gateway.id)) this.end(wish, ofOwn);
    }
    if (this.queue.length > 0) for (const source of this.sources) source.awaited();
  }

  private isFull({ gateway }: Wish): boolean {
    return this.of(gateway.id) >= this.config.stdioMaxProcessesPerGateway;
  }

  /** Ends the one that nobody has used for longest. */
  private end({ gateway, givesWay }: Wish, ofOwn: boolean): void {
    let found: Spare | undefined;
    const sinceLong = performance.now() - SPARE_AFTER_MS;
    let before = Infinity;
    for (const source of this.sources)
      for (const spare of source.spares()) {
        if (ofOwn && spare.gatewayId !== gateway.id) continue;
        if (givesWay && spare.isOfClients && spare.idleSince >= sinceLong) continue;
        if (spare.idleSince >= before) continue;
        found = spare;
        before = spare.idleSince;
      }
    if (found === undefined) return;
    this.ending.push(found.gatewayId);
    found.end();
  }

  private full(wish: Wish): GatewayError {
    const what = this.isFull(wish)
      ? `Too many processes of gateway ${wish.gateway.slug}`
      : 'Too many processes of gateways';
    const wayUp = { reach: 'untried' } as const;
    return new GatewayError('overloaded', { what }, { retryAfterSeconds: 1, wayUp });
  }
}

function takeFrom(ids: GatewayId[], which: (id: GatewayId) => boolean): boolean {
  const at = ids.findIndex(which);
  if (at >= 0) ids.splice(at, 1);
  return at >= 0;
}
