import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { Caller } from '../../kernel/caller.js';
import { GatewayError } from '../../kernel/errors.js';
import type { ServerId } from '../../kernel/ids.js';
import type { ClientPipe } from '../pipe/client-pipe.js';

/** The open HTTP+SSE sessions by the id that their POSTs carry (PROTOCOL.md §2.8, SECURITY.md S05). */
@Injectable()
export class SseSessions {
  private readonly open = new Map<string, ClientPipe>();

  /** @returns 128 random bits, hex; not the id that the session has inside the gateway */
  add(pipe: ClientPipe): string {
    const id = randomBytes(16).toString('hex');
    this.open.set(id, pipe);
    return id;
  }

  remove(id: string): void {
    this.open.delete(id);
  }

  /**
   * The pipe of a session, for the one who opened it. Every reason to refuse has the same answer.
   * @throws GatewayError `session_not_found`
   */
  find(id: string, caller: Caller, serverId: ServerId | null): ClientPipe {
    const pipe = this.open.get(id);
    const isOwn =
      pipe?.owner.serverId === serverId && pipe.owner.caller.principalHash === caller.principalHash;
    if (pipe === undefined || !isOwn) throw new GatewayError('session_not_found');
    return pipe;
  }
}
