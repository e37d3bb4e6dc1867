import type { PooledSession } from './pooled-session.js';
import type { ProcessRoom, Spare, SpareSource } from './process-room.service.js';

/** The processes of the pool, for those who need another. */
export class PoolSpares implements SpareSource {
  constructor(
    private readonly alive: ReadonlySet<PooledSession>,
    private readonly room: Pick<ProcessRoom, 'freed'>,
    private readonly end: (session: PooledSession) => void,
  ) {}

  *spares(): Iterable<Spare> {
    for (const session of this.alive) {
      if (!session.isSpare) continue;
      const { gatewayId, idleSince } = session;
      const end = (): void => {
        this.end(session);
      };
      yield { gatewayId, idleSince, isOfClients: true, end };
    }
  }

  awaited(): void {
    for (const session of this.alive)
      if (session.isProcess && !session.isIdle)
        session.whenRested(() => {
          this.room.freed();
        });
  }
}
