import { randomBytes } from 'node:crypto';
import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { GatewayError } from '../../../kernel/errors.js';
import { Config } from '../../../config/config.js';
import { Meters } from '../../../platform/metrics/meters.js';
import type { ParkedCall } from './parked-call.js';
import { ResultRoom } from './result-room.js';

/** A parked Call from its first round with questions to its end. */
export interface Park {
  readonly handle: string;
  readonly parked: ParkedCall;
  /** Whose places it takes. */
  readonly owner: string;
  /** Number of the round whose answers it waits for, from 1. */
  round: number;
  /** Runs while no round is open; `null` in a round. */
  expiry: NodeJS.Timeout | null;
}

/** Rounds of one Call (PROTOCOL.md §5.4). */
const MAX_ROUNDS = 20;

/** The Calls of modern clients that wait for answers, by handle. */
@Injectable()
export class Parks implements OnModuleDestroy {
  private readonly byHandle = new Map<string, Park>();
  private readonly perOwner = new Map<string, number>();
  /** For what comes while clients are away. */
  readonly room: ResultRoom;

  constructor(
    private readonly config: Config,
    private readonly meters: Meters,
  ) {
    const ofAll = config.parkedResultsMaxBytes;
    const ofOne = config.parkedResultsMaxBytesPerPrincipal || ofAll / 4;
    this.room = new ResultRoom({ ofAll, ofOne });
  }

  /** Nobody can come back to this process: the upstreams are told so while there is time. */
  onModuleDestroy(): void {
    for (const park of [...this.byHandle.values()]) this.end(park, 'the gateway is shutting down');
  }

  get size(): number {
    return this.byHandle.size;
  }

  /** A Call that waits for the first time. @throws GatewayError `overloaded` beyond the caps */
  add(parked: ParkedCall, owner: string): Park {
    const own = this.perOwner.get(owner) ?? 0;
    if (
      own >= this.config.maxParkedCallsPerPrincipal ||
      this.byHandle.size >= this.config.maxParkedCalls
    )
      throw new GatewayError(
        'overloaded',
        { what: 'Too many calls wait for answers' },
        { retryAfterSeconds: 5 },
      );
    const handle = randomBytes(16).toString('base64url');
    const park: Park = { handle, parked, owner, round: 0, expiry: null };
    this.byHandle.set(handle, park);
    this.perOwner.set(owner, own + 1);
    return park;
  }

  /** A round has ended with questions. @throws GatewayError `upstream_error` when that was the last */
  wait(park: Park): void {
    if (++park.round > MAX_ROUNDS)
      throw new GatewayError('upstream_error', {
        reason: `Upstream asked the client in more than ${String(MAX_ROUNDS)} rounds`,
      });
    park.expiry = setTimeout(() => {
      this.meters.dropped('park_expired');
      this.end(park, 'the client did not answer in time');
    }, this.config.parkedCallTtlMs);
    park.expiry.unref();
  }

  /** @throws GatewayError `request_state_invalid` unless it waits for the answers of that very round */
  waiting(handle: string, round: number): Park {
    const park = this.byHandle.get(handle);
    if (park?.round !== round || park.expiry === null)
      throw new GatewayError('request_state_invalid');
    return park;
  }

  /** Takes a round, once. */
  take(park: Park): void {
    if (park.expiry !== null) clearTimeout(park.expiry);
    park.expiry = null;
  }

  /** The Call is over for its client. */
  remove(park: Park): void {
    this.take(park);
    park.parked.letGo();
    if (!this.byHandle.delete(park.handle)) return;
    const left = (this.perOwner.get(park.owner) ?? 1) - 1;
    if (left > 0) this.perOwner.set(park.owner, left);
    else this.perOwner.delete(park.owner);
  }

  /** Gives it up, and tells its upstream. */
  end(park: Park, reason: string): void {
    this.remove(park);
    park.parked.abort.abort(reason);
  }
}
