import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { CredentialWatch } from '../../auth/credential-watch.service.js';
import { GatewayError } from '../../kernel/errors.js';
import { DrainState } from '../../platform/drain-state.js';
import { Meters } from '../../platform/metrics/meters.js';
import { InFlight } from '../../protocol/in-flight.js';
import type { ClientPipe } from './client-pipe.js';

/** All open pipes; each ends with the credential that opened it. */
@Injectable()
export class PipeWatch implements OnModuleDestroy {
  /** → ends the watch over its credential. */
  private readonly open = new Map<ClientPipe, () => void>();

  constructor(
    private readonly credentials: CredentialWatch,
    private readonly drain: DrainState,
    private readonly meters: Meters,
    private readonly inFlight: InFlight,
  ) {}

  onModuleDestroy(): void {
    for (const pipe of [...this.open.keys()]) pipe.close('shutdown');
  }

  /** @throws GatewayError `draining` */
  requireOpen(): void {
    if (this.drain.draining) throw new GatewayError('draining', {}, { retryAfterSeconds: 1 });
  }

  add(pipe: ClientPipe): void {
    const stop = this.credentials.watch(pipe.owner.caller, () => {
      this.end(pipe);
    });
    this.open.set(pipe, stop);
    this.meters.activeStreams(pipe.transport, 1);
    this.meters.sessions(pipe.transport, 1);
  }

  remove(pipe: ClientPipe): void {
    const stop = this.open.get(pipe);
    if (stop === undefined) return;
    this.open.delete(pipe);
    stop();
    this.meters.activeStreams(pipe.transport, -1);
    this.meters.sessions(pipe.transport, -1);
  }

  /** Who does not read keeps the connection for a while; the calls have ended all the same. */
  private end(pipe: ClientPipe): void {
    pipe.close('credential');
    this.inFlight.cancelAll(pipe.scope, 'the credential of the client has ended');
  }
}
