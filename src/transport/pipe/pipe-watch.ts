import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { AuthService } from '../../auth/auth.service.js';
import { GatewayError } from '../../kernel/errors.js';
import { DrainState } from '../../platform/drain-state.js';
import { Meters } from '../../platform/metrics/meters.js';
import { InFlight } from '../../protocol/in-flight.js';
import type { ClientPipe } from './client-pipe.js';

/** A credential that has ended or was revoked is noticed within this time (API.md §3.5: 5 s). */
const LOOK_MS = 2000;

/** All open pipes, and whether the credentials that opened them still hold. */
@Injectable()
export class PipeWatch implements OnModuleDestroy {
  private readonly open = new Set<ClientPipe>();
  private readonly timer: NodeJS.Timeout;

  constructor(
    private readonly auth: AuthService,
    private readonly drain: DrainState,
    private readonly meters: Meters,
    private readonly inFlight: InFlight,
  ) {
    this.timer = setInterval(() => {
      this.look();
    }, LOOK_MS);
    this.timer.unref();
  }

  onModuleDestroy(): void {
    clearInterval(this.timer);
    for (const pipe of [...this.open]) pipe.close('shutdown');
  }

  /** @throws GatewayError `draining` */
  requireOpen(): void {
    if (this.drain.draining) throw new GatewayError('draining', {}, { retryAfterSeconds: 1 });
  }

  add(pipe: ClientPipe): void {
    this.open.add(pipe);
    this.meters.activeStreams(pipe.transport, 1);
    this.meters.sessions(pipe.transport, 1);
  }

  remove(pipe: ClientPipe): void {
    if (!this.open.delete(pipe)) return;
    this.meters.activeStreams(pipe.transport, -1);
    this.meters.sessions(pipe.transport, -1);
  }

  private look(): void {
    for (const pipe of [...this.open]) if (!this.auth.stillHolds(pipe.owner.caller)) this.end(pipe);
  }

  /** Who does not read keeps the connection for a while; the calls have ended all the same. */
  private end(pipe: ClientPipe): void {
    pipe.close('credential');
    this.inFlight.cancelAll(pipe.scope, 'the credential of the client has ended');
  }
}
