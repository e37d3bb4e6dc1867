import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import type { Caller } from '../kernel/caller.js';
import { AuthService } from './auth.service.js';

/** A credential that has ended or was revoked is noticed within this time (PROTOCOL.md §8: 5 s). */
const LOOK_MS = 2000;

interface Watched {
  readonly caller: Caller;
  readonly ended: () => void;
}

/** Looks whether the credentials still hold that opened what outlives a request: streams, sockets, subscriptions. */
@Injectable()
export class CredentialWatch implements OnModuleDestroy {
  private readonly watched = new Set<Watched>();
  private readonly timer: NodeJS.Timeout;

  constructor(private readonly auth: AuthService) {
    this.timer = setInterval(() => {
      this.look();
    }, LOOK_MS);
    this.timer.unref();
  }

  onModuleDestroy(): void {
    clearInterval(this.timer);
    this.watched.clear();
  }

  get size(): number {
    return this.watched.size;
  }

  /**
   * @param ended called once, when the credential does not hold any more
   * @returns ends the watch
   */
  watch(caller: Caller, ended: () => void): () => void {
    const own: Watched = { caller, ended };
    this.watched.add(own);
    return () => {
      this.watched.delete(own);
    };
  }

  private look(): void {
    for (const own of this.watched)
      if (!this.auth.stillHolds(own.caller)) {
        this.watched.delete(own);
        own.ended();
      }
  }
}
