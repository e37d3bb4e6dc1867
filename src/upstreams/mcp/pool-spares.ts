import type { KeptSessions } from './kept-sessions.js';
import type { PooledSession } from './pooled-session.js';
import type { ProcessRoom, Spare, SpareSource } from './process-room.service.js';

/** The processes of the pool, for those who need another. */
export class PoolSpares implements SpareSource {
  constructor(
    private readonly alive: ReadonlySet<PooledSession>,
    private readonly room: Pick<ProcessRoom, 'freed'>,
    private readonly kept: KeptSessions,
    private readonly end: (session: PooledSession) => void,
  ) {}

  *spares(): Iterable<Spare> {
    for (const session of this.alive) {
      if (!session.isSpare || !this.kept.isUnused(session)) continue;
      const { gatewayId, idleSince, facts } = session;
      const serves = facts.sessionId === null ? 'clients' : 'client';
      const end = (): void => {
        this.end(session);
      };
      yield { gatewayId, idleSince, serves, end };
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
